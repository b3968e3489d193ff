/**
 * Blobs as files below a directory. `put` writes to the final name at once: nobody looks for a
 * blob before metadata name it, and metadata are published only when it is durable. `putIfAbsent`
 * makes a name appear whole, or not at all. A blob that is shorter than asked is returned as it is:
 * whoever reads it knows the checksum.
 * Threads: any.
 */
import { dirname, join } from 'node:path'
import { assert } from '../base/assert.ts'
import type { BlobInfo, BlobStore } from './contract.ts'
import {
  removeLeftover,
  syncDirectory,
  TEMPORARY_PREFIX,
  temporaryPath,
  unlinkIfThere,
  writeDurably,
} from './durable-files.ts'
import type { DirectoryEntry } from './file-system.ts'
import { filesAt } from './file-system.ts'
import { makeDirectory } from './make-directory.ts'
import { blobMissing, errnoOf, storageFailed } from './storage-errors.ts'

/** The system reads a little less than 2 GiB at a time. */
const READ_BYTES_MAX = 1 << 30

export class FileStore implements BlobStore {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  async put(name: string, parts: readonly Uint8Array[]): Promise<void> {
    const path = this.#pathOf(name)
    try {
      await makeDirectory(dirname(path))
      await writeDurably(path, parts)
    } catch (cause) {
      await removeLeftover(path)
      throw storageFailed(path, 'written', cause)
    }
  }

  async putIfAbsent(name: string, bytes: Uint8Array): Promise<boolean> {
    const path = this.#pathOf(name)
    const temporary = temporaryPath(dirname(path))
    try {
      await makeDirectory(dirname(path))
      // The blobs that it names were put into this folder before: their names must not be lost if
      // this one survives.
      await both(writeDurably(temporary, [bytes]), syncDirectory(dirname(path)))
      return await publish(temporary, path)
    } catch (cause) {
      await removeLeftover(temporary)
      throw storageFailed(path, 'published', cause)
    }
  }

  async get(name: string, range?: { readonly from: number; readonly to: number }) {
    const path = this.#pathOf(name)
    try {
      return await read(path, range?.from ?? 0, range?.to)
    } catch (cause) {
      if (isMissing(cause)) throw blobMissing(path, cause)
      throw storageFailed(path, 'read', cause)
    }
  }

  async list(prefix: string): Promise<readonly BlobInfo[]> {
    const found: BlobInfo[] = []
    try {
      await this.#collect('', prefix, found)
    } catch (cause) {
      throw storageFailed(join(this.#directory, prefix), 'listed', cause)
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async delete(name: string): Promise<void> {
    const path = this.#pathOf(name)
    try {
      await unlinkIfThere(path)
      await removeEmptyFolders(dirname(path), this.#directory)
    } catch (cause) {
      throw storageFailed(path, 'deleted', cause)
    }
  }

  #pathOf(name: string): string {
    assert(isBlobName(name), `'${name}' is no name of a blob`)
    return join(this.#directory, name)
  }

  async #entriesOf(path: string): Promise<readonly DirectoryEntry[]> {
    try {
      return await filesAt(path).entries(path)
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }

  /** `folder` is '' or ends with a slash, as it stands in names. */
  async #collect(folder: string, prefix: string, found: BlobInfo[]): Promise<void> {
    const entries = await this.#entriesOf(join(this.#directory, folder))
    for (const entry of entries) {
      if (entry.name.startsWith(TEMPORARY_PREFIX)) continue
      const name = folder + entry.name
      if (entry.isDirectory()) {
        const inner = `${name}/`
        if (inner.startsWith(prefix) || prefix.startsWith(inner)) {
          await this.#collect(inner, prefix, found)
        }
      } else if (name.startsWith(prefix)) {
        const bytes = await sizeOf(join(this.#directory, name))
        if (bytes !== undefined) found.push({ name, bytes })
      }
    }
  }
}

function isBlobName(name: string): boolean {
  return name.split('/').every((part) => {
    return part !== '' && part !== '.' && part !== '..' && !part.startsWith(TEMPORARY_PREFIX)
  })
}

function isMissing(error: unknown): boolean {
  const errno = errnoOf(error)
  return errno === 'ENOENT' || errno === 'ENOTDIR'
}

/** False if the name is taken. */
async function publish(temporary: string, path: string): Promise<boolean> {
  try {
    await filesAt(path).link(temporary, path)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
    await unlinkIfThere(temporary)
    return false
  }
  try {
    await syncDirectory(dirname(path))
  } catch (error) {
    // Nobody may go on from what was reported as failed: whoever is told has to delete it, durably.
    await removeLeftover(path)
    throw error
  }
  // It is published, whatever becomes of its other name.
  await removeLeftover(temporary)
  return true
}

/** The one that fails waits for the other: nothing is still on its way when it throws. */
async function both(...actions: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(actions)
  await Promise.all(actions)
}

async function read(path: string, from: number, to: number | undefined): Promise<Uint8Array> {
  const file = await filesAt(path).open(path, 'r')
  try {
    const { size } = await file.stat()
    const end = Math.min(to ?? size, size)
    const bytes = new Uint8Array(Math.max(0, end - from))
    let done = 0
    while (done < bytes.length) {
      const length = Math.min(bytes.length - done, READ_BYTES_MAX)
      const { bytesRead } = await file.read(bytes, done, length, from + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    return bytes.subarray(0, done)
  } finally {
    await file.close()
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await filesAt(path).stat(path)).size
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let at = folder; at.length > root.length; at = dirname(at)) {
    try {
      await filesAt(at).rmdir(at)
    } catch (error) {
      const errno = errnoOf(error)
      if (errno === 'ENOTEMPTY' || errno === 'EEXIST') return
      if (errno !== 'ENOENT') throw error
    }
  }
}
