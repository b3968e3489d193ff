/** Milliseconds on a clock that all threads of a process share and that never jumps. */
export function monotonicMs(): number {
  // performance.now() begins at another moment in every thread.
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}
