/**
 * Whether a state file is still what was written: by its checksum as a whole, or block by block,
 * which also tells what is lost.
 * Threads: any; mostly the side pool's.
 */
import { SluiceError } from '../base/errors.ts'
import type { BlobHandle, BlobStore } from '../storage/contract.ts'
import { checkWhole, inlineStateFile, openStateFile } from './state-file-reader.ts'

/** 'whole': size and checksum. 'blocks': the file's own checksums as well, and its structure. */
export type CheckDepth = 'whole' | 'blocks'

/** Everything that is wrong with the blob; nothing for a good one. */
export async function checkStateBlob(
  store: BlobStore,
  blob: BlobHandle,
  depth: CheckDepth,
): Promise<readonly SluiceError[]> {
  try {
    const bytes = await store.get(blob.name)
    // Those of blocks say more than that of the whole.
    const inBlocks = depth === 'blocks' ? await checkBlocks(bytes, blob.name) : []
    return inBlocks.length > 0 ? inBlocks : wholeErrors(bytes, blob)
  } catch (error) {
    return [expected(error)]
  }
}

/** The same for a state file within the metadata; `place` names it. */
export async function checkBlocks(
  bytes: Uint8Array,
  place: string,
): Promise<readonly SluiceError[]> {
  try {
    const reader = await openStateFile(inlineStateFile(bytes, place))
    return await reader.damages()
  } catch (error) {
    return [expected(error)]
  }
}

function wholeErrors(bytes: Uint8Array, blob: BlobHandle): readonly SluiceError[] {
  try {
    checkWhole(bytes, blob)
    return []
  } catch (error) {
    return [expected(error)]
  }
}

/** Storage fails and files are damaged: that is a finding. Anything else is a bug. */
function expected(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error
  throw error
}
