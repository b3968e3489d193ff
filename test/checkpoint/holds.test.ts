/** What a checkpoint waits for, from what a task tells of itself. */
import { expect, test } from 'vitest'
import type { CheckpointHold, HoldFacts } from '../../src/checkpoint/holds.ts'
import { causesFirst, holdOf, holdsText } from '../../src/checkpoint/holds.ts'
import { snapshotWaits } from '../../src/metrics/snapshot-waits.ts'
import type { TaskCounters } from '../../src/metrics/task-metrics.ts'
import { allocateTaskMetrics, readTaskMetrics } from '../../src/metrics/task-metrics.ts'

const NOW_MS = 100_000

function hold(counters: Partial<TaskCounters>, rest: Partial<HoldFacts> = {}) {
  const none = readTaskMetrics(allocateTaskMetrics(1))
  const running = { ...none, activity: 'busy', stepMs: NOW_MS - 3, channels: 4 } as const
  const facts = { checkpointId: 7, nowMs: NOW_MS, isWriting: false, ...rest }
  return holdOf({ ...facts, counters: { ...running, ...counters } })
}

const waits = (what: (typeof snapshotWaits)[number]) => ({
  snapshotId: 7,
  barrierId: 7,
  snapshotWaits: snapshotWaits.indexOf(what),
})

test.each<readonly [string, Partial<TaskCounters>, object]>([
  [
    'nothing is known of it',
    { barrierId: 6 },
    { reason: 'barriers', channelsReached: 0, channels: 4 },
  ],
  [
    'some barriers are reached',
    { barrierId: 7, snapshotId: 6, barriersReached: 3 },
    { reason: 'alignment', channelsReached: 3, channels: 4 },
  ],
  [
    'a later one is known, too',
    { barrierId: 9, barriersReached: 0 },
    { reason: 'alignment', channelsReached: 0, channels: 4 },
  ],
  ['a long call', { barrierId: 7, stepMs: NOW_MS - 900 }, { reason: 'call', sinceMs: 900 }],
  [
    'it sleeps for long, since nothing comes',
    { activity: 'idle', stepMs: NOW_MS - 900 },
    { reason: 'barriers', channelsReached: 0, channels: 4 },
  ],
  ['it has not begun to run', { activity: 'nothing', stepMs: 0 }, { reason: 'barriers' }],
  [
    'blocked within a record',
    { activity: 'hardBackpressured', stepMs: NOW_MS - 50 },
    { reason: 'blocked', sinceMs: 50 },
  ],
  ['state is encoded', waits('state'), { reason: 'state' }],
  [
    'in-flight data is not complete',
    { ...waits('in-flight'), barriersUnknown: 1 },
    { reason: 'in-flight', channelsReached: 3, channels: 4 },
  ],
  ['a sink prepares', waits('output'), { reason: 'output' }],
  ['the acknowledgement is on its way', waits('nothing'), { reason: 'files' }],
  ['the clock was set back', { stepMs: NOW_MS + 500 }, { reason: 'barriers' }],
])('%s', (_, counters, expected) => {
  expect(hold(counters)).toMatchObject(expected)
})

test('who has handed over everything waits for the disk, whatever it does now', () => {
  const busy = { stepMs: NOW_MS - 900, barrierId: 9 }
  expect(hold(busy, { isWriting: true })).toEqual({ reason: 'files' })
})

const holds: readonly CheckpointHold[] = [
  { vertex: 'sink', subtask: 0, reason: 'barriers', channelsReached: 0, channels: 2 },
  { vertex: 'slow', subtask: 1, reason: 'alignment', channelsReached: 1, channels: 2 },
  { vertex: 'slow', subtask: 0, reason: 'call', sinceMs: 1200 },
  { vertex: 'sink', subtask: 1, reason: 'barriers', channelsReached: 0, channels: 2 },
]

test('causes come first, and the rest as a number', () => {
  expect(holdsText(causesFirst(holds))).toBe(
    'slow (0) is in a call of its functions for 1200 ms; ' +
      'slow (1) has reached the barriers of 1 of 2 channels; ' +
      'sink (0) knows no barrier of its 2 channels; 1 more',
  )
})

test.each<readonly [Omit<CheckpointHold, 'vertex' | 'subtask'>, string]>([
  [{ reason: 'blocked', sinceMs: 5 }, 'is blocked in the middle of a record for 5 ms'],
  [{ reason: 'state' }, 'is encoding its state'],
  [{ reason: 'output' }, 'waits for its sinks to prepare their output'],
  [{ reason: 'files' }, 'waits for its files to be written'],
  [
    { reason: 'in-flight', channelsReached: 2, channels: 3 },
    'knows the barriers of 2 of 3 channels',
  ],
  [{ reason: 'barriers', channelsReached: 0, channels: 0 }, 'has not begun'],
])('%o in words', (one, text) => {
  expect(holdsText([{ vertex: 'v', subtask: 2, ...one }])).toBe(`v (2) ${text}`)
})
