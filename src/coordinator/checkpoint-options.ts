/** What an embedding program says about checkpoints and restarts; docs/options.md has it all. */
import type { Duration, Size } from '../base/units.ts'

export interface CheckpointOptions {
  /** From 10 ms on. Default: only when asked for, and at the end. */
  readonly interval?: Duration
  /** Default: 'exactly-once'. */
  readonly mode?: 'exactly-once' | 'at-least-once'
  /**
   * Whether one may hold records that are on their way, and so wait for none. Not together with
   * 'at-least-once'. Default: false.
   */
  readonly unaligned?: boolean
  /** How long after its trigger one stays aligned, where it may be unaligned. Default: 0. */
  readonly alignedTimeout?: Duration
  /** In-flight data that a task may keep; one with more is declined. Default: 256 mb. */
  readonly channelStateBytesMax?: Size
  /** How long one may take before it is given up. Default: 10 min. */
  readonly timeout?: Duration
  /** Least time between the end of one and the next. Default: 0. */
  readonly minPause?: Duration
  /** How many may be under way at a time, 1 to 8. Default: 1. */
  readonly maxConcurrent?: number
  /** How many may fail in a row before the job fails. Default: any number. */
  readonly tolerableFailures?: number
  /**
   * Whether they outlive a job that is cancelled, or fails for good.
   * Default: 'retain-on-cancellation'.
   */
  readonly retention?:
    | 'no-externalized-checkpoints'
    | 'delete-on-cancellation'
    | 'retain-on-cancellation'
  /** How many completed ones are kept. Default: 2. */
  readonly retained?: number
  /** The job's own directory: a path or a `file:` URL. Default: they are kept in memory. */
  readonly dir?: string | URL
  /** Compresses keyed state with Snappy. Default: false. */
  readonly compression?: boolean
  /** A task's keyed state below this has no file of its own, at most 1 mb. Default: 20 kb. */
  readonly inlineThreshold?: Size
  /** How many past ones are remembered with their figures. Default: 100. */
  readonly history?: number
}

export interface RestartOptions {
  /** Default: 'fixed-delay' where checkpoints are taken, otherwise 'none'. */
  readonly strategy?: 'none' | 'fixed-delay'
  /** Restarts before the job fails for good. Default: 10. */
  readonly attempts?: number
  /** How long a restart waits. Default: 100 ms. */
  readonly delay?: Duration
}
