/**
 * `sluice checkpoints`: what lies in a job's checkpoint directory, and whether it is whole. A job
 * may work in it meanwhile: nothing is locked, and nothing changed.
 * Main thread.
 */
import { stat } from 'node:fs/promises'
import { SluiceError } from '../base/errors.ts'
import { listCheckpoints } from '../checkpoint/retained-checkpoints.ts'
import type { BlobStore } from '../storage/contract.ts'
import { createStore } from '../storage/create-store.ts'
import { errnoOf, storageFailed } from '../storage/storage-errors.ts'
import { rowOf, rowsText } from './checkpoint-rows.ts'
import { exitCodes } from './exit-codes.ts'

export interface ListFlags {
  readonly json: boolean
}

/** Prints all checkpoints, the newest first, to standard output. */
export async function list(directory: string, flags: ListFlags): Promise<number> {
  const store = await storeAt(directory)
  const checkpoints = await listCheckpoints(store)
  const blobs = await store.list('chk-')
  const rows = checkpoints.map((one) => rowOf(one, blobs))
  if (flags.json) say(JSON.stringify(rows, null, 2))
  else say(rows.length === 0 ? `there is no checkpoint in ${directory}` : rowsText(rows))
  return exitCodes.finished
}

async function storeAt(directory: string): Promise<BlobStore> {
  if (await isDirectory(directory)) return createStore({ kind: 'file', directory })
  throw new SluiceError('CHECKPOINT_NOT_FOUND', `there is no directory ${directory}`, {
    place: directory,
    hint: 'name the directory that the job was given with --checkpoint-dir',
  })
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (cause) {
    const errno = errnoOf(cause)
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return false
    throw storageFailed(path, 'read', cause)
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
