/**
 * What the file sink does to its directory, one step of the file system a method, so that a test
 * can end the process, or the machine, between any two of them.
 * Threads: the main thread; `syncDirectory` the tasks, too.
 */
import { link, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { SluiceError } from '../../base/errors.ts'
import { errnoOf, outputFailed } from './file-errors.ts'

export interface OutputFile {
  /** The same for two names of one file. */
  readonly identity: string
  readonly bytes: number
}

/** Names are those within the directory. Errors are SluiceErrors that name the file. */
export interface OutputFiles {
  readonly directory: string
  /** Makes the directory if need be. Throws OUTPUT_NOT_WRITABLE. */
  makeWritable(): Promise<void>
  /** None where there is no directory. */
  list(): Promise<readonly string[]>
  find(name: string): Promise<OutputFile | undefined>
  read(name: string): Promise<string | undefined>
  /** Replaces what is there. When it resolves the text is durable, the name is not. */
  write(name: string, text: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /**
   * Gives a file a second name; false if that is taken. Where the file system has no links the
   * file is renamed.
   */
  link(from: string, to: string): Promise<boolean>
  /** No error if it is not there. */
  unlink(name: string): Promise<void>
  /** Makes durable which names there are. */
  sync(): Promise<void>
}

/** One name for all: what a killed process left is used, and removed, by the next. */
const PROBE_NAME = '.part-probe.inprogress'

export class DirectoryFiles implements OutputFiles {
  readonly directory: string

  constructor(directory: string) {
    this.directory = resolve(directory)
  }

  async makeWritable(): Promise<void> {
    try {
      await makeDirectory(this.directory)
      // Rights alone do not tell: the file system may be read-only or full.
      await (await open(this.#path(PROBE_NAME), 'w')).close()
      await this.unlink(PROBE_NAME)
    } catch (cause) {
      throw notWritable(this.directory, cause)
    }
  }

  async list(): Promise<readonly string[]> {
    return (await unlessMissing(this.directory, () => readdir(this.directory))) ?? []
  }

  async find(name: string): Promise<OutputFile | undefined> {
    const path = this.#path(name)
    // Inode numbers may exceed what a number holds.
    const found = await unlessMissing(path, () => stat(path, { bigint: true }))
    if (found === undefined) return undefined
    return { identity: `${found.dev}:${found.ino}`, bytes: Number(found.size) }
  }

  async read(name: string): Promise<string | undefined> {
    return unlessMissing(this.#path(name), () => readFile(this.#path(name), 'utf8'))
  }

  async write(name: string, text: string): Promise<void> {
    await failing(this.#path(name), async () => {
      const handle = await open(this.#path(name), 'w')
      try {
        await handle.writeFile(text)
        await handle.sync()
      } finally {
        await handle.close()
      }
    })
  }

  async rename(from: string, to: string): Promise<void> {
    await failing(this.#path(to), () => rename(this.#path(from), this.#path(to)))
  }

  async link(from: string, to: string): Promise<boolean> {
    try {
      await link(this.#path(from), this.#path(to))
      return true
    } catch (error) {
      const errno = errnoOf(error)
      if (errno === 'EEXIST') return false
      if (errno !== 'EPERM' && errno !== 'ENOTSUP' && errno !== 'ENOSYS') {
        throw outputFailed(this.#path(to), error)
      }
    }
    if ((await this.find(to)) !== undefined) return false
    await this.rename(from, to)
    return true
  }

  async unlink(name: string): Promise<void> {
    await unlessMissing(this.#path(name), () => unlink(this.#path(name)))
  }

  async sync(): Promise<void> {
    await syncDirectory(this.directory)
  }

  #path(name: string): string {
    return join(this.directory, name)
  }
}

/** A new name is durable only when its directory is on disk. */
export async function syncDirectory(path: string): Promise<void> {
  await failing(path, async () => {
    const handle = await open(path, 'r')
    try {
      await handle.sync()
    } catch (error) {
      // Some file systems cannot sync a directory; nothing more can be done there.
      if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'EPERM') throw error
    } finally {
      await handle.close()
    }
  })
}

/** As `mkdir -p`, durably. Node's own goes round for ever where a parent takes no directories. */
async function makeDirectory(path: string): Promise<void> {
  const missing: string[] = []
  for (let at = path; !(await isThere(at)) && dirname(at) !== at; at = dirname(at)) missing.push(at)
  for (const one of missing.reverse()) {
    await mkdir(one).catch((error: unknown) => {
      // Another sink may make the same directory at the same time.
      if (errnoOf(error) !== 'EEXIST') throw error
    })
    await syncDirectory(dirname(one))
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function failing<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw outputFailed(path, error)
  }
}

async function unlessMissing<T>(path: string, action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action()
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw outputFailed(path, error)
  }
}

function notWritable(directory: string, cause: unknown): SluiceError {
  const failed = cause instanceof SluiceError ? cause.cause : cause
  const errno = errnoOf(failed) ?? String(failed)
  return new SluiceError('OUTPUT_NOT_WRITABLE', `${directory} cannot be written to: ${errno}`, {
    place: directory,
    hint: 'name a directory that the user who runs the job may create or write to',
    cause,
  })
}
