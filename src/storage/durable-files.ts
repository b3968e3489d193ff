/**
 * Files and names that survive a loss of power. A file's bytes are durable once it is synced, its
 * name once its directory is; a directory's own name once its parent is.
 * Threads: any.
 */
import { randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { OpenFile } from './file-system.ts'
import { filesAt } from './file-system.ts'
import { errnoOf } from './storage-errors.ts'

/** What a crash may leave behind under such a name is of no use to anybody. */
export const TEMPORARY_PREFIX = '.tmp-'
/** The kernel takes no more pieces at a time. */
const PIECES_MAX = 1024

/** A new name in the folder, of a file that will be linked or renamed. */
export function temporaryPath(folder: string): string {
  return join(folder, `${TEMPORARY_PREFIX}${randomUUID()}`)
}

/** Writes the parts one after the other; resolves when the bytes are durable. */
export async function writeDurably(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const file = await filesAt(path).open(path, 'w')
  try {
    await writeAll(file, parts)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Replaces the file at once: whoever reads it finds the old bytes or the new ones. */
export async function replaceDurably(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryPath(dirname(path))
  try {
    await writeDurably(temporary, [bytes])
    await filesAt(path).rename(temporary, path)
  } catch (error) {
    await removeLeftover(temporary)
    throw error
  }
  await syncDirectory(dirname(path))
}

export async function syncDirectory(path: string): Promise<void> {
  const folder = await filesAt(path).open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** False if there was none. */
export async function unlinkIfThere(path: string): Promise<boolean> {
  try {
    await filesAt(path).unlink(path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}

/** After a failure, which is what must be told: a second one would only hide it. */
export async function removeLeftover(path: string): Promise<void> {
  await filesAt(path)
    .unlink(path)
    .catch(() => undefined)
}

async function writeAll(file: OpenFile, parts: readonly Uint8Array[]): Promise<void> {
  let left = parts.filter(({ length }) => length > 0)
  while (left.length > 0) {
    const { bytesWritten } = await file.writev(left.slice(0, PIECES_MAX))
    if (bytesWritten === 0) throw new Error('nothing more could be written')
    left = withoutFirst(left, bytesWritten)
  }
}

/** A disk that fills up, or a signal, ends a write anywhere. */
function withoutFirst(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let done = 0
  let skipped = bytes
  while (done < parts.length && skipped >= parts[done]!.length) skipped -= parts[done++]!.length
  const left = parts.slice(done)
  if (skipped > 0) left[0] = left[0]!.subarray(skipped)
  return left
}
