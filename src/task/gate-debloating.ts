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

export class GateDebloating {
  readonly #options: GateDebloatingOptions
  readonly #debloating: Debloating
  #last: { readonly nowMs: number; readonly idleMs: number; readonly bytes: number }

  constructor(options: GateDebloatingOptions) {
    this.#options = options
    this.#debloating = new Debloating(options)
    this.#last = this.#read()
  }

  /** To be called again and again: does something once a period. */
  tick(): void {
    const { clock, periodMs, gate } = this.#options
    if (clock.monotonicMs() - this.#last.nowMs < periodMs) return
    const last = this.#last
    const now = this.#read()
    this.#last = now
    const pageBytes = this.#debloating.observe({
      bytes: now.bytes - last.bytes,
      activeMs: now.nowMs - last.nowMs - (now.idleMs - last.idleMs),
      pages: gate.pagesOnTheirWay,
    })
    if (pageBytes !== undefined) gate.limitPages(pageBytes)
  }

  #read() {
    const { clock, idleMs, gate } = this.#options
    return { nowMs: clock.monotonicMs(), idleMs: idleMs(), bytes: gate.bytesTaken }
  }
}
