/** Where a task's time goes, as others see it at any moment. */
import { expect, test } from 'vitest'
import { ManualClock } from '../../src/base/clock.ts'
import {
  allocateTaskMetrics,
  readTaskMetrics,
  TaskMetrics,
} from '../../src/metrics/task-metrics.ts'
import { timesAt } from '../../src/metrics/times-at.ts'
import { TaskTimes } from '../../src/task/task-times.ts'

const NONE = { busyMs: 0, idleMs: 0, softBackpressuredMs: 0, hardBackpressuredMs: 0 }

function world() {
  const clock = new ManualClock(5_000)
  const buffer = allocateTaskMetrics(1)
  const times = new TaskTimes(clock, new TaskMetrics(buffer))
  const seen = (nowMs = clock.monotonicMs()) => timesAt(readTaskMetrics(buffer), nowMs)
  return { clock, times, seen }
}

test('before it begins a task does nothing', () => {
  const { clock, times, seen } = world()
  times.enter('idle')
  clock.advance(10)
  expect(seen()).toEqual(NONE)
})

test('what goes on right now is counted up to the moment of the look', () => {
  const { clock, times, seen } = world()
  times.begin()
  clock.advance(30)
  expect(seen()).toEqual({ ...NONE, busyMs: 30 })
  times.enter('softBackpressured')
  clock.advance(7)
  expect(seen()).toEqual({ ...NONE, busyMs: 30, softBackpressuredMs: 7 })
  times.enter('busy')
  times.enter('hardBackpressured')
  clock.advance(600)
  expect(seen()).toEqual({ ...NONE, busyMs: 30, softBackpressuredMs: 7, hardBackpressuredMs: 600 })
})

test('each moment since the beginning is in one of the four, at every look', () => {
  const { clock, times, seen } = world()
  times.begin()
  let sinceMs = 0
  const kinds = ['busy', 'idle', 'softBackpressured', 'hardBackpressured'] as const
  for (let i = 0; i < 200; i++) {
    if (i % 3 !== 0) times.enter(kinds[(i * 7) % 4]!)
    clock.advance(i % 5)
    sinceMs += i % 5
    const sum = Object.values(seen()).reduce((total, ms) => total + ms, 0)
    expect(sum).toBe(sinceMs)
  }
})

test('when a task has ended its time stands still', () => {
  const { clock, times, seen } = world()
  times.begin()
  clock.advance(10)
  times.enter('idle')
  clock.advance(5)
  times.end()
  clock.advance(1_000)
  expect(seen()).toEqual({ ...NONE, busyMs: 10, idleMs: 5 })
})

test('a look that took its time before the task counted counts nothing twice', () => {
  const { clock, times, seen } = world()
  times.begin()
  const lookedMs = clock.monotonicMs()
  clock.advance(20)
  times.enter('idle')
  expect(seen(lookedMs)).toEqual({ ...NONE, busyMs: 20 })
})
