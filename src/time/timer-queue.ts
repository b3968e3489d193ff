/**
 * Pending timers in the order of their time. A timer is (time, slot), and setting one twice counts
 * once. Within a time, timers come in the order in which they were set.
 * Threads: the task that owns it.
 */
import { PairTable } from '../state/pair-table.ts'
import { BucketQueue } from './bucket-queue.ts'

export class TimerQueue {
  /** (slot, bucket) to timer. */
  readonly #timers = new PairTable()
  readonly #queue = new BucketQueue()

  get size(): number {
    return this.#queue.size
  }

  /** The earliest pending time. Only while `size` > 0: a timer may be set for Infinity. */
  get firstTimeMs(): number {
    return this.#queue.firstTimeMs
  }

  isDue(untilMs: number): boolean {
    return this.#queue.isDue(untilMs)
  }

  /** False if it was set already. `timeMs` is any number but NaN. */
  add(timeMs: number, slot: number): boolean {
    const bucket = this.#queue.openBucket(timeMs)
    const timer = this.#timers.findOrAdd(slot, bucket)
    if (this.#timers.wasAdded) this.#queue.append(bucket, timer)
    return this.#timers.wasAdded
  }

  /** False if it was not set. */
  delete(timeMs: number, slot: number): boolean {
    const bucket = this.#queue.findBucket(timeMs)
    if (bucket < 0) return false
    const timer = this.#timers.find(slot, bucket)
    if (timer < 0) return false
    this.#queue.remove(bucket, timer)
    this.#timers.remove(timer)
    return true
  }

  /** Takes the first timer of the earliest time and returns its slot. */
  pop(): number {
    const timer = this.#queue.pop()
    const slot = this.#timers.firstOf(timer)
    this.#timers.remove(timer)
    return slot
  }

  /** Every pending timer, in no order. */
  forEach(visit: (timeMs: number, slot: number) => void): void {
    for (let timer = 0; timer < this.#timers.slotEnd; timer++) {
      if (!this.#timers.isUsed(timer)) continue
      visit(this.#queue.timeOf(this.#timers.secondOf(timer)), this.#timers.firstOf(timer))
    }
  }
}
