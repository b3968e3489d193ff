/**
 * What a task's acknowledgement of a checkpoint holds, and what a task is given to restore. Plain
 * data, structured-clonable; large state is in blobs, which it only names.
 */
import type { Split } from '../operator/source.ts'
import type { OperatorListSnapshot } from '../state/contract.ts'
import type { BlobHandle, StoreDescription } from '../storage/contract.ts'
import type { PreparedCommittables } from './messages.ts'

/** A split that is being read, or will be: where reading goes on. */
export interface SplitProgress {
  readonly split: Split
  /** Its place in the order of discovery. */
  readonly order: number
  /** Records of it that are processed. */
  readonly read: number
  /** Of the batch that was being read; absent where reading has not begun. */
  readonly batch?: {
    readonly position: unknown
    readonly consumed: number
    readonly unreadable: number
  }
  readonly watermarkMs: number
}

export interface SourceSnapshot {
  /** All that is assigned to the task and not read to its end, in the order of reading. */
  readonly splits: readonly SplitProgress[]
}

/** One channel of a gate at the cut. */
export interface ChannelSnapshot {
  /** Index of the job's edge, and the producing subtask. */
  readonly edge: number
  readonly producer: number
  readonly watermarkMs: number
  readonly idle: boolean
  /** Pages of it that belong to the checkpoint, in the task's `inFlight`. */
  readonly inFlightBytes?: number
}

export interface OperatorSnapshot {
  readonly operatorId: string
  readonly lists: readonly OperatorListSnapshot[]
  /** What `Operator.snapshot` gave. */
  readonly own?: unknown
}

/** Packed state: of keyed state each has its own index of key groups. */
export type StateFile =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'blob'; readonly blob: BlobHandle }

export interface TaskSnapshot {
  readonly operators: readonly OperatorSnapshot[]
  readonly sinks: readonly PreparedCommittables[]
  /** Records that its sinks were given by this attempt. */
  readonly recordsSunk: number
  readonly source?: SourceSnapshot | undefined
  /** Of the input: all splits, or all channels, together. */
  readonly watermarkMs: number
  readonly channels: readonly ChannelSnapshot[]
  readonly files: readonly StateFile[]
  /** In-flight data, a section a channel: see `barrier/channel-state.ts`. */
  readonly inFlight?: readonly StateFile[]
}

/** Times in ms, sizes in bytes; see docs/checkpoints.md. */
export interface SnapshotStats {
  /** Trigger to the moment at which the first barrier was known, wherever it stood. */
  readonly startDelayMs: number
  /** From then until all barriers were reached; unaligned, until all were known. */
  readonly alignmentMs: number
  readonly syncMs: number
  /** From the end of the synchronous part to the last entry encoded. */
  readonly walkMs: number
  /** The longest that the task was held by one step of it. */
  readonly stepMsMax: number
  readonly unaligned: boolean
  /** Of pages that were read during the alignment. */
  readonly processedInFlightBytes: number
  /** Of pages that are part of the snapshot. */
  readonly persistedInFlightBytes: number
}

/** What one new task takes over of a checkpoint. */
export interface TaskRestore {
  readonly checkpointId: number
  readonly store: StoreDescription
  /** Keyed state: the task reads only the key groups of its own range. */
  readonly files: readonly StateFile[]
  readonly operators: readonly OperatorRestore[]
  /** In the order of the gate. Undefined for a vertex that was not in the checkpoint. */
  readonly channels?: readonly ChannelSnapshot[] | undefined
  /** Of the input as a whole. */
  readonly watermarkMs?: number | undefined
  /** What its channels bring before anything new. */
  readonly inFlight?: readonly InFlightRestore[] | undefined
  /** For a source: what this task itself was reading, or was to read. */
  readonly splits?: readonly SplitProgress[] | undefined
}

/** In-flight data of one edge, for one task. */
export interface InFlightRestore {
  /** Index of the job's edge. */
  readonly edge: number
  /** What it was in the checkpoint. */
  readonly edgeBefore: number
  /**
   * `own`: to each channel what it had, with what stands between the records. `deal`: of each
   * record one of the tasks takes care, as the edge's partitioning says. `all`: the task takes all.
   */
  readonly how: 'own' | 'deal' | 'all'
  /** Whether watermarks and idleness among the records still hold. */
  readonly keepsMarks: boolean
  readonly files: readonly StateFile[]
}

export interface OperatorRestore {
  readonly operatorId: string
  readonly lists: readonly OperatorListSnapshot[]
  /** See `Operator.restore`. */
  readonly own: readonly unknown[]
}
