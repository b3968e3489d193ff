/**
 * What happens to a simulated job besides its work.
 * Threads: the caller's.
 */
import type { Prng } from '../../base/prng.ts'

/** 'exit': a thread ends. 'kill': the process does. 'stop': the job is cancelled. */
export type DisturbanceKind = 'exit' | 'kill' | 'stop'

export interface Disturbance {
  readonly kind: DisturbanceKind
  /** So many checkpoints are complete since the disturbance before. */
  readonly completed: number
  /** And so many steps were taken since. */
  readonly steps: number
}

const COUNTS = [0, 0, 0, 0, 1, 1, 1, 1, 2, 3] as const
const KINDS = ['exit', 'exit', 'kill', 'kill', 'kill', 'stop'] as const
const COMPLETED = [0, 0, 1, 1, 2] as const
const STEPS_MAX = 150

export function randomDisturbances(random: Prng): readonly Disturbance[] {
  const count = COUNTS[random.below(COUNTS.length)]!
  return Array.from({ length: count }, () => ({
    kind: KINDS[random.below(KINDS.length)]!,
    completed: COMPLETED[random.below(COMPLETED.length)]!,
    steps: random.below(STEPS_MAX),
  }))
}
