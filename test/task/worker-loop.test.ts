/** Where the time of a task goes, on a clock that every look at it moves on. */
import { expect, test } from 'vitest'
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
  const { busyMs, idleMs, backpressuredMs } = readTaskMetrics(buffer)
  return { busyMs, idleMs, backpressuredMs, sinceMs: clock.ms - 1_000 }
}

test('every moment of a task is busy, idle or backpressured', async () => {
  const results: StepResult[] = ['progress', 'idle', 'backpressured', 'progress', 'idle', 'idle']
  const { busyMs, idleMs, backpressuredMs, sinceMs } = await drive(results, 100)
  expect(busyMs).toBeGreaterThanOrEqual(600)
  expect(idleMs).toBeGreaterThanOrEqual(20)
  expect(backpressuredMs).toBeGreaterThanOrEqual(10)
  // The clock's first move, the one that begins, is before all of them.
  expect(busyMs + idleMs + backpressuredMs).toBe(sinceMs - 1)
})

test('a task that has no time to wait is busy all the time', async () => {
  const { busyMs, idleMs, backpressuredMs, sinceMs } = await drive(['progress', 'progress'], 7)
  expect({ idleMs, backpressuredMs }).toEqual({ idleMs: 0, backpressuredMs: 0 })
  expect(busyMs).toBe(sinceMs - 1)
})
