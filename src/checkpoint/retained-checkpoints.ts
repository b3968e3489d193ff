/**
 * What lies in a job's checkpoint directory, for those who only look. Nothing is locked, and
 * nothing changed.
 * Threads: main.
 */
import { SluiceError } from '../base/errors.ts'
import type { BlobStore } from '../storage/contract.ts'
import { checkpointDamaged } from '../storage/storage-errors.ts'
import { checkpointId, checkpointName, METADATA_NAME } from './checkpoint-names.ts'
import { type CheckpointMetadata, decodeMetadata } from './metadata.ts'

export interface RetainedCheckpoint {
  readonly id: number
  /** Of its folder, `chk-<id>`: what the names of its blobs begin with. */
  readonly name: string
  readonly metadata: CheckpointMetadata
}

/** BLOB_MISSING: it was never completed. Anything else: it was, and cannot be read. */
export interface UnusableCheckpoint {
  readonly id: number
  readonly name: string
  readonly metadata?: undefined
  readonly error: SluiceError
}

export type ListedCheckpoint = RetainedCheckpoint | UnusableCheckpoint

/** Newest first; those that were never completed, too. */
export async function listCheckpoints(store: BlobStore): Promise<readonly ListedCheckpoint[]> {
  const blobs = await store.list('chk-')
  const inFolders = blobs.map(({ name }) => name.split('/')).filter(({ length }) => length > 1)
  const names = new Set(inFolders.map(([folder]) => folder!))
  const ids = [...names].map(checkpointId).filter((id) => id !== undefined)
  ids.sort((a, b) => b - a)
  return Promise.all(ids.map((id) => readCheckpoint(store, id)))
}

/** One by its id. */
export async function readCheckpoint(store: BlobStore, id: number): Promise<ListedCheckpoint> {
  const name = checkpointName(id)
  const place = `${name}/${METADATA_NAME}`
  try {
    const metadata = decodeMetadata(await store.get(place), place)
    if (metadata.checkpointId !== id) {
      throw checkpointDamaged(place, `is that of checkpoint ${metadata.checkpointId}`)
    }
    return { id, name, metadata }
  } catch (error) {
    if (error instanceof SluiceError) return { id, name, error }
    throw error
  }
}
