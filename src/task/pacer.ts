/**
 * How many records a step takes before it looks at timers, barriers and commands again. A range
 * should last long enough that looking costs nothing and end within a step's milliseconds.
 */
import { limits } from '../base/limits.ts'

const RECORDS_MAX = 1 << 16
const SHORT_MS = limits.stepMsMax / 4

export class Pacer {
  #records = 16

  get records(): number {
    return this.#records
  }

  /** Learns from a range of `records` that took `ms`. */
  observe(records: number, ms: number): void {
    if (ms > limits.stepMsMax) {
      const fitting = Math.floor((records * limits.stepMsMax) / (2 * ms))
      this.#records = Math.max(1, fitting)
    } else if (ms < SHORT_MS && records === this.#records) {
      this.#records = Math.min(RECORDS_MAX, this.#records * 2)
    }
  }
}
