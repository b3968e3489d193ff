/**
 * How many records a step takes before it looks at timers, barriers and commands again. A range
 * should last long enough that looking costs nothing and end within a step's milliseconds.
 */
import { limits } from '../base/limits.ts'

/** How much is done in a row. */
export interface Pacing {
  /** Records, or entries of a snapshot, of the next range. 0: none for now. */
  readonly records: number
  /** A range of `records` took `ms`. */
  observe(records: number, ms: number): void
  /** Whether a step that has lasted so long may take another range. */
  goesOn(ms: number): boolean
}

/** Where steps end; whoever drives a task may want to choose. */
export interface TaskPacing {
  readonly records: Pacing
  readonly snapshots: Pacing
  /** Asked between two timers or windows that fire: true ends the step. */
  pauses(): boolean
}

const RECORDS_MAX = 1 << 16
const SHORT_MS = limits.stepMsMax / 4
/** Entries written in their order cost less than those that change before their turn. */
const GOES_ON_MS = (3 * limits.stepMsMax) / 4

export class Pacer implements Pacing {
  #records = 16

  get records(): number {
    return this.#records
  }

  observe(records: number, ms: number): void {
    if (ms > limits.stepMsMax) {
      const fitting = Math.floor((records * limits.stepMsMax) / (2 * ms))
      this.#records = Math.max(1, fitting)
    } else if (ms < SHORT_MS && records === this.#records) {
      this.#records = Math.min(RECORDS_MAX, this.#records * 2)
    }
  }

  goesOn(ms: number): boolean {
    return ms < GOES_ON_MS
  }
}
