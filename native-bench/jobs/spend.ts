/** Ways for a thread to spend a known time, by the clock on the wall. */
const NEVER = new Int32Array(new SharedArrayBuffer(4))

/** The processor is busy meanwhile. */
export function spin(micros: number): void {
  const untilMs = performance.now() + micros / 1e3
  while (performance.now() < untilMs);
}

/** The processor is free meanwhile; takes some 60 us more than it is told. */
export function sleep(micros: number): void {
  Atomics.wait(NEVER, 0, 0, micros / 1e3)
}
