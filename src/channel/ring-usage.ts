/**
 * What lies in a channel right now, for those who only look: no end of it is disturbed.
 * Threads: any.
 */
import type { RingSize } from './ring-layout.ts'
import {
  PUBLISHED_BYTES_WORD,
  R_WORD,
  RELEASED_BYTES_WORD,
  SEGMENTS_BYTE,
  W_WORD,
} from './ring-layout.ts'
import type { SharedWords } from './shared-words.ts'
import { atomicWords } from './shared-words.ts'

export interface RingUsage {
  /** Published and not released: a page that is half read counts whole. */
  readonly pages: number
  /** Of these pages, those outside the ring included. */
  readonly bytes: number
  /** Unread pages for one credit: 1 holds the producer back, more is overdraft. */
  readonly usage: number
}

export class RingWatch {
  readonly #control: Int32Array
  readonly #words: SharedWords
  readonly #creditPages: number

  constructor(ring: SharedArrayBuffer, size: RingSize, words: SharedWords = atomicWords) {
    this.#control = new Int32Array(ring, 0, SEGMENTS_BYTE / 4)
    this.#words = words
    this.#creditPages = size.creditSegments
  }

  /** Pages that may be unread before the producer is held back. */
  get creditPages(): number {
    return this.#creditPages
  }

  read(): RingUsage {
    const control = this.#control
    // The consumer's side first: what is read later is never less.
    const released = this.#words.load(control, R_WORD)
    const releasedBytes = control[RELEASED_BYTES_WORD]!
    const pages = (this.#words.load(control, W_WORD) - released) | 0
    // The bytes are stored before the cursor, so they may be those of a page more.
    const bytes =
      pages === 0 ? 0 : Math.max(0, (control[PUBLISHED_BYTES_WORD]! - releasedBytes) | 0)
    return { pages, bytes, usage: pages / this.#creditPages }
  }
}
