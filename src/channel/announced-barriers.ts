/**
 * The consumer's end of a channel's barrier slots: which barriers are known, in the order in which
 * they will be reached. Only this end frees a slot.
 * Threads: the consuming task.
 */
import { assert } from '../base/assert.ts'
import { limits } from '../base/limits.ts'
import type { PageViews } from '../codec/page.ts'
import type { AnnouncedBarrier } from './barrier.ts'
import { ALIGNED, REHEARSAL } from './barrier.ts'
import {
  BARRIER_SLOT_WORDS,
  BARRIER_SLOTS_WORD,
  kindOfTimeoutWord,
  SLOT_FILLED,
  SLOT_FREE,
  SLOT_ID_WORD,
  SLOT_NUMBER_WORD,
  SLOT_POSITION_WORD,
  SLOT_STATE_BYTES_WORD,
  SLOT_STATE_WORD,
  SLOT_TIMEOUT_WORD,
  SLOT_TRIGGER_TIME_WORD,
} from './ring-layout.ts'
import type { SharedWords } from './shared-words.ts'

interface Known extends AnnouncedBarrier {
  readonly slot: number
}

const NONE = -1

export class AnnouncedBarriers {
  readonly #views: PageViews
  readonly #words: SharedWords
  readonly #known: Known[] = []
  /** Number of the next barrier to be known. */
  #next = 0

  constructor(views: PageViews, words: SharedWords) {
    this.#views = views
    this.#words = words
  }

  /** Known and not retired, in the order of their positions and ids. */
  get list(): readonly AnnouncedBarrier[] {
    return this.#known
  }

  /** True if no page at `seq` or behind may be read before a barrier is taken. */
  isAt(seq: number): boolean {
    const first = this.#known[0]
    return first !== undefined && first.position === seq
  }

  /**
   * Takes up the next barrier that was placed, in the order of placing: while the slots are looked
   * at one by one, a later barrier may show before an earlier one. Undefined if there is none.
   */
  takeUp(): AnnouncedBarrier | undefined {
    const slot = this.#slotOf(this.#next)
    if (slot === NONE) return undefined
    this.#next = (this.#next + 1) | 0
    const { i32, f64 } = this.#views
    const timeout = i32[slot + SLOT_TIMEOUT_WORD]!
    const known = {
      slot,
      kind: kindOfTimeoutWord(timeout),
      alignedTimeoutMs: Math.max(0, timeout),
      channelStateBytesMax: i32[slot + SLOT_STATE_BYTES_WORD]!,
      checkpointId: i32[slot + SLOT_ID_WORD]!,
      position: i32[slot + SLOT_POSITION_WORD]!,
      triggeredMs: f64[(slot + SLOT_TRIGGER_TIME_WORD) >> 1]!,
    }
    this.#known.push(known)
    return known
  }

  /** A barrier that nobody has placed, see `REHEARSAL`. While none is known. */
  rehearse(position: number): AnnouncedBarrier {
    assert(this.#known.length === 0, 'a rehearsal among real barriers')
    // As in `takeUp`, time included: an object that is made otherwise would be one more kind.
    const rehearsal = {
      slot: NONE,
      kind: ALIGNED.kind,
      alignedTimeoutMs: ALIGNED.alignedTimeoutMs,
      channelStateBytesMax: ALIGNED.channelStateBytesMax,
      checkpointId: REHEARSAL,
      position,
      triggeredMs: Number.NaN,
    }
    this.#known.push(rehearsal)
    return rehearsal
  }

  /** Gives the slot of the first known barrier back. */
  takeFirst(): AnnouncedBarrier {
    const first = this.#known.shift()
    assert(first !== undefined, 'no barrier is known')
    this.#free(first)
    return first
  }

  /** Gives the slot of a barrier back that nobody waits for any more; false if it is not known. */
  drop(checkpointId: number): boolean {
    const at = this.#known.findIndex((barrier) => barrier.checkpointId === checkpointId)
    if (at < 0) return false
    this.#free(this.#known[at]!)
    this.#known.splice(at, 1)
    return true
  }

  #free({ slot }: Known): void {
    if (slot === NONE) return
    // All words of the slot were read: the producer may overwrite them.
    this.#words.store(this.#views.i32, slot + SLOT_STATE_WORD, SLOT_FREE)
  }

  #slotOf(number: number): number {
    const { i32 } = this.#views
    for (let k = 0; k < limits.barrierSlots; k++) {
      const slot = BARRIER_SLOTS_WORD + k * BARRIER_SLOT_WORDS
      // Acquires the words of a slot that the producer has filled.
      const isFilled = this.#words.load(i32, slot + SLOT_STATE_WORD) === SLOT_FILLED
      if (isFilled && i32[slot + SLOT_NUMBER_WORD] === number) return slot
    }
    return NONE
  }
}
