/**
 * Debloats the channels of a gate: measures, period by period, and tells the producers.
 * Threads: the task.
 */
import type { Clock } from '../base/clock.ts'
import type { DebloatingOptions } from '../channel/debloating.ts'
import { Debloating } from '../channel/debloating.ts'
import type { InputGate } from '../channel/input-gate.ts'

export interface GateDebloatingOptions extends DebloatingOptions {
  readonly gate: InputGate
  readonly clock: Clock
  readonly periodMs: number
  /** How long the task has been idle since it began. */
  readonly idleMs: () => number
}

/**
 * Pages may be published long before they are full, by a producer that has nothing to add for a
 * while. Taken for emptier than that they could become far larger at once.
 */
const FILLED_MIN = 0.25
const FILLED_WEIGHT = 0.2

interface Reading {
  readonly nowMs: number
  readonly idleMs: number
  readonly bytes: number
  readonly pages: number
}

export class GateDebloating {
  readonly #options: GateDebloatingOptions
  readonly #debloating: Debloating
  #last: Reading
  #told: number
  /** How full pages are when they come, 0 to 1. */
  #filled = 1

  constructor(options: GateDebloatingOptions) {
    this.#options = options
    this.#debloating = new Debloating(options)
    this.#told = options.pageBytesMax
    this.#last = this.#read()
  }

  /** To be called again and again: does something once a period in which a page was opened. */
  tick(): void {
    const { clock, periodMs, gate } = this.#options
    if (clock.monotonicMs() - this.#last.nowMs < periodMs) return
    const last = this.#last
    const now = this.#read()
    const bytes = now.bytes - last.bytes
    // A page counts when it is opened, though it may take periods: these are its time, too.
    if (bytes === 0) return
    this.#last = now
    // What was before the first page is no work: the task was being opened.
    if (last.bytes === 0) return
    this.#observeFilled(bytes, (now.pages - last.pages) | 0)
    const pageBytes = this.#debloating.observe({
      bytes,
      activeMs: now.nowMs - last.nowMs - (now.idleMs - last.idleMs),
      // Half of the one that is being read is done.
      pages: Math.max(0.5, gate.pagesOnTheirWay - 0.5) * this.#filled,
    })
    if (pageBytes === undefined) return
    this.#told = pageBytes
    gate.limitPages(pageBytes)
  }

  #observeFilled(bytes: number, pages: number): void {
    if (pages <= 0) return
    const filled = Math.min(1, Math.max(FILLED_MIN, bytes / pages / this.#told))
    this.#filled += FILLED_WEIGHT * (filled - this.#filled)
  }

  #read(): Reading {
    const { clock, idleMs, gate } = this.#options
    const { bytesTaken: bytes, pagesTaken: pages } = gate
    return { nowMs: clock.monotonicMs(), idleMs: idleMs(), bytes, pages }
  }
}
