/**
 * Where everything lies in a page. Nobody else writes a literal offset.
 * The writer fills all words of the header in `finish` but the sequence number, which the channel
 * sets behind it (and the trace word and latency marker, if it wants any: `finish` clears them).
 */
import type { PageViews } from './page.ts'

//  0        64                64 + count * stride                                  (8-aligned)
//  | header | rows of equal   | string heap: chars * (1 or 2)  | byte values | pad | marks       |
//  |        | stride          | bytes                          |             |     | 16 bytes each|
//
//  a row: | event time f64? | f64 columns | i32 columns and ends | bools and states | pad to 8 |
//  Strings and byte values have in each row the place where they end; they begin where the value
//  before them ends, in the order of the shape's fields, row after row.

/** Bytes used, header and marks included; a multiple of 8. */
export const BYTES_WORD = 0
/** Flags in the low half, version of this layout in the high half. */
export const FLAGS_WORD = 1
export const COUNT_WORD = 2
/** The page's number in its channel. */
export const SEQ_WORD = 3
export const SHAPE_HI_WORD = 4
export const SHAPE_LO_WORD = 5
/** Bytes of a row, a multiple of 8. */
export const STRIDE_WORD = 6
export const HEAP_CHARS_WORD = 7
export const HEAP_ENCODING_WORD = 8
/** Offsets count from the page's first byte. */
export const HEAP_OFFSET_WORD = 9
export const BLOB_OFFSET_WORD = 10
export const MARK_COUNT_WORD = 11
export const MARKS_OFFSET_WORD = 12
/** Reserved for a trace id; 0 if there is none. */
export const TRACE_WORD = 13
/** A latency marker's time as a float64 in words 14 and 15, epoch ms; 0 if there is none. */
export const LATENCY_MARKER_BYTE = 56
export const HEADER_BYTES = 64

export const PAGE_VERSION = 1
export const FLAG_TIMES = 1

export const HEAP_ASCII = 0
export const HEAP_LATIN1 = 1
export const HEAP_UTF16 = 2
/** A heap is first written as UTF-8 with so much to spare that a longer result cannot hide. */
export const HEAP_SLACK_BYTES = 4

export const MARK_BYTES = 16
const MARK_KIND_WORD = 1
const MARK_VALUE_BYTE = 8

if (LATENCY_MARKER_BYTE % 8 !== 0) throw new Error('the latency marker must be 8-byte aligned')
if (LATENCY_MARKER_BYTE < (TRACE_WORD + 1) * 4) throw new Error('the header words overlap')
if (HEADER_BYTES % 8 !== 0 || MARK_BYTES % 8 !== 0) throw new Error('rows and marks are aligned')

/** The flags word of a page of this version. */
export function flagsWord(withTime: boolean): number {
  return (withTime ? FLAG_TIMES : 0) | (PAGE_VERSION << 16)
}

export function hasTimes(views: PageViews, offset: number): boolean {
  return (headerWord(views, offset, FLAGS_WORD) & FLAG_TIMES) !== 0
}

/** A header word of the page at byte `offset`. */
export function headerWord(views: PageViews, offset: number, word: number): number {
  return views.i32[(offset >> 2) + word]!
}

/** Marks are numbered in the order in which they were put, which is that of their indexes. */
export function markCount(views: PageViews, offset: number): number {
  return headerWord(views, offset, MARK_COUNT_WORD)
}

/** The index of the record before which mark `k` stands; the record count if behind all. */
export function markIndex(views: PageViews, offset: number, k: number): number {
  return views.i32[markByte(views, offset, k) >> 2]!
}

export function markKind(views: PageViews, offset: number, k: number): number {
  return views.i32[(markByte(views, offset, k) >> 2) + MARK_KIND_WORD]!
}

export function markValue(views: PageViews, offset: number, k: number): number {
  return views.f64[(markByte(views, offset, k) + MARK_VALUE_BYTE) >> 3]!
}

export interface Mark {
  readonly index: number
  readonly kind: number
  readonly value: number
}

/** Writes one mark at an absolute byte. */
export function putMark(views: PageViews, byte: number, mark: Mark): void {
  views.i32[byte >> 2] = mark.index
  views.i32[(byte >> 2) + MARK_KIND_WORD] = mark.kind
  views.f64[(byte + MARK_VALUE_BYTE) >> 3] = mark.value
}

function markByte(views: PageViews, offset: number, k: number): number {
  return offset + headerWord(views, offset, MARKS_OFFSET_WORD) + k * MARK_BYTES
}

/** The next multiple of 8. */
export function align8(bytes: number): number {
  return (bytes + 7) & ~7
}
