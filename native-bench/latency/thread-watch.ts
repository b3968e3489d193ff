/**
 * What kept a thread from its work, apart from the work: pauses of its garbage collector, and its
 * waits for a core, which other programs on the machine cause.
 */
import { readFileSync } from 'node:fs'
import { type PerformanceEntry, PerformanceObserver, performance } from 'node:perf_hooks'
import type { Delays } from './figures.ts'

/** `tell` is given the delays since `begin`, at the end. */
export class ThreadWatch {
  readonly #tell: (delays: Delays) => void
  readonly #observer: PerformanceObserver
  #fromMs = performance.now()
  #queuedMs = queuedMs()
  #pauses: readonly number[] = []

  constructor(tell: (delays: Delays) => void) {
    this.#tell = tell
    this.#observer = new PerformanceObserver((list) => this.#take(list.getEntries()))
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  /** Forgets what was before: the warm-up is over. */
  begin(): void {
    this.#fromMs = performance.now()
    this.#queuedMs = queuedMs()
    this.#pauses = []
  }

  end(): void {
    this.#take(this.#observer.takeRecords())
    this.#observer.disconnect()
    this.#tell({
      pauses: this.#pauses.length,
      pausesMs: this.#pauses.reduce((sum, ms) => sum + ms, 0),
      longestPauseMs: Math.max(0, ...this.#pauses),
      queuedMs: queuedMs() - this.#queuedMs,
    })
  }

  #take(entries: readonly PerformanceEntry[]): void {
    const since = entries.filter(({ startTime }) => startTime >= this.#fromMs)
    this.#pauses = [...this.#pauses, ...since.map(({ duration }) => duration)]
  }
}

/** How long the calling thread has waited for a core in all; NaN where the system does not tell. */
function queuedMs(): number {
  try {
    // Nanoseconds that it ran, and that it waited; how often.
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]) / 1e6
  } catch {
    return Number.NaN
  }
}
