// How much of its time a task of jobs/planted-share.ts has spent, up to this very moment.

/** As in the job. */
const SPENT_BYTES = 24
const SUM = 0
const SINCE = 1

export const spentMemory = () => new SharedArrayBuffer(2 * SPENT_BYTES)

/** Milliseconds, those of what is under way included. */
export function spentMs(memory, task) {
  const version = new Int32Array(memory, task * SPENT_BYTES, 1)
  const times = new Float64Array(memory, task * SPENT_BYTES + 8, 2)
  for (;;) {
    const before = Atomics.load(version, 0)
    const [sum, since] = [times[SUM], times[SINCE]]
    const nowMs = performance.timeOrigin + performance.now()
    // Odd: it is being written, by a thread that may have lost its processor.
    if (before % 2 !== 0 || Atomics.load(version, 0) !== before) continue
    return since === 0 ? sum : sum + Math.max(0, nowMs - since)
  }
}
