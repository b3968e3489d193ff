/**
 * Cuts a byte range of a file into blocks of whole lines. A line belongs to the range in which its
 * first byte lies, so that ranges next to each other give every line once. A line too long to
 * hold is passed over, not loaded.
 * Threads: the task.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { fileError } from './file-errors.ts'

export interface LineRange {
  readonly path: string
  readonly start: number
  /** Infinity: to the end of the file. */
  readonly end: number
  readonly lineBytesMax: number
}

export interface LineBlock {
  /** Byte of the file at which the block starts: the first of a line. */
  readonly byte: number
  /** Whole lines, the last one perhaps without its line end; undefined for a line too long. */
  readonly text: string | undefined
}

/** Bytes read at once, and bytes of whole lines in a block. */
const READ_BYTES = 256 * 1024
const BLOCK_BYTES = 64 * 1024
const NEWLINE = 10

export class LineBlocks {
  readonly #range: LineRange
  readonly #fd: number
  #buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  /** Of the file, where the buffer's first byte lies. */
  #base: number
  #from = 0
  #to = 0
  #ended = false

  /** `aligned`: a line begins at the start. Otherwise the line it cuts is left to its owner. */
  constructor(range: LineRange, aligned: boolean) {
    this.#range = range
    this.#base = range.start
    this.#fd = openFile(range.path)
    if (aligned || range.start === 0) return
    this.#base = range.start - 1
    try {
      this.#passLine()
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Byte of the file at which the next block starts. */
  get byte(): number {
    return this.#base + this.#from
  }

  next(): LineBlock | undefined {
    const byte = this.byte
    if (byte >= this.#range.end) return undefined
    const end = this.#blockEnd()
    if (end === this.#from) return undefined
    if (end === -1) {
      this.#passLine()
      return { byte, text: undefined }
    }
    const text = this.#buffer.toString('utf8', this.#from, end)
    this.#from = end
    return { byte, text: byte === 0 && text.startsWith('\ufeff') ? text.slice(1) : text }
  }

  close(): void {
    closeSync(this.#fd)
  }

  /**
   * Index behind the block that begins at `from`; -1 if its first line is too long. It depends on
   * the lines alone, not on how much of them was read before: blocks are positions.
   */
  #blockEnd(): number {
    const left = this.#range.end - this.byte
    const size = Math.min(BLOCK_BYTES, left)
    while (this.#to - this.#from < size && this.#fill());
    const newline = this.#buffer.subarray(0, this.#to).lastIndexOf(NEWLINE, this.#from + size - 1)
    const whole = Math.max(0, newline + 1 - this.#from)
    if (whole === size || (whole > 0 && left > BLOCK_BYTES)) return this.#from + whole
    // A line longer than a block, or the range's last one, which ends behind the range.
    const end = this.#lineEnd(whole)
    return end === -1 && whole > 0 ? this.#from + whole : end
  }

  /** Index behind the line that begins `start` bytes behind `from`, reading on as needed. */
  #lineEnd(start: number): number {
    // With the carriage return that does not count.
    const bytesMax = this.#range.lineBytesMax + 1
    for (let searched = start; ; ) {
      const found = this.#find(this.#from + searched)
      if (found !== -1) return found - this.#from - start > bytesMax ? -1 : found + 1
      searched = this.#to - this.#from
      if (searched - start > bytesMax) return -1
      if (!this.#fill()) return this.#to
    }
  }

  #find(from: number): number {
    return from >= this.#to ? -1 : this.#buffer.subarray(0, this.#to).indexOf(NEWLINE, from)
  }

  /** Passes over everything up to the next line. */
  #passLine(): void {
    for (;;) {
      const found = this.#find(this.#from)
      if (found !== -1) {
        this.#from = found + 1
        return
      }
      this.#from = this.#to
      if (!this.#fill()) return
    }
  }

  /** Reads on; false at the end of the file. Bytes from `from` on are kept. */
  #fill(): boolean {
    if (this.#ended) return false
    this.#makeRoom()
    const room = this.#buffer.length - this.#to
    const read = this.#read(room)
    this.#to += read
    this.#ended = read === 0
    return read > 0
  }

  #makeRoom(): void {
    const kept = this.#to - this.#from
    let target = this.#buffer
    if (kept > this.#buffer.length / 2) target = Buffer.allocUnsafeSlow(this.#buffer.length * 2)
    this.#buffer.copy(target, 0, this.#from, this.#to)
    this.#buffer = target
    this.#base += this.#from
    this.#from = 0
    this.#to = kept
  }

  #read(room: number): number {
    try {
      return readSync(this.#fd, this.#buffer, this.#to, room, this.#base + this.#to)
    } catch (error) {
      throw fileError(error, this.#range.path)
    }
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw fileError(error, path)
  }
}

/** Line ends in the first `bytes` bytes of a file: the number of lines before that byte. */
export function countLines(path: string, bytes: number): number {
  const fd = openFile(path)
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  let lines = 0
  try {
    for (let at = 0; at < bytes; ) {
      const read = readSync(fd, buffer, 0, Math.min(buffer.length, bytes - at), at)
      if (read === 0) break
      const chunk = buffer.subarray(0, read)
      for (let i = chunk.indexOf(NEWLINE); i !== -1; i = chunk.indexOf(NEWLINE, i + 1)) lines++
      at += read
    }
  } finally {
    closeSync(fd)
  }
  return lines
}
