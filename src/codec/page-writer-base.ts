/**
 * What all page writers have in common: everything but the code that takes a record. Generated
 * subclasses add `append` (`write-code.ts`) and touch the fields below, which are otherwise
 * nobody's business.
 * Threads: the producing task.
 */
import { assert } from '../base/assert.ts'
import { ValueCodec } from './blob.ts'
import { BlobScratch } from './blob-scratch.ts'
import type { CurrentCode, CurrentSpelling, PageViews, PageWriter } from './page.ts'
import { APPENDED, FULL, MISFIT } from './page.ts'
import type { Mark } from './page-layout.ts'
import {
  align8,
  BLOB_OFFSET_WORD,
  BYTES_WORD,
  COUNT_WORD,
  FLAGS_WORD,
  flagsWord,
  HEADER_BYTES,
  HEAP_ASCII,
  HEAP_CHARS_WORD,
  HEAP_ENCODING_WORD,
  HEAP_LATIN1,
  HEAP_OFFSET_WORD,
  HEAP_SLACK_BYTES,
  HEAP_UTF16,
  LATENCY_MARKER_BYTE,
  MARK_BYTES,
  MARK_COUNT_WORD,
  MARKS_OFFSET_WORD,
  putMark,
  SHAPE_HI_WORD,
  SHAPE_LO_WORD,
  STRIDE_WORD,
  TRACE_WORD,
} from './page-layout.ts'
import type { Shape } from './shape.ts'
import { ShortKey } from './short-key.ts'
import { withOwnFields } from './value-kind.ts'

const NOT_LATIN1 = /[\u0100-\uffff]/
const TOO_LARGE = -1
const NO_CODE: CurrentCode = { current: -1 }
const NO_SPELLING: CurrentSpelling = new ShortKey()

export abstract class PageWriterBase implements PageWriter {
  abstract readonly shape: Shape
  abstract readonly withTime: boolean
  abstract readonly stride: number
  codes: CurrentCode = NO_CODE
  spelling: CurrentSpelling = NO_SPELLING
  count = 0
  bytesNeeded = 0
  /** Bytes for rows, heap and byte values. */
  room = 0
  rows8 = 0
  i32!: Int32Array
  f64!: Float64Array
  u8!: Uint8Array
  /** All strings of the page, one behind the other: V8 joins them when they are written. */
  heap = ''
  chars = 0
  /** 1 while pages are expected to need two bytes a character, because the last one did. */
  charShift = 0
  readonly blobs = new BlobScratch()
  readonly values = new ValueCodec()
  /** Bytes in `blobs` that belong to taken records. */
  blobBytes = 0
  #views!: PageViews
  #offset = 0
  #capacity = 0
  readonly #marks: Mark[] = []

  begin(views: PageViews, offset: number, capacity: number): void {
    this.count = 0
    this.heap = ''
    this.chars = 0
    this.blobs.clear()
    this.blobBytes = 0
    this.#marks.length = 0
    this.#place(views, offset, capacity)
  }

  abstract append(record: unknown, timeMs: number): 1 | 0 | -1

  mark(kind: number, value: number): typeof APPENDED | typeof FULL {
    const used = this.count * this.stride + (this.chars << this.charShift) + this.blobBytes
    if (used + MARK_BYTES > this.room) return FULL
    this.room -= MARK_BYTES
    this.#marks.push({ index: this.count, kind, value })
    return APPENDED
  }

  finish(): number {
    const heapAt = HEADER_BYTES + this.count * this.stride
    const encoding = this.#writeHeap(heapAt)
    if (encoding === TOO_LARGE) return -this.#bytesWith(this.chars * 2 + HEAP_SLACK_BYTES)
    const heapBytes = encoding === HEAP_UTF16 ? this.chars * 2 : this.chars
    const blobAt = heapAt + heapBytes
    if (this.blobBytes > 0) this.blobs.copyTo(this.u8, this.#offset + blobAt, this.blobBytes)
    const bytes = this.#bytesWith(heapBytes)
    assert(bytes <= this.#capacity, 'a page ends behind its capacity')
    this.#writeMarks(bytes - this.#marks.length * MARK_BYTES)
    this.#writeHeader(bytes, heapAt, blobAt, encoding)
    this.heap = ''
    return bytes
  }

  relocate(views: PageViews, offset: number, capacity: number): void {
    const from = this.#offset + HEADER_BYTES
    const rows = this.#views.u8.subarray(from, from + this.count * this.stride)
    this.#place(views, offset, capacity)
    this.u8.set(rows, offset + HEADER_BYTES)
  }

  /** The result of `append` where a record needs `bytes` for rows, heap and byte values so far. */
  full(bytes: number): typeof FULL {
    this.bytesNeeded = align8(
      HEADER_BYTES + bytes + HEAP_SLACK_BYTES + this.#marks.length * MARK_BYTES,
    )
    return FULL
  }

  /** The result of `append` where a record does not have the shape, unless by what it inherits. */
  misfit(record: unknown, timeMs: number): 1 | 0 | -1 {
    const own = withOwnFields(record)
    return Object.is(own, record) ? MISFIT : this.append(own, timeMs)
  }

  #place(views: PageViews, offset: number, capacity: number): void {
    assert(offset % 8 === 0, 'a page begins at a multiple of 8')
    this.#views = views
    this.#offset = offset
    this.#capacity = capacity - (capacity % 8)
    this.i32 = views.i32
    this.f64 = views.f64
    this.u8 = views.u8
    this.rows8 = (offset + HEADER_BYTES) / 8
    const marks = this.#marks.length * MARK_BYTES
    this.room = this.#capacity - HEADER_BYTES - HEAP_SLACK_BYTES - marks
  }

  #bytesWith(heapBytes: number): number {
    const rows = this.count * this.stride
    const values = align8(HEADER_BYTES + rows + heapBytes + this.blobBytes)
    return values + this.#marks.length * MARK_BYTES
  }

  /** Returns the encoding, or `TOO_LARGE` if two bytes a character do not fit. */
  #writeHeap(heapAt: number): number {
    const { heap, chars } = this
    if (chars === 0) return HEAP_ASCII
    const at = this.#offset + heapAt
    const buf = this.#views.buf as unknown as BufferWithWrites
    // Anything but ASCII is longer in UTF-8 than in characters, and the slack shows it.
    if (buf.utf8Write(heap, at, chars + HEAP_SLACK_BYTES) === chars) {
      this.charShift = 0
      return HEAP_ASCII
    }
    if (!NOT_LATIN1.test(heap)) {
      this.charShift = 0
      buf.latin1Write(heap, at, chars)
      return HEAP_LATIN1
    }
    this.charShift = 1
    if (this.#bytesWith(chars * 2) > this.#capacity) return TOO_LARGE
    buf.ucs2Write(heap, at, chars * 2)
    return HEAP_UTF16
  }

  #writeMarks(at: number): void {
    const marks = this.#marks
    for (let k = 0; k < marks.length; k++) {
      putMark(this.#views, this.#offset + at + k * MARK_BYTES, marks[k]!)
    }
  }

  #writeHeader(bytes: number, heapAt: number, blobAt: number, encoding: number): void {
    const { i32, shape } = this
    const word = this.#offset >> 2
    i32[word + BYTES_WORD] = bytes
    i32[word + FLAGS_WORD] = flagsWord(this.withTime)
    i32[word + COUNT_WORD] = this.count
    i32[word + SHAPE_HI_WORD] = shape.hi
    i32[word + SHAPE_LO_WORD] = shape.lo
    i32[word + STRIDE_WORD] = this.stride
    i32[word + HEAP_CHARS_WORD] = this.chars
    i32[word + HEAP_ENCODING_WORD] = encoding
    i32[word + HEAP_OFFSET_WORD] = heapAt
    i32[word + BLOB_OFFSET_WORD] = blobAt
    i32[word + MARK_COUNT_WORD] = this.#marks.length
    i32[word + MARKS_OFFSET_WORD] = bytes - this.#marks.length * MARK_BYTES
    i32[word + TRACE_WORD] = 0
    this.f64[(this.#offset + LATENCY_MARKER_BYTE) / 8] = 0
  }
}

/** Node's own methods behind `write`, without its checks and choice of encoding. */
interface BufferWithWrites {
  utf8Write(text: string, at: number, bytesMax: number): number
  latin1Write(text: string, at: number, bytesMax: number): number
  ucs2Write(text: string, at: number, bytesMax: number): number
}
