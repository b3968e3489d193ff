/**
 * The contract of sources. A source is described in the job module (`Source`, plain and cheap to
 * build); its splits are discovered and assigned in the main thread; a reader in each source
 * subtask turns splits into batches. The engine keeps the position: (position of the batch,
 * records of it consumed), since credit or a barrier may stop in the middle of a batch.
 */
export interface Split {
  /** Unique within the source, stable across restarts. */
  readonly id: string
  /** For progress: records or bytes in the split, where known before reading. */
  readonly records?: number
  readonly bytes?: number
  /** Whatever the reader needs: structured-clonable, plain. */
  readonly [field: string]: unknown
}

/** Main thread: what there is to read. */
export interface SplitEnumerator {
  /** Finds the splits, in the order in which they should be read. Errors name the input. */
  discover(): Promise<readonly Split[]>
  /** Splits that appear later: a source that has this is unbounded. */
  discoverMore?(): Promise<readonly Split[]>
  close?(): void | Promise<void>
}

/** A run of records. The compiled loop calls `record(i)` for each i in [0, count). */
export interface Batch<T = unknown> {
  readonly count: number
  /**
   * A fresh record that belongs to the caller. Called at most once per index, in order: after a
   * restore it begins with the first that was not consumed.
   */
  record(index: number): T
  /** Event time in epoch ms where the source has one of its own. */
  time?(index: number): number
  /** Holds after the batch's last record. */
  readonly watermark?: number
  /** Where this batch starts: structured-clonable. `open(split, position)` reads it again. */
  readonly position: unknown
  /** Records that could not be read, in order; see `UnreadableRecord`. */
  readonly unreadable?: readonly UnreadableRecord[]
}

/** Input that is no record. Counted; by option it goes to a side output or fails the job. */
export interface UnreadableRecord {
  /** `file:line`, or whatever names the place. */
  readonly place: string
  readonly text: string
  readonly reason: string
  /** Before which record of the batch it stood. */
  readonly before: number
}

/** `undefined`: the split is exhausted. 'later': nothing now; `wake` or `laterMs` ends the wait. */
export type NextBatch<T> = Batch<T> | undefined | 'later'

/** Task thread: reads one split at a time. */
export interface SplitReader<T = unknown> {
  /**
   * Starts a split at its start, or at the position of one of its batches. That batch comes again
   * with the same count, since what was consumed of it is counted; behind it come the same records.
   */
  open(split: Split, position: unknown | undefined): void | Promise<void>
  /** The next batch. May be asynchronous; the task goes on doing everything else meanwhile. */
  next(): NextBatch<T> | Promise<NextBatch<T>>
  /** With 'later': when to ask again, on the clock of the context; otherwise `wake` does it. */
  readonly laterMs?: number | undefined
  /** Bytes of input that it has read so far, where it knows: for metrics. */
  readonly bytesRead?: number
  close(): void | Promise<void>
}

export interface ReaderContext {
  readonly subtask: number
  readonly parallelism: number
  readonly clock: import('../base/clock.ts').Clock
  wake(): void
}

/** What users pass to `env.from`. `T` is inferred from it on through the whole job. */
export interface Source<T> {
  readonly kind: string
  /** Shown in plans and errors. */
  readonly name: string
  /** Plain options, part of the fingerprint. */
  readonly options: Readonly<Record<string, unknown>>
  readonly bounded: boolean
  /** True if its batches have event times of their own (`Batch.time`). */
  readonly timed?: boolean
  enumerator(context: { readonly parallelism: number }): SplitEnumerator
  reader(context: ReaderContext): SplitReader<T>
  /** Name of the side output that takes unreadable records; without it they fail the job. */
  readonly unreadableTo?: string
  /** 'fail' (default) | 'skip' | 'side-output'. */
  readonly onUnreadable?: 'fail' | 'skip' | 'side-output'
  readonly __record?: T
}
