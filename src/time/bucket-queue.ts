/**
 * Entries in the order of their time. Those of one time share a bucket, a list in the order of
 * arrival, and a heap holds only the buckets: window ends and rounded timers come in crowds. An
 * entry is a small dense number of the caller's and is in the queue at most once.
 * Threads: the task that owns it.
 */
import { EntryLists } from '../state/entry-lists.ts'
import { PairTable } from '../state/pair-table.ts'
import { TimeHeap } from './time-heap.ts'

export class BucketQueue {
  /** (0, time) to bucket. */
  readonly #buckets = new PairTable()
  readonly #heap = new TimeHeap()
  readonly #lists = new EntryLists()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The earliest time. Only while `size` > 0: Infinity is a time like any other. */
  get firstTimeMs(): number {
    return this.#heap.firstTime
  }

  /** The first entry of the earliest time. Only while `size` > 0. */
  get first(): number {
    return this.#lists.first(this.#heap.first)
  }

  get firstBucket(): number {
    return this.#heap.first
  }

  isDue(untilMs: number): boolean {
    return this.#size > 0 && this.#heap.firstTime <= untilMs
  }

  /** The bucket of a time, made where there is none: the caller must put an entry into it. */
  openBucket(timeMs: number): number {
    const bucket = this.#buckets.findOrAdd(0, timeMs)
    if (this.#buckets.wasAdded) {
      this.#lists.growLists(this.#buckets.capacity)
      this.#heap.push(timeMs, bucket)
    }
    return bucket
  }

  /** The bucket of a time, or -1. */
  findBucket(timeMs: number): number {
    return this.#buckets.find(0, timeMs)
  }

  timeOf(bucket: number): number {
    return this.#buckets.secondOf(bucket)
  }

  append(bucket: number, entry: number): void {
    this.#lists.growEntries(entry + 1)
    this.#lists.append(bucket, entry)
    this.#size++
  }

  remove(bucket: number, entry: number): void {
    this.#lists.remove(bucket, entry)
    this.#size--
    if (this.#lists.count(bucket) > 0) return
    this.#heap.remove(bucket)
    this.#buckets.remove(bucket)
  }

  /** Takes the first entry. Only while `size` > 0. */
  pop(): number {
    const entry = this.first
    this.remove(this.firstBucket, entry)
    return entry
  }
}
