/** What an embedding program passes to `runJob` and gets back. */
import type { Logger } from '../base/log.ts'
import type { CheckpointOptions, RestartOptions } from './checkpoint-options.ts'
import type { JobCheckpointing } from './checkpointing-view.ts'
import type { Checkpoints } from './checkpoints-view.ts'
import type { JobMetrics } from './metrics-view.ts'

export interface RunOptions {
  /** Subtasks of every operator that sets no parallelism of its own. Default: 1. */
  readonly parallelism?: number
  /** The job's own arguments, checked by its schema if it has one. */
  readonly args?: Readonly<Record<string, unknown>>
  /**
   * Options by Flink's key or by short path, as in docs/options.md. An option that has a field of
   * its own here is taken from there.
   */
  readonly config?: Readonly<Record<string, unknown>>
  /** When checkpoints are taken, and where they are kept. */
  readonly checkpoints?: CheckpointOptions
  /**
   * What to start from: the latest checkpoint in `checkpoints.dir`, nothing, or the checkpoint at
   * this path. Default: 'none'.
   */
  readonly restore?: 'latest' | 'none' | (string & {})
  /** What follows when a task fails. */
  readonly restart?: RestartOptions
  /** Lets sinks replace output that is already there. Default: false. */
  readonly overwrite?: boolean
  /** Cancels the job when it aborts. */
  readonly signal?: AbortSignal
  /** Where the engine's own log goes. Default: nowhere. */
  readonly log?: Logger
  /** Takes the lines of `print()`; resolves when the next may come. Default: standard output. */
  readonly onPrint?: (line: string) => void | Promise<void>
}

export type JobStatus = 'running' | 'restarting' | 'finished' | 'canceled' | 'failed'

export interface JobResult {
  readonly status: 'finished' | 'canceled'
  readonly durationMs: number
  readonly metrics: JobMetrics
}

/** A running job. */
export interface JobHandle {
  readonly id: string
  readonly name: string
  readonly status: JobStatus
  /** The names of the streams that the job collects. */
  readonly results: readonly string[]
  /** Resolves when the job finished or was cancelled; rejects with a SluiceError if it failed. */
  readonly finished: Promise<JobResult>
  /** Stops the job and resolves when nothing of it is left. Output not committed is withdrawn. */
  cancel(): Promise<void>
  metrics(): JobMetrics
  readonly checkpoints: Checkpoints
  readonly checkpointing: JobCheckpointing
  /**
   * The rows of `stream.collect(name)`, for one loop. The job waits while nobody reads them.
   * Leaving the loop early lets the job go on and drops the rest. The loop ends with the job, and
   * throws its error if it fails. Throws NO_SUCH_RESULT; the loop throws RESULT_READ_TWICE.
   */
  collect<T = unknown>(name: string): AsyncIterable<T>
}
