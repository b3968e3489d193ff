/**
 * The figures of checkpoints, as users see them and as the history keeps them: plain data. Times
 * named ...Ms that end something are epoch milliseconds (triggeredMs, ackMs, completedMs, failedMs,
 * restoredMs); all others are durations in milliseconds. Sizes are bytes.
 */
import type { FailureReason, TriggerKind } from './events.ts'
import type { CheckpointHold } from './holds.ts'

/** What one subtask's part of a checkpoint took. */
export interface SubtaskCheckpointStats {
  /** Name of the subtask's chain. */
  readonly vertex: string
  readonly subtask: number
  /** When its acknowledgement was there and its files were written: epoch ms. */
  readonly ackMs: number
  /** From the trigger until the task knew the first barrier, wherever that stood. */
  readonly startDelayMs: number
  /** From then until it had reached the barriers of all channels; unaligned, until it knew them. */
  readonly alignmentMs: number
  /** The task does nothing else meanwhile. */
  readonly syncMs: number
  /** From then to the acknowledgement: state is encoded between records, and written. */
  readonly asyncMs: number
  /** From the trigger to the acknowledgement. */
  readonly endToEndMs: number
  /** Bytes of state and of everything else that it put into the checkpoint. */
  readonly bytes: number
  /** The longest time that one step of the asynchronous part held the task. */
  readonly stepMsMax: number
  /** Its snapshot was taken before all barriers were reached. */
  readonly unaligned: boolean
  /** Of pages that it processed during the alignment. */
  readonly processedInFlightBytes: number
  /** Of pages that are part of the checkpoint. */
  readonly persistedInFlightBytes: number
}

/** One checkpoint. */
export interface CheckpointStats {
  readonly id: number
  /** Periodic, asked for by somebody, or the one that ends a bounded job. */
  readonly kind: TriggerKind
  readonly status: 'in-progress' | 'completed' | 'failed'
  /** Epoch ms. */
  readonly triggeredMs: number
  /** Epoch ms; from then on it can be restored. */
  readonly completedMs?: number
  /** Epoch ms. */
  readonly failedMs?: number
  /** Why it failed. */
  readonly reason?: FailureReason
  readonly message?: string
  /**
   * From the trigger to the last acknowledgement, or to the failure; what lies between that and
   * `completedMs` is the publishing. Absent while there is none.
   */
  readonly durationMs?: number
  /** Written for it so far. */
  readonly bytes: number
  /** State files written for it so far. */
  readonly files: number
  /** Whether any subtask's snapshot was. Absent in a history of before there were any. */
  readonly unaligned?: boolean
  /** Of pages that were processed during the alignment, over all subtasks. */
  readonly processedInFlightBytes?: number
  /** Of pages that are part of it, over all subtasks. */
  readonly persistedInFlightBytes?: number
  /** Subtasks that must acknowledge. */
  readonly tasksTotal: number
  /** Those that have, in the order in which they did. */
  readonly tasks: readonly SubtaskCheckpointStats[]
  /** Of one in progress: those that have not and why, the causes first. */
  readonly waitingFor?: readonly CheckpointHold[]
}

/** A checkpoint that the job went on from. */
export interface RestoredCheckpointStats {
  readonly id: number
  /** Epoch ms. */
  readonly restoredMs: number
  /** Where it lies, if not among the job's own. */
  readonly place?: string
}

export interface CheckpointCounts {
  readonly triggered: number
  readonly inProgress: number
  readonly completed: number
  readonly failed: number
  readonly restored: number
}

/** How a figure is spread; percentiles are values that occurred (nearest rank). */
export interface Distribution {
  readonly min: number
  readonly max: number
  readonly avg: number
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  /** The 99.9th percentile. */
  readonly p999: number
}

/** Over the completed checkpoints that are remembered. */
export interface CheckpointSummary {
  /** How many these are. */
  readonly count: number
  readonly durationMs: Distribution
  readonly bytes: Distribution
  /** Of each checkpoint's slowest subtask, as are the following. */
  readonly startDelayMs: Distribution
  readonly alignmentMs: Distribution
  readonly syncMs: Distribution
  readonly asyncMs: Distribution
}

/** A checkpoint that is neither complete nor given up. */
export interface CheckpointUnderWay {
  readonly id: number
  /** Since its trigger. */
  readonly sinceMs: number
  /** Subtasks that have not acknowledged it, causes first; none while it is being published. */
  readonly waitingFor: readonly CheckpointHold[]
}
