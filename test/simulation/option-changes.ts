/**
 * How the options of a simulated job's checkpoints change while it runs. What is exactly once stays
 * so, and no change takes away the checkpoint that a later process starts from.
 */
import type { Prng } from '../../src/base/prng.ts'
import type { CheckpointingChange } from '../../src/coordinator/checkpointing-view.ts'

export interface PlannedChange {
  /** So many steps behind the one before. */
  readonly steps: number
  readonly change: CheckpointingChange
}

export interface ChangesOptions {
  readonly isExact: boolean
  /** Somebody cancels the job, and goes on with it. */
  readonly isStopped: boolean
  /** In-flight bytes that a task may keep as the job is started: never more. */
  readonly channelStateBytesMax: number
}

const COUNTS = [0, 0, 0, 1, 1, 2, 3, 5] as const
const STEPS_MAX = 250
const OPTIONS_MAX = 3

export function randomChanges(random: Prng, options: ChangesOptions): readonly PlannedChange[] {
  return Array.from({ length: COUNTS[random.below(COUNTS.length)]! }, () => ({
    steps: random.below(STEPS_MAX),
    change: randomChange(random, options),
  }))
}

function randomChange(random: Prng, options: ChangesOptions): CheckpointingChange {
  const parts = Array.from({ length: 1 + random.below(OPTIONS_MAX) }, () => part(random, options))
  const change: CheckpointingChange = Object.assign({}, ...parts)
  // The one excludes the other.
  return change.mode === 'at-least-once' ? { ...change, unaligned: false } : change
}

function part(random: Prng, options: ChangesOptions): CheckpointingChange {
  const among = <T>(...values: readonly T[]) => values[random.below(values.length)]!
  switch (random.below(10)) {
    case 0:
      return { interval: 10 + random.below(60) }
    case 1:
      return { maxConcurrent: 1 + random.below(8) }
    case 2:
      return { minPause: among(null, 1, 10, 40) }
    case 3:
      return { timeout: among(null, 300 + random.below(400)) }
    case 4:
      return { retained: 1 + random.below(4) }
    case 5:
      return { tolerableFailures: among(null, 0, 1, 3) }
    case 6:
      return { channelStateBytesMax: among(1_024, 2_048, options.channelStateBytesMax) }
    case 7:
      // Of a job that is killed, or finishes, nothing else becomes.
      return { retention: options.isStopped ? null : among(null, 'delete-on-cancellation') }
    default:
      return kindOf(among('aligned', 'unaligned', 'soon', 'late', 'at-least-once'), options)
  }
}

function kindOf(kind: string, { isExact }: ChangesOptions): CheckpointingChange {
  const mode = 'exactly-once'
  switch (kind) {
    case 'unaligned':
      return { mode, unaligned: true, alignedTimeout: null }
    case 'soon':
      return { mode, unaligned: true, alignedTimeout: 3 }
    case 'late':
      return { mode, unaligned: true, alignedTimeout: 30 }
    case 'at-least-once':
      return isExact ? { mode, unaligned: false } : { mode: 'at-least-once', unaligned: false }
    default:
      return { mode, unaligned: false }
  }
}
