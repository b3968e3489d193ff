/**
 * The checkpoint that somebody names by a path.
 * Threads: main.
 */
import { basename, dirname, resolve } from 'node:path'
import { SluiceError } from '../base/errors.ts'
import type { StoreDescription } from '../storage/contract.ts'
import { createStore } from '../storage/create-store.ts'
import { filesAt } from '../storage/file-system.ts'
import { errnoOf, storageFailed } from '../storage/storage-errors.ts'
import { checkpointId, METADATA_NAME } from './checkpoint-names.ts'
import {
  listCheckpoints,
  type RetainedCheckpoint,
  readCheckpoint,
  type UnusableCheckpoint,
} from './retained-checkpoints.ts'

export interface ResolvedCheckpoint extends RetainedCheckpoint {
  readonly store: StoreDescription
  /** Newer completed ones in the directory that cannot be read. Empty if one was named. */
  readonly skipped: readonly UnusableCheckpoint[]
}

/**
 * The checkpoint at a path: of its folder, of its `_metadata`, or of a job's directory, which
 * stands for the newest in it that can be read. Throws CHECKPOINT_NOT_FOUND, or what is wrong with
 * the one that was named.
 */
export async function resolveCheckpoint(path: string): Promise<ResolvedCheckpoint> {
  const full = resolve(path)
  const folder = basename(full) === METADATA_NAME ? dirname(full) : full
  const id = checkpointId(basename(folder))
  if (id === undefined) return newestIn(full)
  const directory = dirname(folder)
  if (!(await isThere(folder))) throw notFound(full, 'there is no such folder')
  const found = await readCheckpoint(createStore({ kind: 'file', directory }), id)
  if (found.metadata === undefined) throw found.error
  return { ...found, store: { kind: 'file', directory }, skipped: [] }
}

async function newestIn(directory: string): Promise<ResolvedCheckpoint> {
  if (!(await isThere(directory))) throw notFound(directory, 'there is no such folder')
  const skipped: UnusableCheckpoint[] = []
  for (const found of await listCheckpoints(createStore({ kind: 'file', directory }))) {
    if (found.metadata !== undefined) {
      return { ...found, store: { kind: 'file', directory }, skipped }
    }
    if (found.error.code !== 'BLOB_MISSING') skipped.push(found)
  }
  if (skipped.length > 0) throw skipped[0]!.error
  throw notFound(directory, 'no checkpoint was completed there')
}

async function isThere(path: string): Promise<boolean> {
  try {
    await filesAt(path).stat(path)
    return true
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return false
    throw storageFailed(path, 'read', error)
  }
}

function notFound(path: string, why: string): SluiceError {
  return new SluiceError('CHECKPOINT_NOT_FOUND', `no checkpoint at ${path}: ${why}`, {
    place: path,
    hint: "name a job's checkpoint directory, or a chk-<id> folder in it",
  })
}
