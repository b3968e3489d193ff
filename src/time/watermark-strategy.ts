/**
 * Makes watermarks from event times that are out of order by a bounded time: after a record of
 * time t no record older than t - bound is expected, so the watermark is t - bound - 1 ms, as in
 * Flink. A bound of 0 is for times that only grow.
 * Threads: the task.
 */
import { NO_TIME } from '../codec/page.ts'

export class BoundedOutOfOrderness {
  readonly #boundMs: number
  #maxTimeMs = NO_TIME

  constructor(outOfOrderMs: number) {
    this.#boundMs = outOfOrderMs
  }

  /** The greatest event time so far, `NO_TIME` before the first. */
  get maxTimeMs(): number {
    return this.#maxTimeMs
  }

  get watermarkMs(): number {
    return this.#maxTimeMs - this.#boundMs - 1
  }

  onRecord(timeMs: number): void {
    if (timeMs > this.#maxTimeMs) this.#maxTimeMs = timeMs
  }

  /** What comes next is of another input, which had come so far. */
  goOnAt(maxTimeMs: number): void {
    this.#maxTimeMs = maxTimeMs
  }
}

/**
 * Says when an input that may pause is idle: when nothing has come for `timeoutMs`. Recording an
 * arrival is one store; the clock is read only where somebody asks.
 */
export class IdlenessTimer {
  readonly #timeoutMs: number
  #hasArrived = false
  #sinceMs: number

  constructor(timeoutMs: number, nowMs: number) {
    this.#timeoutMs = timeoutMs
    this.#sinceMs = nowMs
  }

  onRecord(): void {
    this.#hasArrived = true
  }

  /** Whether it is idle. Asked more often than the timeout, it is exact to the time between. */
  isIdle(nowMs: number): boolean {
    if (this.#hasArrived) {
      this.#hasArrived = false
      this.#sinceMs = nowMs
    }
    return nowMs - this.#sinceMs >= this.#timeoutMs
  }
}
