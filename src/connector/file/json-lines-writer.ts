/**
 * Appends a subtask's records to a hidden file, line by line. What is written becomes visible only
 * through the committer, at a checkpoint or at the end of the input.
 * Threads: the task.
 */
import { closeSync, fsync, openSync, unlinkSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { SluiceError } from '../../base/errors.ts'
import type { SinkWriter, WriterContext } from '../../operator/sink.ts'
import { errnoOf } from './file-errors.ts'
import { jsonLine } from './json-line.ts'
import type { PartFile } from './part-files.ts'
import { hiddenPartName, visiblePartName } from './part-files.ts'

export interface JsonLinesWriterOptions {
  readonly directory: string
  readonly rollBytes: number
}

/** UTF-16 units held back; a write is at most one record more. */
const BUFFER_MAX = 1 << 16

interface OpenPart {
  readonly name: string
  readonly path: string
  readonly fd: number
  bytes: number
  records: number
}

const syncToDisk = promisify(fsync)

export class JsonLinesWriter<T> implements SinkWriter<T> {
  readonly #options: JsonLinesWriterOptions
  readonly #context: WriterContext
  #text = ''
  #records = 0
  #part: OpenPart | undefined
  #full: OpenPart[] = []
  #opened = 0

  constructor(options: JsonLinesWriterOptions, context: WriterContext) {
    this.#options = { ...options, directory: resolve(options.directory) }
    this.#context = context
  }

  write(record: T): void {
    this.#text += `${jsonLine(record)}\n`
    this.#records++
    if (this.#text.length >= BUFFER_MAX) this.flush()
  }

  /** Always: a full buffer is written at once. */
  ready(): boolean {
    return true
  }

  flush(): void {
    if (this.#records === 0) return
    const part = (this.#part ??= this.#openPart())
    const bytes = Buffer.from(this.#text)
    writeAll(part, bytes)
    part.bytes += bytes.length
    part.records += this.#records
    this.#text = ''
    this.#records = 0
    if (part.bytes >= this.#options.rollBytes) {
      this.#full.push(part)
      this.#part = undefined
    }
  }

  /** Writes that follow go to a new file, so the old one may be synced meanwhile. */
  async prepareCommit(checkpointId: number): Promise<readonly PartFile[]> {
    this.flush()
    const parts = this.#part === undefined ? this.#full : [...this.#full, this.#part]
    this.#full = []
    this.#part = undefined
    const { subtask } = this.#context
    for (const part of parts) await finishPart(part)
    return parts.map(({ name, bytes, records }, index) => ({
      from: name,
      to: visiblePartName(subtask, checkpointId, index),
      bytes,
      records,
    }))
  }

  close(): void {
    const unfinished = this.#part === undefined ? this.#full : [...this.#full, this.#part]
    this.#part = undefined
    this.#full = []
    this.#text = ''
    this.#records = 0
    for (const part of unfinished) discardPart(part)
  }

  #openPart(): OpenPart {
    const name = hiddenPartName(this.#context, this.#opened++)
    const path = join(this.#options.directory, name)
    try {
      return { name, path, fd: openSync(path, 'wx'), bytes: 0, records: 0 }
    } catch (error) {
      throw outputFailed(path, error)
    }
  }
}

function writeAll(part: OpenPart, bytes: Buffer): void {
  let done = 0
  try {
    while (done < bytes.length) done += writeSync(part.fd, bytes, done, bytes.length - done)
  } catch (error) {
    throw outputFailed(part.path, error)
  }
}

async function finishPart(part: OpenPart): Promise<void> {
  try {
    await syncToDisk(part.fd)
  } catch (error) {
    throw outputFailed(part.path, error)
  } finally {
    closeSync(part.fd)
  }
}

/** At the end of a failure: whatever goes wrong here must not hide it. */
function discardPart(part: OpenPart): void {
  for (const step of [() => closeSync(part.fd), () => unlinkSync(part.path)]) {
    try {
      step()
    } catch {
      // The committer's abort removes what is left.
    }
  }
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
