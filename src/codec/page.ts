/**
 * What a page is to the code that fills and reads it. A page holds records of one shape in
 * fixed-stride rows, then one string heap, one byte heap, and the marks between the records.
 * Writers and readers are generated per shape (`page-compiler.ts`); the channel owns the memory.
 */
import type { CodedTexts } from './coded-texts.ts'
import type { Shape } from './shape.ts'

/** Views over one whole shared buffer: made once per ring or extension buffer. */
export interface PageViews {
  readonly i32: Int32Array
  readonly f64: Float64Array
  readonly u8: Uint8Array
  readonly buf: Buffer
}

export function pageViews(buffer: SharedArrayBuffer | ArrayBuffer): PageViews {
  return {
    i32: new Int32Array(buffer),
    f64: new Float64Array(buffer),
    u8: new Uint8Array(buffer),
    buf: Buffer.from(buffer as ArrayBuffer),
  }
}

/** The event time of a record that has none, and the watermark before the first. */
export const NO_TIME = Number.NEGATIVE_INFINITY
/** The watermark after which no record comes. */
export const END_OF_TIME = Number.POSITIVE_INFINITY

/** Kinds of marks; a mark stands before the record of its index. */
export const MARK_WATERMARK = 1
export const MARK_IDLE = 2
export const MARK_ACTIVE = 3
export const MARK_END = 4

/** Results of `PageWriter.append`. */
export const APPENDED = 1
export const FULL = 0
export const MISFIT = -1

/** The number of the coded text in the record that is written next; -1 if it has none. */
export interface CurrentCode {
  readonly current: number
}

/** The spelling of that text in the record that is written next, as `ShortKey` has it. */
export interface CurrentSpelling {
  /** 0 if it has none. */
  readonly length: number
  readonly hash: number
  readonly words: Int32Array
}

/** Fills one page after the other with records of one shape. Threads: the producing task. */
export interface PageWriter {
  readonly shape: Shape
  readonly withTime: boolean
  /** Records in the page that is being filled. */
  readonly count: number
  /** Read where the shape has a coded text. */
  codes: CurrentCode
  /** Read where it has a spelled one. */
  spelling: CurrentSpelling
  /** After `FULL` on an empty page: the bytes a page needs to hold that record. */
  readonly bytesNeeded: number
  /** Starts a page at `offset` (a multiple of 8) with room for `capacity` bytes. */
  begin(views: PageViews, offset: number, capacity: number): void
  /** Takes the record; if the page is full or the shape does not fit, nothing has changed. */
  append(record: unknown, timeMs: number): typeof APPENDED | typeof FULL | typeof MISFIT
  /** Puts a mark before the next record. FULL if there is no room for it. */
  mark(kind: number, value: number): typeof APPENDED | typeof FULL
  /**
   * Writes heaps, marks and header and returns the page's bytes. A negative result is the bytes
   * that the page needs instead of what it has (a heap turned out to need two bytes a character):
   * the caller calls `relocate` with a larger place, then `finish` again.
   */
  finish(): number
  relocate(views: PageViews, offset: number, capacity: number): void
}

/** Reads the records of one page. Threads: the consuming task. */
export interface PageReader {
  readonly shape: Shape
  readonly withTime: boolean
  readonly count: number
  /** Read where the shape has a coded text: those of the channel. */
  texts: CodedTexts
  /** Opens a finished page and takes its string heap, so that later reads touch only rows. */
  open(views: PageViews, offset: number): void
  /** The record at `index`, a fresh object that belongs to the caller. */
  record(index: number): unknown
  /** True if all records are objects. */
  readonly hasFields: boolean
  /**
   * An object with the fields of the record at `index`, each decoded when it is read. It is the
   * same object at every call: of use until the next one, to whoever keeps nothing but fields.
   */
  fields(index: number): unknown
  /** Its event time in epoch ms, `NO_TIME` if it has none. */
  time(index: number): number
}
