/**
 * Where the checkpoints of one job lie, as the coordinator uses it: a directory that outlives the
 * process, or memory that serves restarts within it.
 * Threads: main.
 */
import type { StateChunk } from '../state/snapshot-contract.ts'
import type { BlobHandle, StoreDescription } from '../storage/contract.ts'

/** How the job ended, and what is to be left of it. */
export interface StorageEnd {
  readonly finished: boolean
  readonly keep: boolean
}

export interface CheckpointStorage {
  /** How tasks read what was written. */
  readonly description: StoreDescription
  /** For people; undefined in memory. */
  readonly directory: string | undefined
  /** Packs and writes keyed state as a blob of the checkpoint. */
  writeChunk(checkpointId: number, chunk: StateChunk): Promise<BlobHandle>
  /** Makes a checkpoint exist, durably. Throws if one of that id does. */
  publish(checkpointId: number, metadata: Uint8Array): Promise<void>
  /** Metadata first. No error for one that is not there. */
  delete(checkpointId: number): Promise<void>
  /** One line of the history that outlives the process. */
  record(entry: object): Promise<void>
  /** Deletes what is not to be kept, and lets go of the directory. */
  close(end: StorageEnd): Promise<void>
}
