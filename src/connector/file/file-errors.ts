/**
 * What the operating system says about a file, as an error that a user can act on.
 * Threads: any.
 */
import { isAbsolute } from 'node:path'
import { SluiceError } from '../../base/errors.ts'

/** `ENOENT` and its kin; undefined for what is no system error. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' && code.startsWith('E') ? code : undefined
}

/** An input that cannot be read: FILE_NOT_FOUND or FILE_NOT_READABLE, with the path and errno. */
export function fileError(error: unknown, path: string): SluiceError {
  if (error instanceof SluiceError) return error
  const errno = errnoOf(error) ?? 'unknown error'
  if (errno === 'ENOENT' || errno === 'ENOTDIR') return fileNotFound(path, error)
  return new SluiceError('FILE_NOT_READABLE', `${path} cannot be read: ${errno}`, {
    place: path,
    hint: errno === 'EACCES' ? 'give the user that runs the job the right to read it' : errno,
    cause: error,
  })
}

/** FILE_NOT_FOUND for a path or a pattern. */
export function fileNotFound(path: string, cause?: unknown): SluiceError {
  return new SluiceError('FILE_NOT_FOUND', `there is no file ${path}`, {
    place: path,
    hint: isAbsolute(path)
      ? 'check the spelling'
      : `check the spelling, and the directory in which the job was started: ${process.cwd()}`,
    ...(cause === undefined ? {} : { cause }),
  })
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: make room, then start the job again',
  EDQUOT: 'the quota is used up',
  EACCES: 'the user that runs the job may not write there',
  EROFS: 'the file system is read-only',
  EEXIST: 'another sink of this job writes into the same directory: give each its own',
  ENOENT: 'the directory was removed while the job ran',
  EMFILE: 'too many files are open: raise the limit (ulimit -n)',
}

/** OUTPUT_FAILED with the file and the errno. */
export function outputFailed(path: string, cause: unknown): SluiceError {
  if (cause instanceof SluiceError) return cause
  const errno = errnoOf(cause) ?? String(cause)
  return new SluiceError('OUTPUT_FAILED', `${path} cannot be written: ${errno}`, {
    place: path,
    hint: HINTS[errno] ?? 'see the cause',
    cause,
  })
}
