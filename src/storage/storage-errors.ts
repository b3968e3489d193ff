/**
 * What storage says when it fails, as errors that a user can act on: the blob, the system's code
 * and what that means.
 * Threads: any.
 */
import { SluiceError } from '../base/errors.ts'

const MEANINGS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the device reports an error',
  EROFS: 'the file system is read-only',
  EACCES: 'permission is denied',
  EPERM: 'the operation is not permitted',
  EMFILE: 'the process has too many open files',
  ENFILE: 'the system has too many open files',
  ENAMETOOLONG: 'the path is too long',
  ENOTDIR: 'a part of the path is no directory',
  EISDIR: 'it is a directory',
  ENOTSUP: 'the file system cannot do that',
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'make room on that disk: the next checkpoint tries again',
  EDQUOT: 'raise the quota or make room: the next checkpoint tries again',
  EIO: 'look at the system log (dmesg): the disk may be failing',
  EROFS: 'name a checkpoint directory on a file system that can be written to',
  EACCES: 'give the user that runs the job the right to read and write there',
  EPERM: 'name a checkpoint directory on a file system with hard links',
  EMFILE: 'raise the limit of open files (ulimit -n)',
  ENFILE: "raise the system's limit of open files (fs.file-max)",
  ENAMETOOLONG: 'name a checkpoint directory with a shorter path',
  ENOTDIR: 'name a checkpoint directory that can be made',
  ENOTSUP: 'name a checkpoint directory on a file system with hard links',
}

/** `ENOENT` and its kin; undefined for what is no system error. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined
}

/** The system's code with its meaning, for a message. */
export function reasonOf(cause: unknown): string {
  const errno = errnoOf(cause)
  if (errno === undefined) return cause instanceof Error ? cause.message : String(cause)
  const meaning = MEANINGS[errno]
  return meaning === undefined ? errno : `${meaning} (${errno})`
}

/** `done` says what could not be done: 'written', 'read'. */
export function storageFailed(path: string, done: string, cause: unknown): SluiceError {
  if (cause instanceof SluiceError) return cause
  return new SluiceError('STORAGE_FAILED', `${path} cannot be ${done}: ${reasonOf(cause)}`, {
    place: path,
    hint: HINTS[errnoOf(cause) ?? ''] ?? 'see the cause',
    cause,
  })
}

export function blobMissing(path: string, cause?: unknown): SluiceError {
  return new SluiceError('BLOB_MISSING', `there is no ${path}`, {
    place: path,
    hint: 'restore an earlier checkpoint: sluice checkpoints verify lists what is missing',
    ...(cause === undefined ? {} : { cause }),
  })
}

/** `place` is the file; `what` is said of it: 'ends after 7 of 20 bytes'. */
export function checkpointDamaged(place: string, what: string, cause?: unknown): SluiceError {
  return new SluiceError('CHECKPOINT_DAMAGED', `${place} is damaged: it ${what}`, {
    place,
    hint: 'restore an earlier checkpoint: sluice checkpoints verify names every damaged file',
    ...(cause === undefined ? {} : { cause }),
  })
}

/** Whole, but written by a build that knows more than this one. */
export function checkpointVersion(place: string, found: number, readable: number): SluiceError {
  const what = `${place} has format version ${found}`
  return new SluiceError(
    'CHECKPOINT_VERSION',
    `${what}; this build reads versions 1 to ${readable}`,
    {
      place,
      hint: 'restore it with the version of sluice that wrote it, or a later one',
    },
  )
}
