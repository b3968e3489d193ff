/**
 * What an operator is to the chain that calls it. Stateless one-to-one operators (map, filter,
 * flatMap, pick) have no object: the chain compiler inlines their functions. All others are an
 * `Operator`, whose `process` the compiled chain calls.
 * Threads: the task; in `runInline` and simulation the one thread there is.
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { KeyedState, OperatorState } from '../state/contract.ts'

/** Where an operator's results go. Generated per operator by the chain compiler. */
export interface Output {
  emit(record: unknown, timeMs: number): void
  /** To a side output. What nobody reads is dropped. */
  emitTo(tag: string, record: unknown, timeMs: number): void
  /** Only operators that declare `ownsWatermarks` call these. */
  watermark(timeMs: number): void
  idle(idle: boolean): void
}

/** Counters that any operator may use; one slot each in the task's shared metrics. */
export interface OperatorMetrics {
  readonly lateRecordsDropped: Counter
  readonly recordsUnreadable: Counter
}

export interface Counter {
  add(n: number): void
}

/** Timers of one operator subtask, for the current key of its keyed state. */
export interface OperatorTimers {
  /** Calls `onTimer` once the watermark reaches `timeMs`; setting one twice counts once. */
  onEventTime(timeMs: number): void
  onProcessingTime(timeMs: number): void
  deleteEventTime(timeMs: number): void
  deleteProcessingTime(timeMs: number): void
}

export interface OperatorContext {
  readonly name: string
  /** Stable id, equal in every worker and after a restart. */
  readonly operatorId: string
  readonly subtask: number
  readonly parallelism: number
  readonly maxParallelism: number
  readonly attempt: number
  readonly clock: Clock
  readonly log: Logger
  readonly output: Output
  readonly metrics: OperatorMetrics
  /** Present on operators behind keyBy. */
  readonly keyed: KeyedState | undefined
  readonly operatorState: OperatorState
  /** The watermark that has reached this operator, `NO_TIME` before the first. */
  watermark(): number
  /**
   * Asks for one call of `onProcessingTime` at `timeMs` of the clock (or later). A second call
   * replaces the first; Infinity takes it back.
   */
  wakeAt(timeMs: number): void
  /** Rings the task's doorbell: to be called when a promise an operator waits for is settled. */
  wake(): void
  /**
   * Looked at between two event-time timers or windows: true ends the run of them early, and
   * `onWatermark` returns false.
   */
  shouldPause?(): boolean
}

export interface Operator {
  /**
   * True if the first thing `process` does to keyed state is to set the record's key, or it does
   * nothing to it: then keys are looked up ahead.
   */
  readonly setsKeyFirst?: boolean
  /** True if `process` looks at fields by their names, and neither keeps nor emits the record. */
  readonly readsFieldsOnly?: boolean
  open(context: OperatorContext): void | Promise<void>
  process(record: unknown, timeMs: number): void
  /**
   * Event time has reached `timeMs`: fire what is due; the chain passes the watermark on after it.
   * False: a bounded part is done and more is due; the same call comes again once there is credit.
   */
  onWatermark?(timeMs: number): boolean
  /** True if the chain must not pass watermarks on: this operator emits its own. */
  readonly ownsWatermarks?: boolean
  /** A batch of the task's source is through: a watermark generator may speak. */
  onBatchEnd?(): void
  /**
   * In the chain of a source: the split whose records come next, and those that a restore has left
   * behind it, which event time must wait for although nothing is read of them yet.
   */
  onSplits?(current: string | undefined, waiting: readonly string[]): void
  /** The time asked for with `wakeAt` has come. */
  onProcessingTime?(nowMs: number): void
  /** False while the operator cannot take another record (a sink whose buffer is full). */
  ready?(): boolean
  /** All input is consumed: emit what is left. */
  finish?(): void
  /**
   * The synchronous part of a snapshot: the little that is neither keyed nor operator state, as
   * plain data. Called between two records.
   */
  snapshot?(): unknown
  /**
   * What `snapshot` gave, before the first record and after `open` and the restoring of state:
   * its own where the parallelism is what it was, otherwise that of all subtasks there were.
   */
  restore?(parts: readonly unknown[]): void
  /** All state is restored, `restore` included: rebuild what follows from it. */
  restored?(): void
  /** Always called, after `finish`, a failure or a cancellation; must not emit. */
  close?(): void | Promise<void>
}
