/**
 * A task's times up to a moment: what was counted, and what it has been doing since.
 * Threads: any.
 */
import type { TaskCounters } from './task-metrics.ts'

/** Each moment since the task began is in one of them. */
export interface TaskTimesSpent {
  readonly busyMs: number
  readonly idleMs: number
  /** Waited between two records for a receiver or a sink. */
  readonly softBackpressuredMs: number
  /** Blocked for a receiver in the middle of a record. */
  readonly hardBackpressuredMs: number
}

/**
 * `nowMs`: monotonic, read before the counters: what they have counted beyond it is not counted
 * twice.
 */
export function timesAt(counters: TaskCounters, nowMs: number): TaskTimesSpent {
  const { activity, beganMs } = counters
  const { busyMs, idleMs, softBackpressuredMs, hardBackpressuredMs } = counters
  const counted = { busyMs, idleMs, softBackpressuredMs, hardBackpressuredMs }
  if (activity === 'nothing') return counted
  const countedMs = busyMs + idleMs + softBackpressuredMs + hardBackpressuredMs
  const sinceMs = Math.max(0, nowMs - beganMs - countedMs)
  const kind = `${activity}Ms` as const
  return { ...counted, [kind]: counted[kind] + sinceMs }
}
