/**
 * Whether the files of a checkpoint are what was written.
 * Threads: main.
 */

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
  for (const blob of blobsOf(checkpoint)) {
    try {
      checkWhole(await store.get(blob.name), blob)
    } catch (error) {
      if (error instanceof SluiceError) return error
      throw error
    }
  }
  return undefined
}
