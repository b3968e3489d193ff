/**
 * Where everything lies in a channel's shared buffer. Nobody else writes a literal offset.
 * Words that one end writes and the other polls have a 128-byte line of their own (two cache
 * lines, since processors fetch the neighbour too); W and EXT share one because the same thread
 * writes both and the same thread reads both.
 */
import { assert } from '../base/assert.ts'
import { limits } from '../base/limits.ts'
import type { BarrierKind, BarrierRules } from './barrier.ts'

//  byte 0          128    256    384            640                        (a multiple of 8)
//  | W EXT bytes  | R b. | PW   | 8 barrier    | segment 0 | segment 1 |...| slack, 64 bytes |
//  | producer     | cons.| prod.| slots, prod. | producer writes, consumer reads            |

const WORD_BYTES = 4
const LINE_BYTES = 128
const LINE_WORDS = LINE_BYTES / WORD_BYTES

/** Sequence number of the next page to be published. Pages before it are visible. */
export const W_WORD = 0
/** How many messages were ever posted on the channel's port. */
export const EXT_WORD = 1
/** Bytes of all pages ever published, in the ring or not; wraps. For those who only look. */
export const PUBLISHED_BYTES_WORD = 2
/** Sequence number of the first page that is not released. W - R pages are unread. */
export const R_WORD = LINE_WORDS
/** Bytes of all pages ever released; wraps. */
export const RELEASED_BYTES_WORD = LINE_WORDS + 1
/** The most that the consumer wants in one page; 0: as much as a segment holds. */
export const PAGE_BYTES_WORD = LINE_WORDS + 2
/** What the producer waits for. */
export const PW_WORD = 2 * LINE_WORDS
export const WAITS_FOR_NOTHING = 0
/** For no more than half of the credit to be unread: to be woken costs more than a page takes. */
export const WAITS_FOR_CREDIT = 1
/** For R to move. */
export const WAITS_FOR_RELEASE = 2

/** Eight slots {state, id, position, timeout, trigger time (float64), number, bytes}; see below. */
export const BARRIER_SLOTS_WORD = 3 * LINE_WORDS
export const BARRIER_SLOT_WORDS = 8
/** The producer fills, the consumer retires. */
export const SLOT_STATE_WORD = 0
export const SLOT_FREE = 0
export const SLOT_FILLED = 1
export const SLOT_ID_WORD = 1
/** The sequence number of the first page behind the barrier. */
export const SLOT_POSITION_WORD = 2
/** How long it may be aligned, or what else it is: see `timeoutWordOf`. */
export const SLOT_TIMEOUT_WORD = 3
/** Epoch milliseconds as a float64: an even word. */
export const SLOT_TRIGGER_TIME_WORD = 4
/** How many barriers were placed in the channel before this one; wraps. */
export const SLOT_NUMBER_WORD = 6
/** In-flight data that a task may keep. */
export const SLOT_STATE_BYTES_WORD = 7

/** Instead of a timeout, in its word of a slot. */
const NEVER_UNALIGNED = -1
const NEVER_WAITS = -2

/** The kind and the timeout as one int32. */
export function timeoutWordOf({ kind, alignedTimeoutMs }: BarrierRules): number {
  if (kind === 'unaligned') return alignedTimeoutMs
  return kind === 'aligned' ? NEVER_UNALIGNED : NEVER_WAITS
}

export function kindOfTimeoutWord(word: number): BarrierKind {
  if (word >= 0) return 'unaligned'
  return word === NEVER_UNALIGNED ? 'aligned' : 'at-least-once'
}

export const SEGMENTS_BYTE =
  (BARRIER_SLOTS_WORD + limits.barrierSlots * BARRIER_SLOT_WORDS) * WORD_BYTES
/** Behind the last segment, for key reads that take whole words. */
export const SLACK_BYTES = 64

if (SEGMENTS_BYTE % LINE_BYTES !== 0) throw new Error('segments must start on a line of their own')
if ((BARRIER_SLOT_WORDS | BARRIER_SLOTS_WORD | SLOT_TRIGGER_TIME_WORD) % 2 !== 0) {
  throw new Error('trigger times must be 8-byte aligned')
}

export interface RingSize {
  /** A power of two. */
  readonly segments: number
  /** Bytes of one segment, a multiple of 8. */
  readonly segmentBytes: number
  /** A record starts only while fewer pages than this are unread; the rest are overdraft. */
  readonly creditSegments: number
}

/** Throws unless a ring of that size can work. */
export function checkRingSize(size: RingSize): void {
  const { segments, segmentBytes, creditSegments } = size
  assert((segments & (segments - 1)) === 0, `${segments} segments: not a power of two`)
  assert(segments >= limits.channelSegmentsMin, `${segments} segments: too few`)
  assert(segments <= limits.channelSegmentsMax, `${segments} segments: too many`)
  assert(segmentBytes % 8 === 0, `segments of ${segmentBytes} bytes: not a multiple of 8`)
  assert(segmentBytes >= limits.segmentBytesMin, `segments of ${segmentBytes} bytes: too small`)
  assert(segmentBytes <= limits.segmentBytesMax, `segments of ${segmentBytes} bytes: too large`)
  assert(creditSegments >= 1, `${creditSegments} credit segments: nothing could ever start`)
  assert(creditSegments < segments, `${creditSegments} credit segments leave no overdraft`)
}

/** Bytes of the shared buffer of one channel. */
export function ringBytes(size: RingSize): number {
  return SEGMENTS_BYTE + size.segments * size.segmentBytes + SLACK_BYTES
}

/** A ring of that many segments, of which a quarter (one at least) are overdraft. */
export function ringOf(segments: number, segmentBytes: number): RingSize {
  return { segments, segmentBytes, creditSegments: segments - Math.max(1, segments >> 2) }
}

const MANY_SEGMENTS = 8
const MANY_SEGMENTS_FROM_BYTES = 256 << 10
const FEW_SEGMENTS = 4
const WIDE_SEGMENT_BYTES = 64 << 10
/** Less of it cost 32 subtasks with 32 others a seventh of their speed. */
const CHANNEL_BYTES_MIN = 64 << 10

/**
 * The ring of each of a gate's `channels`, so that all together hold `limits.gateBytes`, and at
 * most `limits.gateBytesMax` where they are many: 8 x 64 KiB for up to two channels, 8 x 32 KiB for
 * four, 4 x 32 KiB for eight, 4 x 16 KiB for 16 to 32.
 */
export function ringSize(channels: number): RingSize {
  assert(channels >= 1 && channels <= limits.parallelismMax, `a gate of ${channels} channels`)
  const few = powerOfTwoIn(limits.gateBytes / channels)
  const many = Math.min(CHANNEL_BYTES_MIN, powerOfTwoIn(limits.gateBytesMax / channels))
  const bytes = Math.max(few, many)
  const segments =
    bytes >= MANY_SEGMENTS_FROM_BYTES
      ? MANY_SEGMENTS
      : bytes >= FEW_SEGMENTS * limits.segmentBytesMin
        ? FEW_SEGMENTS
        : limits.channelSegmentsMin
  return ringOf(segments, Math.min(WIDE_SEGMENT_BYTES, bytes / segments))
}

function powerOfTwoIn(value: number): number {
  return 2 ** Math.floor(Math.log2(value))
}
