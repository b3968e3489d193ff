/**
 * Whether the files of a checkpoint are what was written.
 * Threads: main.
 */

import { ahead } from '../base/ahead.ts'
import { SluiceError } from '../base/errors.ts'
import type { CheckpointMetadata } from '../checkpoint/metadata.ts'
import { blobsOf } from '../checkpoint/verify.ts'
import { checkWhole } from '../state/state-file-reader.ts'
import type { BlobStore } from '../storage/contract.ts'

/** What is wrong with the first file that is not as it was written. */
export async function damageOf(
  checkpoint: CheckpointMetadata,
  store: BlobStore,
): Promise<SluiceError | undefined> {
  const blobs = blobsOf(checkpoint)
  const reads = blobs.map((blob) => async () => ({ blob, bytes: await store.get(blob.name) }))
  try {
    for await (const { blob, bytes } of ahead(reads)) checkWhole(bytes, blob)
    return undefined
  } catch (error) {
    if (error instanceof SluiceError) return error
    throw error
  }
}
