/**
 * A job's checkpoint directory, held by the one process that may write to it:
 *
 *   job.json             whose it is
 *   lock                 who works in it now
 *   history.jsonl        what became of recent checkpoints
 *   chk-<id>/_metadata   a completed checkpoint; without it, the rest of one that was not
 *   chk-<id>/...         its blobs
 *
 * Ids never come twice, whatever became of their checkpoints.
 * Threads: main.
 */
import { dirname, join, resolve } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import type { BlobStore, StoreDescription } from '../storage/contract.ts'
import { createStore } from '../storage/create-store.ts'
import { syncDirectory, TEMPORARY_PREFIX, unlinkIfThere } from '../storage/durable-files.ts'
import { filesAt } from '../storage/file-system.ts'
import { makeDirectory } from '../storage/make-directory.ts'
import { errnoOf, reasonOf, storageFailed } from '../storage/storage-errors.ts'
import { checkpointId, checkpointName, METADATA_NAME } from './checkpoint-names.ts'
import { type DirectoryLock, lockDirectory } from './directory-lock.ts'
import { HistoryFile } from './history-file.ts'
import { JOB_FILE_FORMAT, type JobFile, readJobFile, writeJobFile } from './job-file.ts'
import { type ListedCheckpoint, listCheckpoints } from './retained-checkpoints.ts'

export interface JobDirectoryOptions {
  readonly jobName: string
  /** For a directory that has no job yet. */
  readonly newLineage: string
  /** Entries of the history that are kept at least. */
  readonly historySize: number
  readonly clock: Clock
}

export interface CleanUp {
  readonly deleted: readonly number[]
  /** Completed, not to be kept, but unreadable: left for somebody to look at. */
  readonly left: readonly number[]
}

export class JobDirectory {
  readonly path: string
  readonly description: StoreDescription
  readonly store: BlobStore
  readonly history: HistoryFile
  readonly #lock: DirectoryLock
  #job: JobFile

  /**
   * Takes the directory, makes it if need be. Throws CHECKPOINT_DIRECTORY_OF_ANOTHER_JOB,
   * CHECKPOINT_DIRECTORY_LOCKED, CHECKPOINT_DIRECTORY_NOT_WRITABLE.
   */
  static async open(directory: string, options: JobDirectoryOptions): Promise<JobDirectory> {
    const path = resolve(directory)
    // Before the lock as well: who names a wrong directory need not wait for it to be free.
    checkOwner(path, await readJobFile(path), options.jobName)
    const lock = await takeDirectory(path, options.clock.nowMs())
    try {
      const job = await readOrMakeJob(path, options)
      return new JobDirectory({ path, lock, job, historySize: options.historySize })
    } catch (error) {
      // A second failure would only hide the first.
      await Promise.allSettled([lock.release()])
      throw error
    }
  }

  private constructor(
    opened: Readonly<{ path: string; lock: DirectoryLock; job: JobFile; historySize: number }>,
  ) {
    this.path = opened.path
    this.description = { kind: 'file', directory: opened.path }
    this.store = createStore(this.description)
    this.history = new HistoryFile(join(opened.path, 'history.jsonl'), opened.historySize)
    this.#lock = opened.lock
    this.#job = opened.job
  }

  get job(): JobFile {
    return this.#job
  }

  /** Durably and at once. A job that begins anew gets another lineage. */
  async update(changes: Partial<Pick<JobFile, 'status' | 'lineage' | 'largestId'>>): Promise<void> {
    await this.#write({ ...this.#job, ...changes })
  }

  /** The number of a new attempt, larger than all before, also those of other processes. */
  async nextAttempt(atLeast: number): Promise<number> {
    const attempts = Math.max(atLeast, (this.#job.attempts ?? 0) + 1)
    await this.#write({ ...this.#job, attempts })
    return attempts
  }

  /** Newest first; those that were never completed, too. */
  listCheckpoints(): Promise<readonly ListedCheckpoint[]> {
    return listCheckpoints(this.store)
  }

  /** Of all checkpoints there ever were, as far as anything here tells of them; 0 for none. */
  async largestId(): Promise<number> {
    return this.#largestOf(await this.#folderIds())
  }

  /** Deletes every checkpoint that is not to be kept, and what crashes left behind. */
  async cleanUp(keep: readonly number[]): Promise<CleanUp> {
    const unreadable = (await this.listCheckpoints())
      .filter((one) => one.metadata === undefined && one.error.code !== 'BLOB_MISSING')
      .map(({ id }) => id)
    const others = (await this.#folderIds()).filter((id) => !keep.includes(id))
    const deleted = others.filter((id) => !unreadable.includes(id))
    await this.#rememberId(deleted)
    for (const id of deleted) await this.deleteCheckpoint(id)
    await this.#removeTemporaries()
    return { deleted, left: others.filter((id) => unreadable.includes(id)) }
  }

  /**
   * A completed checkpoint that is damaged or given up: nobody restores it from now on, were it
   * only that it could not be read for a moment. It is there to be looked at until it is deleted.
   */
  async setAside(id: number): Promise<void> {
    const folder = join(this.path, checkpointName(id))
    try {
      const metadata = join(folder, METADATA_NAME)
      await unlessMissing(filesAt(folder).rename(metadata, `${metadata}.aside`))
      // Also where it was set aside before: nobody knows that the sync behind it succeeded.
      await unlessMissing(syncDirectory(folder))
    } catch (cause) {
      throw storageFailed(folder, 'renamed', cause)
    }
  }

  /** Who published it may have ended before that was durable: it is from now on. */
  async makeDurable(id: number): Promise<void> {
    const folder = join(this.path, checkpointName(id))
    try {
      await syncDirectory(folder)
    } catch (cause) {
      throw storageFailed(folder, 'synced', cause)
    }
  }

  /** Where the files of a checkpoint will lie, durably. */
  async makeFolder(id: number): Promise<void> {
    const folder = join(this.path, checkpointName(id))
    try {
      await makeDirectory(folder)
    } catch (cause) {
      throw storageFailed(folder, 'made', cause)
    }
  }

  /**
   * Metadata first, durably: what is left after a crash is no checkpoint any more. One whose
   * deletion failed may be there still, until another deletion of it succeeds.
   */
  async deleteCheckpoint(id: number): Promise<void> {
    const folder = join(this.path, checkpointName(id))
    try {
      const wasThere = await unlinkIfThere(join(folder, METADATA_NAME))
      // Also where they were gone: nobody knows that the sync behind that succeeded.
      const synced = unlessMissing(syncDirectory(folder)).then(() => true)
      const isSynced = wasThere ? await synced : await synced.catch(() => false)
      // A file of it may still be on its way.
      await filesAt(folder).removeAll(folder)
      // A folder that cannot be synced may be gone for good all the same.
      if (!isSynced) await syncDirectory(this.path)
    } catch (cause) {
      throw storageFailed(folder, 'deleted', cause)
    }
  }

  /** Gives the directory back. Idempotent. */
  async close(): Promise<void> {
    try {
      await this.#lock.release()
    } catch (cause) {
      throw storageFailed(join(this.path, 'lock'), 'released', cause)
    }
  }

  async #write(job: JobFile): Promise<void> {
    await writeJobFile(this.path, job)
    this.#job = job
  }

  /** With these folders. */
  async #largestOf(folderIds: readonly number[]): Promise<number> {
    const recorded = await this.history.read()
    const ids = recorded.map((entry) => entry.checkpointId).filter((id) => typeof id === 'number')
    return [...folderIds, ...ids, this.#job.largestId ?? 0].reduce((a, b) => Math.max(a, b), 0)
  }

  /** The history may lack what a process did last before it was killed. */
  async #rememberId(deleted: readonly number[]): Promise<void> {
    const all = await this.#folderIds()
    const largestId = await this.#largestOf(all)
    const left = await this.#largestOf(all.filter((id) => !deleted.includes(id)))
    if (left < largestId) await this.update({ largestId })
  }

  /** Folders without a single blob are no checkpoints, but have taken an id. */
  async #folderIds(): Promise<readonly number[]> {
    const names = await this.#namesIn(this.path)
    return names.map(checkpointId).filter((id) => id !== undefined)
  }

  async #removeTemporaries(): Promise<void> {
    const folders = (await this.#folderIds()).map((id) => join(this.path, checkpointName(id)))
    for (const folder of [this.path, ...folders]) {
      for (const name of await this.#namesIn(folder)) {
        if (name.startsWith(TEMPORARY_PREFIX)) await removeFile(join(folder, name))
      }
    }
  }

  async #namesIn(folder: string): Promise<readonly string[]> {
    try {
      return (await filesAt(folder).entries(folder)).map(({ name }) => name)
    } catch (cause) {
      throw storageFailed(folder, 'listed', cause)
    }
  }
}

async function takeDirectory(path: string, nowMs: number): Promise<DirectoryLock> {
  try {
    await makeDirectory(path)
    await syncName(path)
    return await lockDirectory(path, nowMs)
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause
    const what = `the checkpoint directory ${path} cannot be written to: ${reasonOf(cause)}`
    throw new SluiceError('CHECKPOINT_DIRECTORY_NOT_WRITABLE', what, {
      place: path,
      hint: 'name a directory that the user who runs the job may create or write to',
      cause,
    })
  }
}

/** Whoever made the directory may have ended before its name was durable. */
async function syncName(path: string): Promise<void> {
  try {
    await syncDirectory(dirname(path))
  } catch (error) {
    // Of one that was made by somebody else the parent need not be readable.
    if (errnoOf(error) !== 'EACCES') throw error
  }
}

async function readOrMakeJob(path: string, options: JobDirectoryOptions): Promise<JobFile> {
  const found = await readJobFile(path)
  checkOwner(path, found, options.jobName)
  if (found !== undefined) return found
  const job: JobFile = {
    format: JOB_FILE_FORMAT,
    jobName: options.jobName,
    lineage: options.newLineage,
    status: 'running',
    createdMs: options.clock.nowMs(),
  }
  await writeJobFile(path, job)
  return job
}

function checkOwner(path: string, job: JobFile | undefined, jobName: string): void {
  if (job === undefined || job.jobName === jobName) return
  const what = `the checkpoint directory ${path} belongs to the job '${job.jobName}'`
  throw new SluiceError('CHECKPOINT_DIRECTORY_OF_ANOTHER_JOB', `${what}, not '${jobName}'`, {
    place: path,
    hint: 'name a directory of its own for each job',
  })
}

async function unlessMissing(done: Promise<void>): Promise<void> {
  try {
    await done
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlinkIfThere(path)
  } catch (cause) {
    throw storageFailed(path, 'deleted', cause)
  }
}
