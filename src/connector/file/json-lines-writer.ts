/**
 * Appends a subtask's records to a hidden file, line by line. What is written becomes visible only
 * through the committer, at a checkpoint or at the end of the input.
 * Threads: the task.
 */
import { closeSync, fsync, openSync, unlinkSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { SinkWriter, WriterContext } from '../../operator/sink.ts'
import { outputFailed } from './file-errors.ts'
import { jsonLine } from './json-line.ts'
import { syncDirectory } from './output-files.ts'
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
  bytesWritten = 0
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
    this.bytesWritten += bytes.length
    part.records += this.#records
    this.#text = ''
    this.#records = 0
    if (part.bytes >= this.#options.rollBytes) {
      this.#full.push(part)
      this.#part = undefined
    }
  }

  /** Writes that follow go to a new file, so the old ones may be synced meanwhile. */
  async prepareCommit(checkpointId: number): Promise<readonly PartFile[]> {
    this.flush()
    const parts = this.#takeParts()
    const { subtask } = this.#context
    const files = parts.map(({ name, bytes, records }, index) => ({
      from: name,
      to: visiblePartName(subtask, checkpointId, index),
      bytes,
      records,
    }))
    await makeDurable(parts, this.#options.directory)
    return files
  }

  close(): void {
    this.#text = ''
    this.#records = 0
    for (const part of this.#takeParts()) discardPart(part)
  }

  #takeParts(): readonly OpenPart[] {
    const parts = this.#part === undefined ? this.#full : [...this.#full, this.#part]
    this.#full = []
    this.#part = undefined
    return parts
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

/** The checkpoint will refer to these files, so their names have to outlive a crash as well. */
async function makeDurable(parts: readonly OpenPart[], directory: string): Promise<void> {
  if (parts.length === 0) return
  const finished = await Promise.allSettled(parts.map(finishPart))
  const failed = finished.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  await syncDirectory(directory)
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
