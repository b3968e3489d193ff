/**
 * Which checkpoint a job starts from, if any, and what becomes of the others in its directory.
 * Threads: main.
 */

import { resolve } from 'node:path'
import { SluiceError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { JobDirectory } from '../checkpoint/job-directory.ts'
import type { CheckpointMetadata } from '../checkpoint/metadata.ts'
import type { ResolvedCheckpoint } from '../checkpoint/resolve-checkpoint.ts'
import { resolveCheckpoint } from '../checkpoint/resolve-checkpoint.ts'
import type { ListedCheckpoint, RetainedCheckpoint } from '../checkpoint/retained-checkpoints.ts'
import type { JobOptions } from '../graph/options.ts'
import type { StoreDescription } from '../storage/contract.ts'
import { createStore } from '../storage/create-store.ts'
import { damageOf } from './checkpoint-files.ts'

export interface StartingPoint {
  readonly lineage: string
  readonly checkpoint: CheckpointMetadata | undefined
  /** Where the files of `checkpoint` lie. */
  readonly store: StoreDescription | undefined
  /** True if an earlier run of this lineage may have left output that nobody committed. */
  readonly goesOn: boolean
  /** The directory's own, oldest first, up to the one to start from. */
  readonly retained: readonly CheckpointMetadata[]
  /** Newer than it, and damaged or given up: of no use once another one is complete. */
  readonly abandoned: readonly number[]
  /** What is wrong with the damaged ones, the newest first. */
  readonly damage: readonly SluiceError[]
  readonly largestId: number
  readonly isFinished: boolean
  /** What lies in the directory is of no use to the job. */
  readonly isNew: boolean
}

export interface StartingPointOptions {
  readonly options: JobOptions
  readonly directory: JobDirectory | undefined
  readonly newLineage: string
  readonly overwrite: boolean
  readonly log: Logger
}

export async function startingPoint(from: StartingPointOptions): Promise<StartingPoint> {
  const { options, directory, newLineage } = from
  const restore = isOwnPath(options.restore, directory) ? 'latest' : (options.restore ?? 'none')
  const named = restore === 'none' || restore === 'latest' ? undefined : await readNamed(restore)
  const nothing = nothingYet(named?.metadata.lineage ?? newLineage)
  if (directory === undefined) return named === undefined ? nothing : elsewhere(named, newLineage)
  const largestId = Math.max(await directory.largestId(), named?.id ?? 0)
  if (named !== undefined && isOwn(named, directory)) return goBack({ named, directory, largestId })
  if (named !== undefined) {
    await checkAnew(from)
    return { ...elsewhere(named, newLineage), largestId, isNew: true }
  }
  if (restore === 'latest') return latest(from, largestId)
  await checkAnew(from)
  return { ...nothing, largestId, isNew: true }
}

function nothingYet(lineage: string): StartingPoint {
  return {
    lineage,
    checkpoint: undefined,
    store: undefined,
    goesOn: false,
    retained: [],
    abandoned: [],
    damage: [],
    largestId: 0,
    isFinished: false,
    isNew: false,
  }
}

/** A checkpoint of another directory: this job has a lineage of its own. */
function elsewhere({ metadata, store, id }: ResolvedCheckpoint, lineage: string): StartingPoint {
  return { ...nothingYet(lineage), checkpoint: metadata, store, largestId: id }
}

async function readNamed(path: string): Promise<ResolvedCheckpoint> {
  const found = await resolveCheckpoint(path)
  // Nobody asked for an older one.
  if (found.skipped.length > 0) throw found.skipped[0]!.error
  const damage = await damageOf(found.metadata, createStore(found.store))
  if (damage !== undefined) throw damage
  return found
}

function isOwnPath(path: string | undefined, directory: JobDirectory | undefined): boolean {
  return path !== undefined && directory !== undefined && resolve(path) === directory.path
}

function isOwn({ store }: ResolvedCheckpoint, directory: JobDirectory): boolean {
  return store.kind === 'file' && store.directory === directory.path
}

/** To a checkpoint of the same job: what was taken since is given up. */
async function goBack(to: {
  readonly named: ResolvedCheckpoint
  readonly directory: JobDirectory
  readonly largestId: number
}): Promise<StartingPoint> {
  const { named, directory, largestId } = to
  const listed = await directory.listCheckpoints()
  // What a crash left in the middle of a checkpoint.
  await directory.cleanUp(listed.filter(isCompleted).map(({ id }) => id))
  await directory.update({ status: 'running' })
  const retained = listed.flatMap(({ id, metadata }) =>
    metadata !== undefined && id <= named.id ? [metadata] : [],
  )
  return {
    ...nothingYet(directory.job.lineage),
    checkpoint: retained[0] ?? named.metadata,
    store: named.store,
    goesOn: true,
    retained: retained.toReversed(),
    abandoned: listed.filter((one) => one.id > named.id && isCompleted(one)).map(({ id }) => id),
    largestId,
  }
}

/** Readable or not. */
function isCompleted(one: ListedCheckpoint): boolean {
  return one.metadata !== undefined || one.error.code !== 'BLOB_MISSING'
}

async function latest(from: StartingPointOptions, largestId: number): Promise<StartingPoint> {
  const directory = from.directory!
  const isFinished = directory.job.status === 'finished'
  const base = { ...nothingYet(directory.job.lineage), goesOn: true, largestId, isFinished }
  if (isFinished) return base
  const damage: SluiceError[] = []
  const abandoned: number[] = []
  const usable: RetainedCheckpoint[] = []
  for (const one of await directory.listCheckpoints()) {
    if (!isCompleted(one)) continue
    const wrong = one.metadata === undefined ? one.error : await unlessFound(usable, one, directory)
    if (wrong === undefined) usable.push(one as RetainedCheckpoint)
    else if (usable.length === 0) {
      from.log.error({ checkpoint: one.id, error: wrong.message }, 'a checkpoint is damaged')
      damage.push(wrong)
      abandoned.push(one.id)
    }
  }
  const newest = usable[0]
  if (newest === undefined && damage.length > 0) throw damage[0]!
  // What a crash left in the middle of a checkpoint.
  await directory.cleanUp([...usable.map(({ id }) => id), ...abandoned])
  return {
    ...base,
    checkpoint: newest?.metadata,
    store: newest && directory.description,
    retained: usable.map(({ metadata }) => metadata).toReversed(),
    abandoned,
    damage,
  }
}

/** Only the one to start from is looked at as a whole. */
async function unlessFound(
  usable: readonly RetainedCheckpoint[],
  one: RetainedCheckpoint,
  directory: JobDirectory,
): Promise<SluiceError | undefined> {
  return usable.length > 0 ? undefined : damageOf(one.metadata, directory.store)
}

/** Nothing of an earlier run is used. Throws CHECKPOINTS_EXIST unless it may be deleted. */
async function checkAnew({ directory, overwrite }: StartingPointOptions): Promise<void> {
  if (directory === undefined || overwrite) return
  const there = (await directory.listCheckpoints()).filter(isCompleted)
  if (there.length > 0) throw checkpointsExist(directory, there.length)
}

function checkpointsExist(directory: JobDirectory, count: number): SluiceError {
  const what = count === 1 ? 'a checkpoint' : `${count} checkpoints`
  return new SluiceError('CHECKPOINTS_EXIST', `${directory.path} already has ${what} of this job`, {
    place: directory.path,
    hint:
      "restore 'latest' (--restore latest) to go on from there, or pass --overwrite to delete " +
      'them and begin anew',
  })
}
