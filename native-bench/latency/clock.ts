// performance.now() begins at another moment in every thread.
const ORIGIN_MS = systemMs() - performance.now()

/** Milliseconds on a clock that all threads of a process share and that never jumps. */
export function monotonicMs(): number {
  return ORIGIN_MS + performance.now()
}

function systemMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}
