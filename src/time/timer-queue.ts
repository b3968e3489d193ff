/**
 * Pending timers in the order of their time. Timers of one time share a bucket, and a heap holds
 * only the buckets: window ends and rounded timers come in crowds. A timer is (time, slot), and
 * setting one twice counts once. Within a time, timers come in the order in which they were set.
 * Threads: the task that owns it.
 */
import { EntryLists } from '../state/entry-lists.ts'
import { PairTable } from '../state/pair-table.ts'
import { TimeHeap } from './time-heap.ts'

export class TimerQueue {
  /** (slot, bucket) to timer. */
  readonly #timers = new PairTable()
  /** (0, time) to bucket. */
  readonly #buckets = new PairTable()
  readonly #heap = new TimeHeap()
  /** The timers of each bucket. */
  readonly #lists = new EntryLists()

  get size(): number {
    return this.#timers.size
  }

  /** The earliest pending time. Only while `size` > 0: a timer may be set for Infinity. */
  get firstTimeMs(): number {
    return this.#heap.firstTime
  }

  isDue(untilMs: number): boolean {
    return this.#timers.size > 0 && this.#heap.firstTime <= untilMs
  }

  /** False if it was set already. `timeMs` is any number but NaN. */
  add(timeMs: number, slot: number): boolean {
    const bucket = this.#buckets.findOrAdd(0, timeMs)
    if (this.#buckets.wasAdded) this.#bucketAdded(timeMs, bucket)
    const timer = this.#timers.findOrAdd(slot, bucket)
    if (!this.#timers.wasAdded) return false
    this.#lists.growEntries(this.#timers.capacity)
    this.#lists.append(bucket, timer)
    return true
  }

  /** False if it was not set. */
  delete(timeMs: number, slot: number): boolean {
    const bucket = this.#buckets.find(0, timeMs)
    if (bucket < 0) return false
    const timer = this.#timers.find(slot, bucket)
    if (timer < 0) return false
    this.#remove(bucket, timer)
    return true
  }

  /** Takes the first timer of the earliest time and returns its slot. */
  pop(): number {
    const bucket = this.#heap.first
    const timer = this.#lists.first(bucket)
    const slot = this.#timers.firstOf(timer)
    this.#remove(bucket, timer)
    return slot
  }

  /** Every pending timer, in no order. */
  forEach(visit: (timeMs: number, slot: number) => void): void {
    for (let timer = 0; timer < this.#timers.slotEnd; timer++) {
      if (!this.#timers.isUsed(timer)) continue
      const bucket = this.#timers.secondOf(timer)
      visit(this.#buckets.secondOf(bucket), this.#timers.firstOf(timer))
    }
  }

  #bucketAdded(timeMs: number, bucket: number): void {
    this.#lists.growLists(this.#buckets.capacity)
    this.#heap.push(timeMs, bucket)
  }

  #remove(bucket: number, timer: number): void {
    this.#lists.remove(bucket, timer)
    this.#timers.remove(timer)
    if (this.#lists.count(bucket) > 0) return
    this.#heap.remove(bucket)
    this.#buckets.remove(bucket)
  }
}
