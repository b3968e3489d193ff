/**
 * `sluice checkpoints`: what lies in a job's checkpoint directory, and whether it is whole. A job
 * may work in it meanwhile: nothing is locked, and nothing changed.
 * Main thread.
 */
import { stat } from 'node:fs/promises'
import { SluiceError } from '../base/errors.ts'
import {
  type ListedCheckpoint,
  listCheckpoints,
  readCheckpoint,
} from '../checkpoint/retained-checkpoints.ts'
import { type Verification, verifyCheckpoint } from '../checkpoint/verify.ts'
import type { BlobStore } from '../storage/contract.ts'
import { createStore } from '../storage/create-store.ts'
import { errnoOf, storageFailed } from '../storage/storage-errors.ts'
import { rowOf, rowsText } from './checkpoint-rows.ts'
import { exitCodes } from './exit-codes.ts'

export interface ListFlags {
  readonly json: boolean
}

export interface VerifyFlags {
  /** Undefined: all that were completed. */
  readonly id?: number
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

/** Reads all of it and prints what is damaged. */
export async function verify(directory: string, flags: VerifyFlags): Promise<number> {
  const store = await storeAt(directory)
  const ids = flags.id === undefined ? await completedIn(store) : [flags.id]
  if (ids.length === 0) say(`there is no completed checkpoint in ${directory}`)
  let damaged = false
  for (const id of ids) {
    const verification = await verifyCheckpoint(store, id, { depth: 'blocks' })
    if (verification.problems.length === 0) {
      say(wholeText(id, verification))
    } else if (flags.id === undefined && (await isGone(store, id))) {
      say(`chk-${id}: deleted meanwhile`)
    } else {
      damaged = true
      say(damagedText(id, verification.problems))
    }
  }
  return damaged ? exitCodes.failed : exitCodes.finished
}

async function completedIn(store: BlobStore): Promise<readonly number[]> {
  return (await listCheckpoints(store)).filter((one) => !isIncomplete(one)).map(({ id }) => id)
}

/** The job has deleted it, as it does with old ones: its files were missing for that reason. */
async function isGone(store: BlobStore, id: number): Promise<boolean> {
  return isIncomplete(await readCheckpoint(store, id))
}

function isIncomplete(found: ListedCheckpoint): boolean {
  return found.metadata === undefined && found.error.code === 'BLOB_MISSING'
}

function wholeText(id: number, { files, bytes, extras }: Verification): string {
  const size = `${counted(files)} of state, ${bytes.toLocaleString('en-US')} bytes`
  const unnamed = extras.length === 0 ? '' : `; ${counted(extras.length)} that it does not name`
  return `chk-${id}: whole, ${size}${unnamed}`
}

function counted(files: number): string {
  return files === 1 ? '1 file' : `${files} files`
}

function damagedText(id: number, problems: readonly SluiceError[]): string {
  const lines = problems.map(({ code, message }) => `  ${code}: ${message}`)
  return [`chk-${id}: damaged`, ...lines].join('\n')
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
