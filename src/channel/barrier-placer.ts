/**
 * The producer's end of a channel's barrier slots.
 * Threads: the producing task.
 */
import { assert } from '../base/assert.ts'
import { limits } from '../base/limits.ts'
import type { PageViews } from '../codec/page.ts'
import type { Barrier } from './barrier.ts'
import {
  BARRIER_SLOT_WORDS,
  BARRIER_SLOTS_WORD,
  SLOT_FILLED,
  SLOT_FREE,
  SLOT_ID_WORD,
  SLOT_NUMBER_WORD,
  SLOT_POSITION_WORD,
  SLOT_STATE_BYTES_WORD,
  SLOT_STATE_WORD,
  SLOT_TIMEOUT_WORD,
  SLOT_TRIGGER_TIME_WORD,
  timeoutWordOf,
} from './ring-layout.ts'
import type { SharedWords } from './shared-words.ts'

const NONE = -1

export class BarrierPlacer {
  readonly #views: PageViews
  readonly #words: SharedWords
  #placed = 0
  #lastId = 0

  constructor(views: PageViews, words: SharedWords) {
    this.#views = views
    this.#words = words
  }

  hasFreeSlot(): boolean {
    return this.#freeSlot() !== NONE
  }

  /** To be called before the page at `position` is published: who sees that page sees this too. */
  place(barrier: Barrier, position: number): void {
    const { checkpointId, triggeredMs } = barrier
    const slot = this.#freeSlot()
    assert(slot !== NONE, 'a barrier without a free slot')
    assert(checkpointId > this.#lastId, 'barriers of a channel come in the order of their ids')
    this.#lastId = checkpointId
    const { i32, f64 } = this.#views
    i32[slot + SLOT_ID_WORD] = checkpointId
    i32[slot + SLOT_POSITION_WORD] = position
    i32[slot + SLOT_TIMEOUT_WORD] = timeoutWordOf(barrier)
    i32[slot + SLOT_STATE_BYTES_WORD] = barrier.channelStateBytesMax
    i32[slot + SLOT_NUMBER_WORD] = this.#placed
    f64[(slot + SLOT_TRIGGER_TIME_WORD) >> 1] = triggeredMs
    this.#placed = (this.#placed + 1) | 0
    // Publishes the words before it.
    this.#words.store(i32, slot + SLOT_STATE_WORD, SLOT_FILLED)
  }

  /** The first word of a slot that the consumer does not read; `NONE` if there is none. */
  #freeSlot(): number {
    const { i32 } = this.#views
    for (let k = 0; k < limits.barrierSlots; k++) {
      const slot = BARRIER_SLOTS_WORD + k * BARRIER_SLOT_WORDS
      // Acquires a slot that the consumer retired: it has read its words.
      if (this.#words.load(i32, slot + SLOT_STATE_WORD) === SLOT_FREE) return slot
    }
    return NONE
  }
}
