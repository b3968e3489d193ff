/**
 * What sources of lines share: byte ranges of files as splits, and a reader that turns blocks of
 * lines into batches through a parser.
 * Threads: the enumerator in the main thread, the reader in the task.
 */
import { stat } from 'node:fs/promises'
import type {
  Batch,
  Split,
  SplitEnumerator,
  SplitReader,
  UnreadableRecord,
} from '../../operator/source.ts'
import { fileError } from './file-errors.ts'
import { countLines, LineBlocks } from './line-blocks.ts'
import type { FileInput } from './paths.ts'
import { findFiles } from './paths.ts'

/** A byte range of one file: the lines whose first byte lies in it. */
interface LineSplit extends Split {
  readonly path: string
  readonly start: number
  readonly end: number
}

/** Independent of the parallelism, so that a split's name means the same after a restart. */
export class LineEnumerator implements SplitEnumerator {
  readonly #input: FileInput
  readonly #extensions: readonly string[]
  readonly #splitBytes: number

  constructor(input: FileInput, extensions: readonly string[], splitBytes: number) {
    this.#input = input
    this.#extensions = extensions
    this.#splitBytes = splitBytes
  }

  async discover(): Promise<readonly LineSplit[]> {
    const splits: LineSplit[] = []
    for (const path of await findFiles(this.#input, this.#extensions)) {
      const { size } = await stat(path).catch((error: unknown) => {
        throw fileError(error, path)
      })
      for (let start = 0; start < size; start += this.#splitBytes) {
        const end = Math.min(size, start + this.#splitBytes)
        splits.push({ id: `${path}@${start}`, path, start, end, bytes: end - start })
      }
    }
    return splits
  }
}

/** Adds the line's record to `records`, or says why there is none. */
export type LineParser<T> = (line: string, records: T[]) => string | undefined

export interface LineReaderOptions<T> {
  readonly parse: LineParser<T>
  readonly lineBytesMax: number
}

/** Where a block starts in its file: the first byte of a line. */
interface LinePosition {
  readonly byte: number
}

/** Of an unreadable line, for people. */
const TEXT_MAX = 1000
/** Farther into a file lines are not counted from its start: that would hold up the task. */
const COUNT_BYTES_MAX = 256 * 1024 * 1024

export class LineReader<T> implements SplitReader<T> {
  /** Of whole lines, those passed over included. */
  bytesRead = 0
  readonly #options: LineReaderOptions<T>
  #split: LineSplit | undefined
  #blocks: LineBlocks | undefined
  /** A byte at which a line starts, and the lines since then up to the next block. */
  #anchor = 0
  #linesSince = 0
  /** Lines before the anchor; counted when first asked for. */
  #linesBefore: number | undefined
  /** Where the block starts, and the lines of it that were read. */
  #block = 0
  #linesInBlock = 0

  constructor(options: LineReaderOptions<T>) {
    this.#options = options
  }

  open(split: Split, position: unknown | undefined): void {
    this.close()
    const wanted = split as LineSplit
    const from = position as LinePosition | undefined
    const { path, end } = wanted
    const start = from?.byte ?? wanted.start
    const { lineBytesMax } = this.#options
    this.#split = wanted
    this.#blocks = new LineBlocks({ path, start, end, lineBytesMax }, from !== undefined)
    this.#anchor = this.#blocks.byte
    this.#linesSince = 0
    this.#linesBefore = this.#anchor === 0 ? 0 : undefined
  }

  next(): Batch<T> | undefined {
    for (;;) {
      const block = this.#blocks!.next()
      if (block === undefined) return undefined
      this.#block = block.byte
      this.bytesRead += this.#blocks!.byte - block.byte
      this.#linesInBlock = 0
      const batch =
        block.text === undefined ? this.#tooLong(block.byte) : this.#parse(block.byte, block.text)
      if (batch.count > 0 || batch.unreadable.length > 0) return batch
    }
  }

  close(): void {
    this.#blocks?.close()
    this.#blocks = undefined
  }

  #parse(byte: number, text: string) {
    const { parse, lineBytesMax } = this.#options
    const records: T[] = []
    const unreadable: UnreadableRecord[] = []
    for (let at = 0; at < text.length; ) {
      const newline = text.indexOf('\n', at)
      const next = newline === -1 ? text.length : newline
      const line = text.slice(at, text.charCodeAt(next - 1) === 13 && next > at ? next - 1 : next)
      const problem = isTooLong(line, lineBytesMax) ? this.#tooLongText() : parse(line, records)
      if (problem !== undefined) unreadable.push(this.#unreadable(problem, line, records.length))
      this.#endLine()
      at = next + 1
    }
    return lineBatch(byte, records, unreadable)
  }

  #tooLong(byte: number) {
    const unreadable = [this.#unreadable(this.#tooLongText(), '', 0)]
    this.#endLine()
    return lineBatch<T>(byte, [], unreadable)
  }

  #endLine(): void {
    this.#linesSince++
    this.#linesInBlock++
  }

  #tooLongText(): string {
    return `the line is longer than ${this.#options.lineBytesMax} bytes (maxLineBytes)`
  }

  #unreadable(reason: string, line: string, before: number): UnreadableRecord {
    return { place: this.#place(), text: line.slice(0, TEXT_MAX), reason, before }
  }

  /**
   * Of the line that is being read: `file:line`, as long as the lines before it can be counted.
   * Either is the same wherever reading began.
   */
  #place(): string {
    const { path } = this.#split!
    if (this.#block > COUNT_BYTES_MAX) {
      return `${path}: line ${this.#linesInBlock + 1} from byte ${this.#block} on`
    }
    this.#linesBefore ??= countLines(path, this.#anchor)
    return `${path}:${this.#linesBefore + this.#linesSince + 1}`
  }
}

/** A string has at most three bytes of UTF-8 for each of its units. */
function isTooLong(line: string, bytesMax: number): boolean {
  if (line.length * 3 <= bytesMax) return false
  return Buffer.byteLength(line) > bytesMax
}

function lineBatch<T>(byte: number, records: T[], unreadable: readonly UnreadableRecord[]) {
  const position: LinePosition = { byte }
  return { count: records.length, position, unreadable, record: (i: number) => records[i]! }
}
