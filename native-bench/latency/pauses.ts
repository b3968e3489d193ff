/** Pauses of the calling thread's garbage collector. */
import { PerformanceObserver, performance } from 'node:perf_hooks'
import type { Pauses } from './figures.ts'

/** Tells of all pauses so far each time there is a further one. `begin` forgets them. */
export function watchPauses(tell: (pauses: Pauses) => void): { begin(): void; end(): void } {
  let fromMs = 0
  let pauses: Pauses = { count: 0, sumMs: 0, longestMs: 0 }
  const observer = new PerformanceObserver((list) => {
    const durations = list
      .getEntries()
      .flatMap(({ startTime, duration }) => (startTime < fromMs ? [] : [duration]))
    pauses = {
      count: pauses.count + durations.length,
      sumMs: durations.reduce((sum, ms) => sum + ms, pauses.sumMs),
      longestMs: Math.max(pauses.longestMs, ...durations),
    }
    tell(pauses)
  })
  observer.observe({ entryTypes: ['gc'] })
  return {
    begin() {
      fromMs = performance.now()
      pauses = { count: 0, sumMs: 0, longestMs: 0 }
    },
    end: () => observer.disconnect(),
  }
}
