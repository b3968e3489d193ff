/**
 * Time comes in through a parameter, so that a seed replays a run. This file and prng.ts are the
 * only ones that touch the system's clock and timers.
 */
export interface Clock {
  /** Wall-clock time, epoch milliseconds. */
  nowMs(): number
  /** Milliseconds on a clock that never jumps, the same in all threads; for durations. */
  monotonicMs(): number
}

const THREAD_ORIGIN_MS = threadOriginMs()

/** The system's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => THREAD_ORIGIN_MS + performance.now(),
}

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
  #nowMs: number
  constructor(startMs = 0) {
    this.#nowMs = startMs
  }
  nowMs(): number {
    return this.#nowMs
  }
  monotonicMs(): number {
    return this.#nowMs
  }
  /** Moves the clock on by `ms`, which must not be negative. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`a clock cannot go back by ${ms} ms`)
    this.#nowMs += ms
  }
}

/** Resolves after `ms`. The timer keeps the process alive unless `unref` is true. */
export function sleep(ms: number, options: { readonly unref?: boolean } = {}): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    if (options.unref === true) timer.unref()
  })
}

/** Calls `action` once after `ms`; the returned function takes it back. */
export function after(ms: number, action: () => void): () => void {
  const timer = setTimeout(action, ms)
  return () => clearTimeout(timer)
}

/** Calls `action` every `ms`; the returned function ends it. */
export function every(ms: number, action: () => void): () => void {
  const timer = setInterval(action, ms)
  return () => clearInterval(timer)
}

/** One turn of the event loop: promises, timers and ports get their say. About 1 us. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/**
 * `performance.now()` begins at 0 in each thread, hrtime in none. A thread may lose its processor
 * between the two: of some tries that counts which took the least time.
 */
function threadOriginMs(): number {
  const tries = Array.from({ length: 10 }, () => {
    const beforeMs = performance.now()
    const sharedMs = Number(process.hrtime.bigint()) / 1e6
    const afterMs = performance.now()
    return { tookMs: afterMs - beforeMs, originMs: sharedMs - (beforeMs + afterMs) / 2 }
  })
  return tries.reduce((best, one) => (one.tookMs < best.tookMs ? one : best)).originMs
}
