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
