/** Where the time of a task goes, on a clock that every look at it moves on. */
import { afterEach, expect, test, vi } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import { Doorbell } from '../../src/channel/doorbell.ts'
import {
  allocateTaskMetrics,
  readTaskMetrics,
  TaskMetrics,
} from '../../src/metrics/task-metrics.ts'
import type { StepResult, Subtask } from '../../src/task/subtask.ts'
import { TaskTimes } from '../../src/task/task-times.ts'
import { driveSubtask } from '../../src/task/worker-loop.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

class StepClock implements Clock {
  ms = 0
  nowMs(): number {
    return this.ms
  }
  monotonicMs(): number {
    return ++this.ms
  }
}

/** What `driveSubtask` has counted when the last of `results` was given. */
async function drive(results: readonly StepResult[], stepMs: number) {
  const clock = new StepClock()
  const buffer = allocateTaskMetrics(1)
  const times = new TaskTimes(clock, new TaskMetrics(buffer))
  clock.ms = 1_000
  const left = [...results]
  const subtask = {
    step: () => {
      clock.ms += stepMs
      return left.shift() ?? 'finished'
    },
    publishCounters: () => {},
    nextWakeMs: () => Number.POSITIVE_INFINITY,
    pendingPromises: 0,
    // Somebody has rung already: it takes time to find out.
    ready: () => {
      clock.ms += 10
      return true
    },
  }
  await driveSubtask({
    subtask: subtask as unknown as Subtask,
    doorbell: new Doorbell(Doorbell.allocate()),
    clock,
    times,
    takeOrders: () => {},
    isStopped: () => left.length === 0,
  })
  const { activity, busyMs, idleMs, softBackpressuredMs } = readTaskMetrics(buffer)
  expect(activity).toBe('nothing')
  return { busyMs, idleMs, softBackpressuredMs, sinceMs: clock.ms - 1_000 }
}

test('every moment of a task is busy, idle or backpressured', async () => {
  const results: StepResult[] = ['progress', 'idle', 'backpressured', 'progress', 'idle', 'idle']
  const { busyMs, idleMs, softBackpressuredMs, sinceMs } = await drive(results, 100)
  expect(busyMs).toBeGreaterThanOrEqual(600)
  expect(idleMs).toBeGreaterThanOrEqual(20)
  expect(softBackpressuredMs).toBeGreaterThanOrEqual(10)
  // The clock's first move, the one that begins, is before all of them.
  expect(busyMs + idleMs + softBackpressuredMs).toBe(sinceMs - 1)
})

test('a task that has no time to wait is busy all the time', async () => {
  const { busyMs, sinceMs, ...waited } = await drive(['progress', 'progress'], 7)
  expect(waited).toEqual({ idleMs: 0, softBackpressuredMs: 0 })
  expect(busyMs).toBe(sinceMs - 1)
})

test('a task at rest looks less often, and blocks no thread, until it is rung', async () => {
  // Those of the test's own thread are none of the task's.
  vi.spyOn(process, 'getActiveResourcesInfo').mockReturnValue([])
  const clock = new StepClock()
  const waits: string[] = []
  // The waits that nobody ends last as long as they may.
  const rungAfterMs = [Infinity, Infinity, 5, 5, Infinity, Infinity]
  let left = rungAfterMs.length
  const sleep = (how: string, ms: number) => {
    waits.push(`${how} ${ms}`)
    clock.ms += Math.min(ms, rungAfterMs[waits.length - 1]!)
    left--
  }
  const doorbell = {
    hasMail: () => false,
    park: (_: unknown, ms: number) => sleep('blocked', ms),
    parkAsync: async (_: unknown, ms: number) => sleep('parked', ms),
  }
  const subtask = {
    step: () => 'idle',
    publishCounters: () => {},
    nextWakeMs: () => Number.POSITIVE_INFINITY,
    pendingPromises: 0,
  }
  await driveSubtask({
    subtask: subtask as unknown as Subtask,
    doorbell: doorbell as unknown as Doorbell,
    clock,
    times: new TaskTimes(clock, new TaskMetrics(allocateTaskMetrics(1))),
    takeOrders: () => {},
    isStopped: () => left === 0,
  })
  expect(waits).toEqual([
    'blocked 250',
    'parked 1000',
    'parked 1000',
    'blocked 250',
    'blocked 250',
    'parked 1000',
  ])
})

test('what becomes due sooner while a task falls asleep is not slept over', async () => {
  vi.spyOn(process, 'getActiveResourcesInfo').mockReturnValue([])
  const clock = new StepClock()
  const stopAtMs = 100
  let wakeMs = Number.POSITIVE_INFINITY
  let sleeps = 0
  const doorbell = {
    hasMail: () => false,
    park: (recheck: () => boolean, ms: number) => {
      if (recheck()) return
      sleeps++
      clock.ms += ms
    },
  }
  const subtask = {
    step: () => 'idle',
    publishCounters: () => {},
    nextWakeMs: () => wakeMs,
    pendingPromises: 0,
    // The last look finds a barrier that may stay aligned for 40 ms.
    ready: () => {
      if (wakeMs === Number.POSITIVE_INFINITY) wakeMs = clock.ms + 40
      return false
    },
  }
  await driveSubtask({
    subtask: subtask as unknown as Subtask,
    doorbell: doorbell as unknown as Doorbell,
    clock,
    times: new TaskTimes(clock, new TaskMetrics(allocateTaskMetrics(1))),
    takeOrders: () => {},
    isStopped: () => sleeps > 0 || clock.ms > stopAtMs,
  })
  expect(clock.ms).toBeLessThan(stopAtMs)
})
