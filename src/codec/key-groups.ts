/**
 * Which subtask a key belongs to. A key's hash chooses one of `maxParallelism` key groups, and
 * each subtask owns a range of them, so that state moves between subtasks by whole groups.
 * The formulas are Flink's: a job's skew and its ranges are what its users know.
 */
const MAX_PARALLELISM_MIN = 1 << 7
const MAX_PARALLELISM_MAX = 1 << 15

/** The key group of a key with this int32 hash, in [0, maxParallelism). */
export function keyGroupOf(hash: number, maxParallelism: number): number {
  const mask = maxParallelism - 1
  if ((maxParallelism & mask) === 0) {
    // Powers of two: no division, and no branch that guesses a hash's sign.
    const sign = hash >> 31
    return ((hash ^ sign) - sign) & mask
  }
  // The least int32 has no positive counterpart; it goes to group 0.
  if (hash < 0) return hash === -0x80000000 ? 0 : -hash % maxParallelism
  return hash % maxParallelism
}

/** The subtask, in [0, parallelism), that owns a key group. */
export function subtaskOfKeyGroup(
  keyGroup: number,
  maxParallelism: number,
  parallelism: number,
): number {
  return Math.floor((keyGroup * parallelism) / maxParallelism)
}

/** The key groups [from, to) that a subtask owns. */
export function keyGroupRange(
  subtask: number,
  maxParallelism: number,
  parallelism: number,
): readonly [from: number, to: number] {
  const from = Math.floor((subtask * maxParallelism + parallelism - 1) / parallelism)
  const last = Math.floor(((subtask + 1) * maxParallelism - 1) / parallelism)
  return [from, last + 1]
}

/** Room to grow to half as much again: the next power of two, from 128 to 32,768. */
export function defaultMaxParallelism(parallelism: number): number {
  const wanted = roundUpToPowerOfTwo(parallelism + Math.floor(parallelism / 2))
  return Math.min(Math.max(wanted, MAX_PARALLELISM_MIN), MAX_PARALLELISM_MAX)
}

function roundUpToPowerOfTwo(n: number): number {
  return n <= 1 ? 1 : 2 ** (32 - Math.clz32(n - 1))
}
