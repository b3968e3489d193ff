/**
 * How a task sleeps and is woken. Everybody who changes something the task may wait for rings; a
 * task that found nothing to do parks. A wake-up cannot be lost: the sleeper announces itself,
 * then looks once more, and only then sleeps; who rings makes the change, then looks for sleepers.
 * Threads: `park`, `parkAsync` and `take...` the owning task; all others any thread.
 */
import { after } from '../base/clock.ts'
import { DOORBELL_BYTES, MAIL_WORD, PARK_WORD, PRIORITY_WORD } from './doorbell-layout.ts'
import type { SharedWords } from './shared-words.ts'
import { atomicWords } from './shared-words.ts'

/** Timers take no more than an int32; a park that ends early is only looked at again. */
const TIMER_MS_MAX = 2 ** 30

export class Doorbell {
  readonly #words: SharedWords
  readonly #state: Int32Array
  #asyncParks = 0

  constructor(buffer: SharedArrayBuffer, words: SharedWords = atomicWords) {
    this.#state = new Int32Array(buffer)
    this.#words = words
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(DOORBELL_BYTES)
  }

  /** Ends the task's sleep. To be called after the change that it waits for; cheap if awake. */
  wake(): void {
    const words = this.#words
    const state = this.#state
    // The load keeps the line shared while the task is awake; of several ringers one notifies.
    if (words.load(state, PARK_WORD) === 0) return
    if (words.exchange(state, PARK_WORD, 0) === 1) words.notify(state, PARK_WORD)
  }

  /** Says that a message was posted. */
  mail(): void {
    this.#words.store(this.#state, MAIL_WORD, 1)
    this.wake()
  }

  hasMail(): boolean {
    return this.#words.load(this.#state, MAIL_WORD) !== 0
  }

  /** True if there may be messages. Called before they are read: one posted later rings again. */
  takeMail(): boolean {
    return this.hasMail() && this.#words.exchange(this.#state, MAIL_WORD, 0) !== 0
  }

  /** Asks the task to look at barrier slots, timers or commands between two records. */
  setPriority(bits = 1): void {
    this.#words.or(this.#state, PRIORITY_WORD, bits)
    this.wake()
  }

  hasPriority(): boolean {
    return this.#words.load(this.#state, PRIORITY_WORD) !== 0
  }

  /** The bits that were set, none afterwards. To be called before what they stand for is read. */
  takePriority(): number {
    return this.hasPriority() ? this.#words.exchange(this.#state, PRIORITY_WORD, 0) : 0
  }

  /**
   * Blocks the thread until somebody rings, for at most `timeoutMs`, unless `recheck` finds
   * something. May also return early: the caller looks again in any case.
   */
  park(recheck: () => boolean, timeoutMs: number): void {
    if (timeoutMs <= 0 || !this.fallAsleep(recheck)) return
    this.#words.wait(this.#state, PARK_WORD, 1, timeoutMs)
    this.awake()
    // Somebody further up awaits the same word: its wake-up must not be forgotten by this one.
    if (this.#asyncParks > 0) this.#words.notify(this.#state, PARK_WORD)
  }

  /** The same without blocking: promises, timers and ports go on. Keeps the event loop alive. */
  async parkAsync(recheck: () => boolean, timeoutMs: number): Promise<void> {
    if (timeoutMs <= 0 || !this.fallAsleep(recheck)) return
    const waiting = this.#words.waitAsync(this.#state, PARK_WORD, 1)
    if (waiting === undefined) return
    this.#asyncParks++
    // The time-out rings like anybody else, so that no waiter is ever left behind on the word.
    const cancel = after(Math.min(timeoutMs, TIMER_MS_MAX), () => this.wake())
    await waiting
    cancel()
    this.#asyncParks--
    this.awake()
  }

  /** Announces the sleep; false if it is not to be, since `recheck` found something. */
  fallAsleep(recheck: () => boolean): boolean {
    // The announcement must be visible before the last look: whoever changes something after
    // that look reads PARK after its change, and finds it set.
    this.#words.store(this.#state, PARK_WORD, 1)
    if (!recheck()) return true
    this.awake()
    return false
  }

  /** The sleep is over, whoever ended it. */
  awake(): void {
    this.#words.store(this.#state, PARK_WORD, 0)
  }
}
