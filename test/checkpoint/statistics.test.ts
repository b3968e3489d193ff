import { expect, test } from 'vitest'
import type { CheckpointStats } from '../../src/checkpoint/checkpoint-stats.ts'
import { CheckpointStatistics } from '../../src/checkpoint/statistics.ts'

const triggeredMs = 1_700_000_000_000
const declined = { reason: 'CHECKPOINT_DECLINED', message: 'the disk is full' } as const

function trigger(statistics: CheckpointStatistics, checkpointId: number): void {
  statistics.triggered({ checkpointId, kind: 'periodic', triggeredMs, tasksTotal: 2 })
}

interface Ack {
  readonly subtask?: number
  readonly afterMs?: number
  readonly bytes?: number
  readonly alignmentMs?: number
  readonly inFlight?: typeof NOTHING
}

const NOTHING = { unaligned: false, processedInFlightBytes: 0, persistedInFlightBytes: 0 }

function acknowledge(
  statistics: CheckpointStatistics,
  checkpointId: number,
  { subtask = 0, afterMs = 100, bytes = 1000, alignmentMs = 20, inFlight = NOTHING }: Ack,
): void {
  const times = { startDelayMs: 10, alignmentMs, syncMs: 5, walkMs: 30, stepMsMax: 1.5 }
  const snapshot = { ...times, ...inFlight }
  statistics.acknowledged({
    checkpointId,
    vertex: 'count',
    subtask,
    ackMs: triggeredMs + afterMs,
    snapshot,
    bytes,
    files: 1,
  })
}

function complete(statistics: CheckpointStatistics, id: number, ack: Ack = {}): CheckpointStats {
  trigger(statistics, id)
  acknowledge(statistics, id, ack)
  return statistics.completed(id, triggeredMs + 500)
}

function fail(statistics: CheckpointStatistics, id: number): CheckpointStats {
  trigger(statistics, id)
  return statistics.failed(id, { failedMs: triggeredMs + 70, failure: declined })
}

const idsOf = (all: readonly CheckpointStats[]) => all.map(({ id }) => id)

test('a checkpoint shows what each subtask took, and the whole from trigger to the last', () => {
  const statistics = new CheckpointStatistics({ historyMax: 10 })
  trigger(statistics, 1)
  acknowledge(statistics, 1, { subtask: 1, afterMs: 300, bytes: 500 })
  acknowledge(statistics, 1, { subtask: 0, afterMs: 100, bytes: 1000 })
  const times = { startDelayMs: 10, alignmentMs: 20, syncMs: 5, stepMsMax: 1.5 }
  const subtask = { vertex: 'count', ...times, ...NOTHING }
  const expected: CheckpointStats = {
    id: 1,
    kind: 'periodic',
    status: 'completed',
    triggeredMs,
    completedMs: triggeredMs + 350,
    durationMs: 300,
    bytes: 1500,
    files: 2,
    ...NOTHING,
    tasksTotal: 2,
    tasks: [
      {
        ...subtask,
        subtask: 1,
        ackMs: triggeredMs + 300,
        asyncMs: 265,
        endToEndMs: 300,
        bytes: 500,
      },
      {
        ...subtask,
        subtask: 0,
        ackMs: triggeredMs + 100,
        asyncMs: 65,
        endToEndMs: 100,
        bytes: 1000,
      },
    ],
  }
  expect(statistics.completed(1, triggeredMs + 350)).toEqual(expected)
  expect(statistics.report().latestCompleted).toEqual(expected)
})

test('it is unaligned if one subtask was, whose state was written while barriers came', () => {
  const statistics = new CheckpointStatistics({ historyMax: 10 })
  trigger(statistics, 1)
  const inFlight = { unaligned: true, processedInFlightBytes: 30, persistedInFlightBytes: 500 }
  acknowledge(statistics, 1, { subtask: 0, alignmentMs: 60, inFlight })
  acknowledge(statistics, 1, { subtask: 1, inFlight: { ...NOTHING, processedInFlightBytes: 4 } })
  const completed = statistics.completed(1, triggeredMs + 350)
  expect(completed).toMatchObject({
    unaligned: true,
    processedInFlightBytes: 34,
    persistedInFlightBytes: 500,
  })
  expect(completed.tasks[0]).toMatchObject({ ...inFlight, alignmentMs: 60, asyncMs: 85 })
})

test('one in progress is in the history, without an end', () => {
  const statistics = new CheckpointStatistics({ historyMax: 10 })
  complete(statistics, 1)
  trigger(statistics, 2)
  acknowledge(statistics, 2, {})
  const { history, counts, summary } = statistics.report()
  expect(history[0]).toMatchObject({ id: 2, status: 'in-progress', bytes: 1000 })
  expect(history[0]).not.toHaveProperty('completedMs')
  expect(idsOf(history)).toEqual([2, 1])
  expect(counts).toEqual({ triggered: 2, inProgress: 1, completed: 1, failed: 0, restored: 0 })
  expect(summary?.count).toBe(1)
})

test('a failed one tells why, and is not part of the summary', () => {
  const statistics = new CheckpointStatistics({ historyMax: 10 })
  const failed = fail(statistics, 1)
  expect(failed).toMatchObject({ status: 'failed', durationMs: 70, ...declined })
  expect(statistics.report()).toMatchObject({ latestFailed: failed, counts: { failed: 1 } })
  expect(statistics.report()).not.toHaveProperty('summary')
})

test('what comes after the end is left out', () => {
  const statistics = new CheckpointStatistics({ historyMax: 10 })
  fail(statistics, 1)
  acknowledge(statistics, 1, {})
  expect(statistics.report().history[0]?.bytes).toBe(0)
})

test('the history is bounded, counts and the latest of each kind are not forgotten', () => {
  const statistics = new CheckpointStatistics({ historyMax: 2 })
  complete(statistics, 1)
  for (const id of [2, 3, 4]) fail(statistics, id)
  const report = statistics.report()
  expect(idsOf(report.history)).toEqual([4, 3])
  expect(report.counts).toMatchObject({ completed: 1, failed: 3 })
  expect(report.latestCompleted?.id).toBe(1)
  expect(report.summary?.count).toBe(1)
})

test('the summary takes each checkpoint by its slowest subtask', () => {
  const statistics = new CheckpointStatistics({ historyMax: 10 })
  trigger(statistics, 1)
  acknowledge(statistics, 1, { subtask: 0, alignmentMs: 70 })
  acknowledge(statistics, 1, { subtask: 1, alignmentMs: 30 })
  statistics.completed(1, triggeredMs + 500)
  complete(statistics, 2, { alignmentMs: 50, bytes: 400 })
  expect(statistics.report().summary).toMatchObject({
    count: 2,
    alignmentMs: { min: 50, max: 70, avg: 60 },
    bytes: { min: 400, max: 2000 },
  })
})

test('a restore is counted and remembered', () => {
  const statistics = new CheckpointStatistics({ historyMax: 10 })
  statistics.restored({ id: 4, restoredMs: triggeredMs })
  statistics.restored({ id: 6, restoredMs: triggeredMs, place: '/elsewhere/chk-6' })
  expect(statistics.report()).toMatchObject({
    counts: { restored: 2 },
    latestRestored: { id: 6, place: '/elsewhere/chk-6' },
  })
})

test('what was kept as JSON goes on in the next run', () => {
  const before = new CheckpointStatistics({ historyMax: 10 })
  const kept = [complete(before, 1), fail(before, 2), complete(before, 3, { bytes: 5 })]
  const earlier = JSON.parse(JSON.stringify(kept)) as CheckpointStats[]
  const after = new CheckpointStatistics({ historyMax: 10, earlier })
  expect(after.report()).toEqual(before.report())
  expect(JSON.parse(JSON.stringify(after.report()))).toEqual(before.report())
})
