/**
 * The producer's end of a ring: which sequence number comes next, whether there is a segment or
 * credit for it, and the one store that publishes it. Cursors are int32 and wrap, so they are only
 * ever compared by their difference.
 * Threads: the producing task.
 */
import type { PageViews } from '../codec/page.ts'
import { pageViews } from '../codec/page.ts'
import type { RingSize } from './ring-layout.ts'
import {
  EXT_WORD,
  PAGE_BYTES_WORD,
  PUBLISHED_BYTES_WORD,
  PW_WORD,
  R_WORD,
  SEGMENTS_BYTE,
  W_WORD,
  WAITS_FOR_NOTHING,
} from './ring-layout.ts'
import type { SharedWords } from './shared-words.ts'

export class RingProducer {
  readonly views: PageViews
  readonly size: RingSize
  /** Sequence number of the next page. */
  next: number
  /** The consumer's R as it was last read. */
  released: number
  readonly #words: SharedWords
  readonly #control: Int32Array
  #waits = WAITS_FOR_NOTHING

  constructor(ring: SharedArrayBuffer, size: RingSize, words: SharedWords) {
    this.views = pageViews(ring)
    this.size = size
    this.#words = words
    this.#control = this.views.i32
    this.next = words.load(this.#control, W_WORD)
    this.released = words.load(this.#control, R_WORD)
  }

  /** Byte offset of the next page's segment. */
  get offset(): number {
    return SEGMENTS_BYTE + (this.next & (this.size.segments - 1)) * this.size.segmentBytes
  }

  /** True if the next page's segment is free; looks at R only if it was not when last read. */
  hasSegment(): boolean {
    return this.#unread() < this.size.segments || this.#refresh() < this.size.segments
  }

  /** Bytes of the next page at most: what the consumer wants, or what a segment holds. */
  pageBytes(): number {
    const wanted = this.#words.load(this.#control, PAGE_BYTES_WORD)
    return wanted === 0 ? this.size.segmentBytes : Math.min(wanted, this.size.segmentBytes)
  }

  /** True if a record may start. */
  hasCredit(): boolean {
    return this.#unread() < this.size.creditSegments || this.#refresh() < this.size.creditSegments
  }

  /** True if the consumer has given back all that was published: it has nothing to do. */
  isDrained(): boolean {
    return this.#unread() === 0 || this.#refresh() === 0
  }

  /** Reads how far the consumer is. */
  refresh(): void {
    this.#refresh()
  }

  /** Tells the consumer when to ring (a `WAITS_FOR_`). To be called before the last look. */
  waitFor(waits: number): void {
    if (this.#waits === waits) return
    this.#waits = waits
    this.#words.store(this.#control, PW_WORD, waits)
  }

  /** Counts a message that was posted. To be called before the page that needs it is published. */
  countMessage(): void {
    this.#words.add(this.#control, EXT_WORD, 1)
  }

  /**
   * Makes the next page visible: whoever reads the new W sees every byte written before.
   * `bytesPublished`: those of all pages so far.
   */
  publish(bytesPublished: number): void {
    this.#control[PUBLISHED_BYTES_WORD] = bytesPublished
    this.next = (this.next + 1) | 0
    this.#words.store(this.#control, W_WORD, this.next)
  }

  #unread(): number {
    return (this.next - this.released) | 0
  }

  #refresh(): number {
    // Acquires the segments that the consumer gave back: it reads them no more.
    this.released = this.#words.load(this.#control, R_WORD)
    return this.#unread()
  }
}
