/**
 * `job.json`: whose checkpoints a directory holds.
 * Threads: main.
 */
import { join } from 'node:path'
import { replaceDurably } from '../storage/durable-files.ts'
import { filesAt } from '../storage/file-system.ts'
import {
  checkpointDamaged,
  checkpointVersion,
  errnoOf,
  storageFailed,
} from '../storage/storage-errors.ts'

export interface JobFile {
  readonly format: number
  readonly jobName: string
  readonly lineage: string
  readonly status: 'running' | 'finished'
  readonly createdMs: number
  /** How often it was deployed, over all processes: no two attempts have one number. */
  readonly attempts?: number
  /** Of a checkpoint that is gone, where nothing else tells that its id has been used. */
  readonly largestId?: number
}

export const JOB_FILE_FORMAT = 1
const JOB_FILE_NAME = 'job.json'

/** Undefined if there is none. Throws CHECKPOINT_DAMAGED or CHECKPOINT_VERSION. */
export async function readJobFile(directory: string): Promise<JobFile | undefined> {
  const path = join(directory, JOB_FILE_NAME)
  try {
    return parse(await filesAt(path).readText(path), path)
  } catch (cause) {
    const errno = errnoOf(cause)
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined
    throw storageFailed(path, 'read', cause)
  }
}

export async function writeJobFile(directory: string, job: JobFile): Promise<void> {
  const path = join(directory, JOB_FILE_NAME)
  try {
    await replaceDurably(path, new TextEncoder().encode(`${JSON.stringify(job, undefined, 2)}\n`))
  } catch (cause) {
    throw storageFailed(path, 'written', cause)
  }
}

function parse(text: string, path: string): JobFile {
  const job = parseJson(text, path)
  if (typeof job?.format !== 'number') throw checkpointDamaged(path, 'has no format')
  if (job.format > JOB_FILE_FORMAT) throw checkpointVersion(path, job.format, JOB_FILE_FORMAT)
  if (typeof job.jobName !== 'string' || typeof job.lineage !== 'string') {
    throw checkpointDamaged(path, 'does not tell the job and its lineage')
  }
  return job as JobFile
}

function parseJson(text: string, path: string): Partial<JobFile> | undefined {
  try {
    return JSON.parse(text) ?? undefined
  } catch (cause) {
    throw checkpointDamaged(path, 'is no JSON', cause)
  }
}
