/**
 * What a checkpoint that is under way waits for: of each task that has not acknowledged it why not,
 * from what the task tells of itself in shared memory. Those that others wait for come first.
 * Threads: any; pure functions.
 */
import { snapshotWaits } from '../metrics/snapshot-waits.ts'
import type { TaskCounters } from '../metrics/task-metrics.ts'

/** Why a subtask has not acknowledged. */
export type HoldReason =
  /** It is in the middle of a call of its functions, and sees no barrier. */
  | 'call'
  /** Blocked in the middle of a record, for a receiver that is full. */
  | 'blocked'
  /** Its snapshot is taken, and its state is being encoded and handed over. */
  | 'state'
  /** Its snapshot is taken, and its sinks are preparing what they have written. */
  | 'output'
  /** All of it is handed over, and its files are being written. */
  | 'files'
  /** It knows of barriers, and works on what lies before them. */
  | 'alignment'
  /** Its snapshot is taken, and it keeps what comes before barriers that it does not know yet. */
  | 'in-flight'
  /** It knows of no barrier: those before it have not passed theirs on. */
  | 'barriers'

/** A subtask that a checkpoint waits for. */
export interface CheckpointHold {
  readonly vertex: string
  readonly subtask: number
  readonly reason: HoldReason
  /** How long the call or the blocked record has lasted; absent for other reasons. */
  readonly sinceMs?: number
  /** Channels whose barriers it has reached, or knows; absent where it waits for none. */
  readonly channelsReached?: number
  readonly channels?: number
}

export interface HoldFacts {
  readonly checkpointId: number
  /** Epoch ms. */
  readonly nowMs: number
  readonly counters: TaskCounters
  /** The task has acknowledged, and is waited for all the same. */
  readonly isWriting: boolean
}

type Hold = Omit<CheckpointHold, 'vertex' | 'subtask'>

/** A step of a task is some milliseconds: one that lasts longer is a call that does. */
const CALL_MS_MIN = 100

/** In the order in which they are told: causes first. */
const ORDER: readonly HoldReason[] = [
  'call',
  'blocked',
  'alignment',
  'state',
  'output',
  'files',
  'in-flight',
  'barriers',
]

export function holdOf({ checkpointId, nowMs, counters, isWriting }: HoldFacts): Hold {
  if (isWriting) return { reason: 'files' }
  const sinceMs = Math.max(0, Math.round(nowMs - counters.stepMs))
  const isLong = counters.stepMs > 0 && sinceMs >= CALL_MS_MIN
  if (counters.activity === 'hardBackpressured') return { reason: 'blocked', sinceMs }
  if (counters.activity === 'busy' && isLong) return { reason: 'call', sinceMs }
  const { channels, barriersReached: channelsReached } = counters
  if (counters.snapshotId >= checkpointId) {
    const waits = snapshotWaits[counters.snapshotWaits] ?? 'nothing'
    if (waits === 'in-flight') {
      return { reason: waits, channelsReached: channels - counters.barriersUnknown, channels }
    }
    return { reason: waits === 'nothing' ? 'files' : waits }
  }
  if (counters.barrierId < checkpointId) return { reason: 'barriers', channelsReached: 0, channels }
  return { reason: 'alignment', channelsReached, channels }
}

/** Those that others wait for first, otherwise in the order of the tasks. */
export function causesFirst(holds: readonly CheckpointHold[]): readonly CheckpointHold[] {
  const rank = ({ reason }: CheckpointHold) => ORDER.indexOf(reason)
  return holds.toSorted((a, b) => rank(a) - rank(b))
}

/** In words, as in `reduce (1) is in a call of its functions for 1200 ms`. */
function holdText(hold: CheckpointHold): string {
  return `${hold.vertex} (${hold.subtask}) ${reasonText(hold)}`
}

const HOLDS_TOLD_MAX = 3

/** All of them in one sentence; the last ones only as a number. */
export function holdsText(holds: readonly CheckpointHold[]): string {
  const told = holds.slice(0, HOLDS_TOLD_MAX).map(holdText)
  const more = holds.length - told.length
  return [...told, ...(more > 0 ? [`${more} more`] : [])].join('; ')
}

function reasonText({ reason, sinceMs, channelsReached, channels }: CheckpointHold): string {
  switch (reason) {
    case 'call':
      return `is in a call of its functions for ${sinceMs} ms`
    case 'blocked':
      return `is blocked in the middle of a record for ${sinceMs} ms`
    case 'state':
      return 'is encoding its state'
    case 'output':
      return 'waits for its sinks to prepare their output'
    case 'files':
      return 'waits for its files to be written'
    case 'alignment':
      return `has reached the barriers of ${channelsReached} of ${channels} channels`
    case 'in-flight':
      return `knows the barriers of ${channelsReached} of ${channels} channels`
    case 'barriers':
      return channels === 0 ? 'has not begun' : `knows no barrier of its ${channels} channels`
  }
}
