/**
 * Time comes in through a parameter, so that a seed replays a run. This file and prng.ts are the
 * only ones that touch the system's clock and timers.
 */
export interface Clock {
  /** Wall-clock time, epoch milliseconds. */
  nowMs(): number
  /** Milliseconds on a clock that never jumps, for durations. */
  monotonicMs(): number
}

/** The system's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
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
