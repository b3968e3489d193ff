/**
 * The consumer's end of a ring: which pages are visible, how many messages were posted, and the
 * store that gives a segment back.
 * Threads: the consuming task.
 */
import type { PageViews } from '../codec/page.ts'
import { pageViews } from '../codec/page.ts'
import type { Doorbell } from './doorbell.ts'
import type { RingSize } from './ring-layout.ts'
import {
  EXT_WORD,
  PAGE_BYTES_WORD,
  PW_WORD,
  R_WORD,
  RELEASED_BYTES_WORD,
  SEGMENTS_BYTE,
  W_WORD,
  WAITS_FOR_CREDIT,
  WAITS_FOR_NOTHING,
} from './ring-layout.ts'
import type { SharedWords } from './shared-words.ts'

export interface RingConsumerOptions {
  readonly size: RingSize
  /** The producer's. */
  readonly doorbell: Doorbell
  readonly words: SharedWords
}

export class RingConsumer {
  readonly views: PageViews
  /** Sequence number of the page at the read cursor. */
  next: number
  readonly #size: RingSize
  readonly #doorbell: Doorbell
  readonly #words: SharedWords
  readonly #control: Int32Array
  /** The producer's W as it was last read. */
  #published: number

  constructor(ring: SharedArrayBuffer, options: RingConsumerOptions) {
    this.views = pageViews(ring)
    this.#size = options.size
    this.#doorbell = options.doorbell
    this.#words = options.words
    this.#control = this.views.i32
    this.next = this.#words.load(this.#control, R_WORD)
    this.#published = this.next
  }

  /** Byte offset of the segment of the page at the read cursor. */
  get offset(): number {
    return this.offsetOf(this.next)
  }

  /** The same of a page that is not released. */
  offsetOf(seq: number): number {
    return SEGMENTS_BYTE + (seq & (this.#size.segments - 1)) * this.#size.segmentBytes
  }

  /** True if a page is visible that was visible when W was last read. */
  get hasSeenPage(): boolean {
    return this.next !== this.#published
  }

  /** Reads W; true if a page is visible. Acquires all bytes of the pages before it. */
  look(): boolean {
    this.#published = this.#words.load(this.#control, W_WORD)
    return this.next !== this.#published
  }

  /** Pages that are published and not released, the open one included. */
  unread(): number {
    return (this.#words.load(this.#control, W_WORD) - this.next) | 0
  }

  /** From its next page on the producer holds to it; 0 for no limit but that of a segment. */
  limitPages(bytes: number): void {
    this.#words.store(this.#control, PAGE_BYTES_WORD, bytes)
  }

  /** Messages ever posted, at least all that the visible pages need. */
  messages(): number {
    return this.#words.load(this.#control, EXT_WORD)
  }

  /**
   * Gives the page at the read cursor back: the producer may overwrite it from now on.
   * `bytes`: those of the page.
   */
  release(bytes: number): void {
    // Only this thread writes the word.
    this.#control[RELEASED_BYTES_WORD] = this.#control[RELEASED_BYTES_WORD]! + bytes
    this.next = (this.next + 1) | 0
    this.#words.store(this.#control, R_WORD, this.next)
    // The producer sets PW before its last look at R: either it saw this R, or PW is seen here.
    const waits = this.#words.load(this.#control, PW_WORD)
    if (waits !== WAITS_FOR_NOTHING) this.#ring(waits)
  }

  #ring(waits: number): void {
    const unread = (this.#words.load(this.#control, W_WORD) - this.next) | 0
    if (waits === WAITS_FOR_CREDIT && unread > this.#size.creditSegments >> 1) return
    this.#doorbell.wake()
  }
}
