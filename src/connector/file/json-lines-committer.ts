/**
 * Makes finished part files visible, once: a hard link under the final name, then the hidden name
 * goes. A link never overwrites and never shows half a file; a second commit finds its work done.
 * Threads: the main thread.
 */
import { link, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { SluiceError } from '../../base/errors.ts'
import type { CommitContext, SinkCommitter, StartContext } from '../../operator/sink.ts'
import { errnoOf } from './file-errors.ts'
import { outputFailed } from './json-lines-writer.ts'
import type { PartFile } from './part-files.ts'
import { hiddenPrefix, isHiddenPart, isVisiblePart } from './part-files.ts'

export class JsonLinesCommitter implements SinkCommitter {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = resolve(directory)
  }

  async start(context: StartContext): Promise<void> {
    await this.#makeWritable()
    if (context.restoring) return
    const names = await readdir(this.#directory)
    const output = names.filter(isVisiblePart)
    if (output.length > 0 && !context.overwrite) throw this.#refused(output)
    if (context.overwrite) await this.#remove([...output, ...names.filter(isHiddenPart)])
  }

  async commit(committables: readonly unknown[], _context: CommitContext): Promise<void> {
    for (const part of committables as readonly PartFile[]) {
      await publish(this.#directory, part).catch((error: unknown) => {
        throw outputFailed(join(this.#directory, part.to), error)
      })
    }
    if (committables.length > 0) await syncDirectory(this.#directory)
  }

  async recover(committed: readonly unknown[], context: CommitContext): Promise<void> {
    await this.commit(committed, context)
    await this.abort(context)
  }

  async abort(context: CommitContext): Promise<void> {
    const prefix = hiddenPrefix(context.lineage)
    const names = await readdir(this.#directory).catch(() => [])
    await this.#remove(names.filter((name) => isHiddenPart(name) && name.startsWith(prefix)))
  }

  async #makeWritable(): Promise<void> {
    const probe = join(this.#directory, `.part-probe-${process.pid}.inprogress`)
    try {
      await makeDirectory(this.#directory)
      // Rights alone do not tell: the file system may be read-only or full.
      await (await open(probe, 'w')).close()
      await unlink(probe)
    } catch (cause) {
      const errno = errnoOf(cause) ?? String(cause)
      const directory = this.#directory
      throw new SluiceError('OUTPUT_NOT_WRITABLE', `${directory} cannot be written to: ${errno}`, {
        place: directory,
        hint: 'name a directory that the user who runs the job may create or write to',
        cause,
      })
    }
  }

  #refused(output: readonly string[]): SluiceError {
    const files = output.length === 1 ? 'a file' : `${output.length} files`
    const what = `${this.#directory} already has output (${files}, such as ${output[0]})`
    return new SluiceError('OUTPUT_EXISTS', what, {
      place: this.#directory,
      hint: 'pass --overwrite to replace it, or name another directory',
    })
  }

  async #remove(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await unlink(join(this.#directory, name)).catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw outputFailed(join(this.#directory, name), error)
      })
    }
  }
}

/** As `mkdir -p`. Node's own goes round for ever where a parent takes no directories. */
async function makeDirectory(path: string): Promise<void> {
  const missing: string[] = []
  let at = path
  for (; (await statOf(at)) === undefined && dirname(at) !== at; at = dirname(at)) missing.push(at)
  for (const one of missing.reverse()) {
    await mkdir(one).catch((error: unknown) => {
      // Another sink may make the same directory at the same time.
      if (errnoOf(error) !== 'EEXIST') throw error
    })
  }
}

async function publish(directory: string, part: PartFile): Promise<void> {
  const from = join(directory, part.from)
  const to = join(directory, part.to)
  try {
    await link(from, to)
  } catch (error) {
    if (await isPublished(from, to, part.bytes)) return removeIfThere(from)
    const errno = errnoOf(error)
    if (errno === 'EEXIST') throw otherFile(to, error)
    // File systems without hard links.
    if (errno === 'EPERM' || errno === 'ENOTSUP' || errno === 'ENOSYS') return rename(from, to)
    throw error
  }
  await unlink(from)
}

/** True where `to` is this very part: linked already, or linked and its hidden name gone. */
async function isPublished(from: string, to: string, bytes: number): Promise<boolean> {
  const [hidden, visible] = await Promise.all([statOf(from), statOf(to)])
  if (visible === undefined) return false
  return hidden === undefined ? visible.size === bytes : hidden.ino === visible.ino
}

async function statOf(path: string) {
  return stat(path).catch(() => undefined)
}

async function removeIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error
  })
}

function otherFile(path: string, cause: unknown): SluiceError {
  return new SluiceError('OUTPUT_EXISTS', `${path} is already there and is not this job's`, {
    place: path,
    hint: 'give each sink and each job a directory of its own',
    cause,
  })
}

/** A new name is durable only when its directory is on disk. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } catch (error) {
    // Some file systems cannot sync a directory; nothing more can be done there.
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'EPERM') throw outputFailed(path, error)
  } finally {
    await handle.close()
  }
}
