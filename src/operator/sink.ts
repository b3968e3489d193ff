/**
 * The contract of sinks. A writer in each sink subtask takes records into a bounded buffer; at a
 * checkpoint it hands over committables; a committer makes them visible, idempotently. Until a
 * committable is committed no reader of the output sees it.
 */
export interface WriterContext {
  readonly subtask: number
  readonly parallelism: number
  /** Never the same for two attempts of one lineage. */
  readonly attempt: number
  /** Identifies what may be committed: (lineage, checkpoint, sink uid, subtask). */
  readonly lineage: string
  readonly sinkId: string
  readonly clock: import('../base/clock.ts').Clock
  /** Rings the task's doorbell: `ready()` may have changed. */
  wake(): void
}

export interface SinkWriter<T = unknown> {
  open?(): void | Promise<void>
  /** Synchronous, into a bounded buffer; `ready()` was true before. */
  write(record: T, timeMs: number): void
  /** False while the buffer is full; the task then takes no further record. */
  ready(): boolean
  /** Bytes of output that it has written so far, where it knows: for metrics. */
  readonly bytesWritten?: number
  /** Hands what is buffered on, at the latest when the input pauses. */
  flush?(): void
  /**
   * Everything written so far becomes a set of committables, structured-clonable and small.
   * Called at each checkpoint and once at the end of the input. What belongs to it is settled
   * before the call returns: records go on being written while its promise is pending, and the
   * next call may come before. Ids grow, and are larger than that of the restored checkpoint. What
   * an aborted checkpoint was given is not asked for again: it is committed with a later one.
   */
  prepareCommit(checkpointId: number): readonly unknown[] | Promise<readonly unknown[]>
  /** Always called; what was not handed over by `prepareCommit` is thrown away. */
  close(): void | Promise<void>
}

export interface CommitContext {
  readonly lineage: string
  readonly sinkId: string
}

/** The checkpoint that a job goes on from. */
export interface RestoredCheckpoint {
  readonly checkpointId: number
  /** Of the job that took it: another one where a job starts from a checkpoint of elsewhere. */
  readonly lineage: string
}

export interface StartContext extends CommitContext {
  /** The user allows to replace output that is already there. */
  readonly overwrite: boolean
  /** Present where the job goes on from a checkpoint: output of that lineage is its own. */
  readonly restored?: RestoredCheckpoint | undefined
  /** Whether the job takes checkpoints: then its output must be found again after a restart. */
  readonly checkpointing: boolean
}

export interface RecoverContext extends CommitContext {
  readonly restored: RestoredCheckpoint
}

export interface AbortContext extends CommitContext {
  /** Committables that a checkpoint which may be restored later still has to make visible. */
  readonly keep: readonly unknown[]
}

/** Main thread: before, between and after the writers. */
export interface SinkCommitter {
  /** Before any worker starts: refuses output that is there, or that cannot be written. */
  start?(context: StartContext): Promise<void>
  /** Makes committables visible. Idempotent: the same may come again after a crash. */
  commit(committables: readonly unknown[], context: CommitContext): Promise<void>
  /**
   * After a restore and `start`, before any writer: commits what the restored checkpoint holds (all
   * that earlier ones left uncommitted, too), withdraws what was published under later ids, throws
   * away what was never committed. Idempotent. What two checkpoints held that were under way at the
   * same time may be there twice.
   */
  recover?(committables: readonly unknown[], context: RecoverContext): Promise<void>
  /** After a failure or a cancellation: throws away what was never committed, but for `keep`. */
  abort?(context: AbortContext): Promise<void>
  /**
   * All is committed or thrown away, and nothing of the job will be restored any more. Comes
   * without `start` where the run before was killed in the middle of its `finish`.
   */
  finish?(context: CommitContext): Promise<void>
  close?(): Promise<void>
}

/** What users pass to `stream.to`. */
export interface Sink<T> {
  readonly kind: string
  readonly name: string
  /** Plain options, part of the fingerprint. */
  readonly options: Readonly<Record<string, unknown>>
  writer(context: WriterContext): SinkWriter<T>
  committer?(): SinkCommitter
  /**
   * True if `recover` can withdraw what was published after the restored checkpoint: then an older
   * checkpoint can be restored without doubling output. Default: false.
   */
  readonly canWithdraw?: boolean
  /**
   * True if `write` takes what it needs of a record before it returns, and neither keeps nor
   * changes it: then it is not given a copy where others hold the record too. Default: false.
   */
  readonly encodesAtOnce?: boolean
  /** Where the output lies, for people. */
  readonly place?: string
  readonly __in?: (record: T) => void
}
