/**
 * Pending timers in the order of their time. A timer is (time, slot), and setting one twice counts
 * once. Within a time, timers come in the order in which they were set.
 * Threads: the task that owns it.
 */
import type { SnapshotHooks } from '../state/contract.ts'
import { PairTable } from '../state/pair-table.ts'
import { BucketQueue } from './bucket-queue.ts'

export class TimerQueue {
  /** Told of changes; absent where no snapshot will be taken. */
  hooks: SnapshotHooks | undefined
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
    if (!this.#timers.wasAdded) return false
    this.hooks?.added(timer)
    this.#queue.append(bucket, timer)
    return true
  }

  /** False if it was not set. */
  delete(timeMs: number, slot: number): boolean {
    const bucket = this.#queue.findBucket(timeMs)
    if (bucket < 0) return false
    const timer = this.#timers.find(slot, bucket)
    if (timer < 0) return false
    this.hooks?.changing(timer)
    this.#queue.remove(bucket, timer)
    this.#timers.remove(timer)
    return true
  }

  /** Takes the first timer of the earliest time and returns its slot. */
  pop(): number {
    this.hooks?.changing(this.#queue.first)
    const timer = this.#queue.pop()
    const slot = this.#timers.firstOf(timer)
    this.#timers.remove(timer)
    return slot
  }

  /** All timers are numbers below this. */
  get timerEnd(): number {
    return this.#timers.slotEnd
  }

  isPending(timer: number): boolean {
    return this.#timers.isUsed(timer)
  }

  timeOf(timer: number): number {
    return this.#queue.timeOf(this.#timers.secondOf(timer))
  }

  slotOf(timer: number): number {
    return this.#timers.firstOf(timer)
  }
}
