import { expect, test } from 'vitest'
import { decideTrigger, type TriggerFacts } from '../../src/checkpoint/trigger.ts'

const NEVER = Number.POSITIVE_INFINITY

const facts: TriggerFacts = {
  nowMs: 1000,
  jobRunning: true,
  allEnded: false,
  finalPending: false,
  finalDueMs: 0,
  requests: 0,
  pendingCount: 0,
  pendingCountMax: 1,
  periodicDueMs: 1000,
  lastCompletedMs: -NEVER,
  minPauseMs: 0,
}

const table: readonly (readonly [why: string, change: Partial<TriggerFacts>, decision: string])[] =
  [
    ['the interval is over', {}, 'periodic'],
    ['the interval is not over', { nowMs: 999 }, 'wait until 1000'],
    ['it is overdue', { nowMs: 5000 }, 'periodic'],
    ['there is no interval', { periodicDueMs: NEVER }, 'wait until Infinity'],
    ['not all tasks run', { jobRunning: false, requests: 1 }, 'wait until Infinity'],
    ['too many are pending', { pendingCount: 1 }, 'wait until Infinity'],
    ['one more may be pending', { pendingCount: 1, pendingCountMax: 2 }, 'periodic'],
    ['the pause is not over', { lastCompletedMs: 900, minPauseMs: 200 }, 'wait until 1100'],
    ['the pause is just over', { lastCompletedMs: 800, minPauseMs: 200 }, 'periodic'],
    ['the pause ends before the interval', { nowMs: 0, minPauseMs: 1 }, 'wait until 1000'],
    [
      'a pause allows no overlap',
      { pendingCount: 1, pendingCountMax: 2, minPauseMs: 1 },
      'wait until Infinity',
    ],
    ['somebody asks', { nowMs: 0, requests: 1 }, 'manual'],
    ['somebody asks when a periodic one is due', { requests: 1 }, 'manual'],
    ['somebody asks in a pause', { requests: 1, lastCompletedMs: 999, minPauseMs: 9 }, 'manual'],
    [
      'somebody asks beside a pending one',
      { requests: 1, pendingCount: 1, pendingCountMax: 2, minPauseMs: 9 },
      'manual',
    ],
    [
      'somebody asks, too many are pending',
      { requests: 1, pendingCount: 1 },
      'wait until Infinity',
    ],
    ['all have ended', { nowMs: 1, allEnded: true }, 'final'],
    ['all have ended, many are pending', { allEnded: true, pendingCount: 9 }, 'final'],
    ['all have ended in a pause', { allEnded: true, lastCompletedMs: 999, minPauseMs: 9 }, 'final'],
    ['the final one is pending', { allEnded: true, finalPending: true }, 'wait until Infinity'],
    [
      'the final one is pending and somebody asks',
      { allEnded: true, finalPending: true, requests: 1 },
      'wait until Infinity',
    ],
    ['the final one failed just now', { allEnded: true, finalDueMs: 2000 }, 'wait until 2000'],
    [
      'the final one failed just now and somebody asks',
      { allEnded: true, finalDueMs: 2000, requests: 1 },
      'final',
    ],
    [
      'all have ended, but the job stops',
      { allEnded: true, jobRunning: false },
      'wait until Infinity',
    ],
  ]

test.each(table)('%s', (_why, change, expected) => {
  const decision = decideTrigger({ ...facts, ...change })
  expect(decision.kind === 'trigger' ? decision.as : `wait until ${decision.untilMs}`).toBe(
    expected,
  )
})
