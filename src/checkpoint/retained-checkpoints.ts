/**
 * What lies in a job's checkpoint directory, for those who only look: the newest checkpoint to
 * restore, a list for people. Nothing is locked, and nothing changed.
 * Threads: main.
 */
import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { SluiceError } from '../base/errors.ts'
import type { BlobStore, StoreDescription } from '../storage/contract.ts'
import { createStore } from '../storage/create-store.ts'
import { checkpointDamaged, errnoOf, storageFailed } from '../storage/storage-errors.ts'
import { type CheckpointMetadata, decodeMetadata } from './metadata.ts'

export const METADATA_NAME = '_metadata'

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

export interface ResolvedCheckpoint extends RetainedCheckpoint {
  readonly store: StoreDescription
  /** Newer completed ones in the directory that cannot be read. Empty if one was named. */
  readonly skipped: readonly UnusableCheckpoint[]
}

export function checkpointName(id: number): string {
  return `chk-${id}`
}

/** The id of `chk-<id>`; undefined for any other name. */
export function checkpointId(name: string): number | undefined {
  const id = /^chk-(0|[1-9]\d{0,15})$/.exec(name)?.[1]
  return id === undefined ? undefined : Number(id)
}

/** Newest first; those that were never completed, too. */
export async function listCheckpoints(store: BlobStore): Promise<readonly ListedCheckpoint[]> {
  const blobs = await store.list('chk-')
  const names = new Set(blobs.map(({ name }) => name.slice(0, name.indexOf('/'))))
  const ids = [...names].map(checkpointId).filter((id) => id !== undefined)
  ids.sort((a, b) => b - a)
  return Promise.all(ids.map((id) => readCheckpoint(store, id)))
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

async function readCheckpoint(store: BlobStore, id: number): Promise<ListedCheckpoint> {
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

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
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
