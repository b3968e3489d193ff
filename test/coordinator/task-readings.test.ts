/** Rates out of readings, on a clock of the test's own. */
import { expect, test } from 'vitest'
import { ManualClock } from '../../src/base/clock.ts'
import { ReadingWindow, ratesOf, readTasks } from '../../src/coordinator/task-readings.ts'
import { allocateTaskMetrics, TaskMetrics } from '../../src/metrics/task-metrics.ts'
import { TaskTimes } from '../../src/task/task-times.ts'

function world() {
  const clock = new ManualClock(7_000)
  const buffer = allocateTaskMetrics(1)
  const metrics = new TaskMetrics(buffer)
  const times = new TaskTimes(clock, metrics)
  const window = new ReadingWindow()
  const look = () => {
    const now = readTasks([buffer], clock.monotonicMs())
    return ratesOf(0, now, window.take(now))
  }
  return { clock, metrics, times, look }
}

const NOTHING = {
  recordsIn: 0,
  recordsOut: 0,
  bytesIn: 0,
  bytesOut: 0,
  busyMs: 0,
  idleMs: 0,
  softBackpressuredMs: 0,
  hardBackpressuredMs: 0,
}

test('before a task begins, and at the moment when it does, all rates are 0', () => {
  const { clock, times, look } = world()
  expect(look()).toEqual(NOTHING)
  clock.advance(3_000)
  times.begin()
  expect(look()).toEqual(NOTHING)
})

test('the first look is at all time since the task began', () => {
  const { clock, metrics, times, look } = world()
  times.begin()
  clock.advance(300)
  times.enter('idle')
  metrics.add('recordsIn', 50)
  clock.advance(200)
  expect(look()).toEqual({ ...NOTHING, recordsIn: 100, busyMs: 600, idleMs: 400 })
})

test('later ones are at the last second, or at the time since the look before', () => {
  const { clock, metrics, times, look } = world()
  times.begin()
  for (let i = 0; i < 30; i++) {
    look()
    clock.advance(100)
    metrics.add('recordsOut', 7)
  }
  expect(look()).toEqual({ ...NOTHING, recordsOut: 70, busyMs: 1_000 })
  times.enter('hardBackpressured')
  clock.advance(500)
  expect(look()).toMatchObject({ recordsOut: 35, busyMs: 500, hardBackpressuredMs: 500 })
  clock.advance(20_000)
  times.enter('softBackpressured')
  clock.advance(20_000)
  const { busyMs, hardBackpressuredMs, softBackpressuredMs } = look()
  expect(busyMs).toBe(0)
  expect(hardBackpressuredMs).toBeCloseTo(500)
  expect(softBackpressuredMs).toBeCloseTo(500)
})

test('however often somebody looks, each window is a second', () => {
  const { clock, times, look } = world()
  times.begin()
  for (let i = 0; i < 5_000; i++) {
    // Busy for 3 ms of every 10.
    if (i % 10 === 0) times.enter('busy')
    if (i % 10 === 3) times.enter('idle')
    clock.advance(1)
    const { busyMs, idleMs } = look()
    expect(busyMs + idleMs).toBeCloseTo(1_000)
    if (i >= 2_000) expect(Math.abs(busyMs - 300)).toBeLessThan(10)
  }
})

test('a task that has ended within the window was nothing for the rest of it', () => {
  const { clock, times, look } = world()
  times.begin()
  clock.advance(5_000)
  look()
  clock.advance(250)
  times.end()
  clock.advance(750)
  expect(look()).toEqual({ ...NOTHING, busyMs: 250 })
  clock.advance(1_000)
  expect(look()).toEqual(NOTHING)
})
