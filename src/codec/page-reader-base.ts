/**
 * What all page readers have in common: opening a page. Generated subclasses add `record` and
 * `time` (`read-code.ts`).
 * Threads: the consuming task.
 */
import { assert } from '../base/assert.ts'
import { ValueCodec } from './blob.ts'
import { CodedTexts } from './coded-texts.ts'
import type { PageReader, PageViews } from './page.ts'
import { NO_TIME } from './page.ts'
import {
  BLOB_OFFSET_WORD,
  COUNT_WORD,
  FLAGS_WORD,
  flagsWord,
  HEADER_BYTES,
  HEAP_ASCII,
  HEAP_CHARS_WORD,
  HEAP_ENCODING_WORD,
  HEAP_OFFSET_WORD,
  HEAP_UTF16,
  headerWord,
  MARKS_OFFSET_WORD,
  SHAPE_HI_WORD,
  SHAPE_LO_WORD,
  STRIDE_WORD,
} from './page-layout.ts'
import type { Shape } from './shape.ts'

const NO_BYTES = new Uint8Array(0)
const NO_TEXTS = new CodedTexts()
/** A single large page must not hold its copy for ever. */
const BLOB_BYTES_KEPT_MAX = 1 << 20

export abstract class PageReaderBase implements PageReader {
  abstract readonly shape: Shape
  abstract readonly withTime: boolean
  abstract readonly stride: number
  abstract readonly hasBlobs: boolean
  abstract readonly hasSpelled: boolean
  texts = NO_TEXTS
  count = 0
  rows8 = 0
  i32!: Int32Array
  f64!: Float64Array
  u8!: Uint8Array
  heap = ''
  /** All rows as text, where some of their bytes are one. */
  rows = ''
  /** The byte at which it begins. */
  heapAt = 0
  heapIsAscii = true
  /** A copy of the page's byte values: shared memory must not reach a decoder. */
  blobs: Uint8Array = NO_BYTES
  readonly values = new ValueCodec()

  open(views: PageViews, offset: number): void {
    this.#check(views, offset)
    this.i32 = views.i32
    this.f64 = views.f64
    this.u8 = views.u8
    this.rows8 = (offset + HEADER_BYTES) / 8
    this.count = headerWord(views, offset, COUNT_WORD)
    this.heapAt = offset + headerWord(views, offset, HEAP_OFFSET_WORD)
    this.heapIsAscii = headerWord(views, offset, HEAP_ENCODING_WORD) === HEAP_ASCII
    this.heap = readHeap(views, offset)
    if (this.hasSpelled) this.rows = this.#readRows(views, offset)
    if (this.hasBlobs) this.#copyBlobs(views, offset)
  }

  abstract record(index: number): unknown

  abstract readonly hasFields: boolean

  abstract fields(index: number): unknown

  time(_index: number): number {
    return NO_TIME
  }

  #check(views: PageViews, offset: number): void {
    const { shape } = this
    assert(
      headerWord(views, offset, SHAPE_HI_WORD) === shape.hi &&
        headerWord(views, offset, SHAPE_LO_WORD) === shape.lo &&
        headerWord(views, offset, STRIDE_WORD) === this.stride &&
        headerWord(views, offset, FLAGS_WORD) === flagsWord(this.withTime),
      'a page was opened with the reader of another shape',
    )
  }

  #readRows(views: PageViews, offset: number): string {
    const from = offset + HEADER_BYTES
    const buf = views.buf as unknown as BufferWithSlices
    return buf.latin1Slice(from, from + this.count * this.stride)
  }

  #copyBlobs(views: PageViews, offset: number): void {
    const from = offset + headerWord(views, offset, BLOB_OFFSET_WORD)
    const to = offset + headerWord(views, offset, MARKS_OFFSET_WORD)
    const { length } = this.blobs
    if (length < to - from || length > BLOB_BYTES_KEPT_MAX) this.blobs = new Uint8Array(to - from)
    this.blobs.set(views.u8.subarray(from, to))
  }
}

function readHeap(views: PageViews, offset: number): string {
  const chars = headerWord(views, offset, HEAP_CHARS_WORD)
  if (chars === 0) return ''
  const from = offset + headerWord(views, offset, HEAP_OFFSET_WORD)
  const isWide = headerWord(views, offset, HEAP_ENCODING_WORD) === HEAP_UTF16
  const buf = views.buf as unknown as BufferWithSlices
  return isWide ? buf.ucs2Slice(from, from + 2 * chars) : buf.latin1Slice(from, from + chars)
}

/** Node's own methods behind `toString`, without its checks and choice of encoding. */
interface BufferWithSlices {
  latin1Slice(from: number, to: number): string
  ucs2Slice(from: number, to: number): string
}
