/**
 * What people read when the coordinator itself ends a checkpoint, a request or the job.
 */
import type { CheckpointFailure } from './events.ts'

/** Requests that may wait for their turn, as in Flink. */
export const REQUESTS_MAX = 1000

/** Reasons that need no details. */
export const endReasons = {
  suspended: { reason: 'CHECKPOINT_COORDINATOR_SUSPEND', message: 'the job restarts' },
  shutdown: { reason: 'CHECKPOINT_COORDINATOR_SHUTDOWN', message: 'the job has ended' },
  notRunning: {
    reason: 'NOT_ALL_REQUIRED_TASKS_RUNNING',
    message: 'not all tasks of the job run at present',
  },
  tooManyRequests: {
    reason: 'TOO_MANY_CHECKPOINT_REQUESTS',
    message: `${REQUESTS_MAX} requests wait for a checkpoint already`,
  },
} as const satisfies Record<string, CheckpointFailure>

export function subsumedBy(checkpointId: number): CheckpointFailure {
  const message = `checkpoint ${checkpointId}, which is newer, completed first`
  return { reason: 'CHECKPOINT_SUBSUMED', message }
}

export function expiredAfter(timeoutMs: number): CheckpointFailure {
  const message = `not all tasks acknowledged it within ${timeoutMs} ms`
  return { reason: 'CHECKPOINT_EXPIRED', message }
}

/** Keeps the reason of the last one. */
export function tooManyFailed(
  { reason, message }: CheckpointFailure,
  tolerated: number | undefined,
): CheckpointFailure {
  const told = `more checkpoints in a row failed than the ${tolerated} that are tolerated`
  return { reason, message: `${told}; the last one: ${message}` }
}
