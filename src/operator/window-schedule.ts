/**
 * When windows fire and when they are forgotten. A window is a slot of a table; it fires once the
 * watermark reaches its last millisecond, and stays for late records as long as lateness allows.
 * Threads: the task.
 */
import { NO_TIME } from '../codec/page.ts'
import { BucketQueue } from '../time/bucket-queue.ts'

export interface WindowScheduleOptions {
  readonly allowedLatenessMs: number
  /** Emits the window's result; the slot stays in use. */
  readonly fire: (slot: number) => void
  readonly remove: (slot: number) => void
}

export class WindowSchedule {
  /** How far event time is; a window is late or due by this. */
  watermarkMs = NO_TIME
  readonly #options: WindowScheduleOptions
  readonly #ends = new BucketQueue()
  readonly #removals = new BucketQueue()

  constructor(options: WindowScheduleOptions) {
    this.#options = options
  }

  /** A window has got its first record. One that is due already does not fire by itself. */
  add(slot: number, endMs: number): void {
    const lastMs = endMs - 1
    if (lastMs > this.watermarkMs) enqueue(this.#ends, lastMs, slot)
    else this.addFired(slot, endMs)
  }

  /** The window stays for late records only. */
  addFired(slot: number, endMs: number): void {
    enqueue(this.#removals, endMs - 1 + this.#options.allowedLatenessMs, slot)
  }

  /** Event time is at `watermarkMs`. Fires and removes at most `budget`; true if more is due. */
  advance(watermarkMs: number, budget: number): boolean {
    this.watermarkMs = watermarkMs
    let left = budget
    for (; left > 0 && this.#ends.isDue(watermarkMs); left--) this.#fireFirst()
    for (; left > 0 && this.#removals.isDue(watermarkMs); left--) {
      this.#options.remove(this.#removals.pop())
    }
    return this.#ends.isDue(watermarkMs) || this.#removals.isDue(watermarkMs)
  }

  #fireFirst(): void {
    const { allowedLatenessMs, fire, remove } = this.#options
    const lastMs = this.#ends.firstTimeMs
    const slot = this.#ends.pop()
    fire(slot)
    if (allowedLatenessMs === 0) remove(slot)
    else enqueue(this.#removals, lastMs + allowedLatenessMs, slot)
  }
}

function enqueue(queue: BucketQueue, timeMs: number, slot: number): void {
  queue.append(queue.openBucket(timeMs), slot)
}
