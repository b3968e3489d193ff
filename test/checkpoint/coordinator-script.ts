/** A scenario of the checkpoint coordinator as data: steps in, lines out. */

import type { BarrierRules } from '../../src/channel/barrier.ts'
import { ALIGNED } from '../../src/channel/barrier.ts'
import { CheckpointCoordinatorState } from '../../src/checkpoint/coordinator.ts'
import type {
  CheckpointEffect,
  CheckpointEvent,
  CheckpointSettings,
  FailureReason,
} from '../../src/checkpoint/events.ts'

export type Step =
  | readonly [nowMs: number, what: 'running', tasks?: readonly number[]]
  | readonly [nowMs: number, what: 'stopping' | 'restart' | 'shutdown' | 'tick']
  | readonly [nowMs: number, what: 'request' | 'ended', who: number]
  | readonly [nowMs: number, what: 'ack', checkpointId: number, task: number]
  | readonly [
      nowMs: number,
      what: 'decline',
      checkpointId: number,
      task: number,
      reason?: FailureReason,
    ]
  | readonly [nowMs: number, what: 'published' | 'publish-failed', checkpointId: number]
  | readonly [nowMs: number, what: 'change', to: Partial<CheckpointSettings>]

export const settings: CheckpointSettings = {
  intervalMs: 1000,
  minPauseMs: 0,
  timeoutMs: 600_000,
  concurrentMax: 1,
  failuresTolerated: undefined,
  retained: 1,
  rules: ALIGNED,
}

export interface Scenario extends Partial<CheckpointSettings> {
  readonly firstId?: number
  readonly alreadyRetained?: readonly number[]
}

/** Plays the steps; each line tells when and what was wanted. Timers are told with `wakes` only. */
export function play(
  { firstId = 1, alreadyRetained = [], ...changed }: Scenario,
  steps: readonly Step[],
): readonly string[] {
  return linesOf({ firstId, alreadyRetained, ...changed }, steps).filter(
    (line) => !line.includes('wake'),
  )
}

export function wakes(scenario: Scenario, steps: readonly Step[]): readonly string[] {
  return linesOf(scenario, steps).filter((line) => line.includes('wake'))
}

function linesOf(
  { firstId = 1, alreadyRetained = [], ...changed }: Scenario,
  steps: readonly Step[],
): readonly string[] {
  const coordinator = new CheckpointCoordinatorState({
    settings: { ...settings, ...changed },
    firstId,
    retained: alreadyRetained,
  })
  return steps.flatMap((step) => {
    const event = eventOf(step)
    return coordinator.handle(event).map((effect) => `${event.nowMs}: ${describe(effect)}`)
  })
}

function eventOf(step: Step): CheckpointEvent {
  const nowMs = step[0]
  switch (step[1]) {
    case 'running':
      return { type: 'running', nowMs, tasks: step[2] ?? [0, 1] }
    case 'stopping':
      return { type: 'stopping', nowMs }
    case 'restart':
      return { type: 'stopped', nowMs, final: false }
    case 'shutdown':
      return { type: 'stopped', nowMs, final: true }
    case 'tick':
      return { type: 'tick', nowMs }
    case 'request':
      return { type: 'request', nowMs, request: step[2] }
    case 'ended':
      return { type: 'task-ended', nowMs, task: step[2] }
    case 'ack':
      return { type: 'acknowledged', nowMs, checkpointId: step[2], task: step[3] }
    case 'decline': {
      const failure = { reason: step[4] ?? ('CHECKPOINT_DECLINED' as const), message: 'no' }
      return { type: 'declined', nowMs, checkpointId: step[2], task: step[3], failure }
    }
    case 'change':
      return { type: 'settings', nowMs, settings: { ...settings, ...step[2] } }
    case 'published':
      return { type: 'published', nowMs, checkpointId: step[2] }
    case 'publish-failed': {
      const failure = { reason: 'IO_EXCEPTION', message: 'disk full' } as const
      return { type: 'publish-failed', nowMs, checkpointId: step[2], failure }
    }
  }
}

function describe(effect: CheckpointEffect): string {
  switch (effect.type) {
    case 'trigger':
      return `trigger ${effect.checkpointId} ${effect.kind}${rulesText(effect.rules)}`
    case 'write-metadata':
      return `write ${effect.checkpointId}`
    case 'complete':
      return `complete ${effect.checkpointId} ${effect.kind}`
    case 'abort':
      return `abort ${effect.checkpointId} ${effect.failure.reason}`
    case 'discard':
      return `discard ${effect.checkpointId} of task ${effect.task}`
    case 'delete':
      return `delete ${effect.checkpointId}`
    case 'refuse':
      return `refuse request ${effect.request} ${effect.failure.reason}`
    case 'attach':
      return `attach request ${effect.request} to ${effect.checkpointId}`
    case 'wake-at':
      return `wake at ${effect.timeMs}`
    case 'fail-job':
      return `fail the job ${effect.failure.reason}`
    case 'finish':
      return 'finish'
  }
}

/** Both tasks acknowledge, and it is published. */
export function completing(id: number, nowMs: number): readonly Step[] {
  return [
    [nowMs, 'ack', id, 0],
    [nowMs, 'ack', id, 1],
    [nowMs, 'published', id],
  ]
}

function rulesText(rules: BarrierRules): string {
  return rules === ALIGNED ? '' : ` ${rules.kind} after ${rules.alignedTimeoutMs}`
}
