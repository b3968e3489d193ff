/** When a subtask wants to be called again, and what holds it back. */
import { expect, test } from 'vitest'
import { ManualClock } from '../../src/base/clock.ts'
import type { OutputCredit } from '../../src/channel/output-credit.ts'
import type { RecordWriter } from '../../src/channel/record-writer.ts'
import type { TaskMetrics } from '../../src/metrics/task-metrics.ts'
import type { ChainRuntime } from '../../src/task/chain-runtime.ts'
import { Subtask } from '../../src/task/subtask.ts'
import type { TaskCheckpoints } from '../../src/task/task-checkpoints.ts'
import type { InputProgress } from '../../src/task/task-input.ts'

const NEVER = Number.POSITIVE_INFINITY

function world() {
  const clock = new ManualClock(1_000)
  const writer = {
    hasUnflushed: false,
    records: 0,
    bytes: 0,
    flushes: 0,
    /** How many consumers there are, and whether they have nothing to do. */
    channels: [0, 1],
    isAwaited: false,
    flushIfAwaited: () => {
      if (writer.isAwaited && writer.hasUnflushed) flush()
    },
  }
  const flush = () => {
    writer.flushes++
    writer.hasUnflushed = false
  }
  const credit = { stalled: 0, recheck: () => credit.stalled === 0 }
  const runtime = {
    nextWakeMs: NEVER,
    isFull: false,
    controlPending: false,
    recordsSunk: 0,
    bytesSunk: 0,
    publishOperators: () => {},
    fired: 0,
    isReady: () => !runtime.isFull,
    isPaused: false,
    advanceControl: () => !runtime.isPaused,
    fireProcessingTime(nowMs: number) {
      if (nowMs < runtime.nextWakeMs) return
      runtime.nextWakeMs = NEVER
      runtime.fired++
      writer.hasUnflushed = true
    },
  }
  const input = {
    result: 'idle' as InputProgress,
    wakeMs: NEVER,
    pendingPromises: 0,
    step: () => input.result,
    ready: () => false,
    barriers: 0,
    takeBarrier: () => input.barriers > 0 && input.barriers-- > 0,
    nextWakeMs: () => input.wakeMs,
    close: async () => {},
  }
  const metrics = { set() {}, add() {} } as unknown as TaskMetrics
  const subtask = new Subtask({
    attempt: 1,
    task: 0,
    runtime: runtime as unknown as ChainRuntime,
    writers: [{ ...writer, flush }].map((one) =>
      Object.defineProperty(one, 'hasUnflushed', { get: () => writer.hasUnflushed }),
    ) as unknown as RecordWriter[],
    credit: credit as OutputCredit,
    clock,
    metrics,
    flushTimeoutMs: 5,
    send: () => {},
    wake: () => {},
  })
  subtask.attachInput(input)
  return { subtask, clock, writer, credit, runtime, input }
}

type World = ReturnType<typeof world>

test('what a timer emits before the task sleeps is flushed in time', () => {
  const { subtask, clock, writer, runtime } = world()
  runtime.nextWakeMs = 1_000
  expect(subtask.step()).toBe('idle')
  expect(writer.hasUnflushed).toBe(true)
  expect(subtask.nextWakeMs()).toBe(1_005)
  clock.advance(5)
  subtask.step()
  expect(writer.flushes).toBe(1)
  expect(subtask.nextWakeMs()).toBe(NEVER)
})

test.each([
  { what: 'rests until its pages are due', sourceMs: 1_005, timerMs: NEVER, flushes: 1 },
  { what: 'goes on before', sourceMs: 1_004, timerMs: NEVER, flushes: 0 },
  { what: 'has a timer before', sourceMs: 1_005, timerMs: 1_004, flushes: 0 },
  { what: 'does not know when it goes on', sourceMs: NEVER, timerMs: NEVER, flushes: 0 },
])('a task that $what publishes them $flushes times', ({ sourceMs, timerMs, flushes }) => {
  const { subtask, writer, runtime, input } = world()
  writer.hasUnflushed = true
  input.wakeMs = sourceMs
  runtime.nextWakeMs = timerMs
  expect(subtask.step()).toBe('idle')
  expect(writer.flushes).toBe(flushes)
  expect(subtask.nextWakeMs()).toBe(Math.min(sourceMs, timerMs, flushes === 0 ? 1_005 : NEVER))
})

test('an idle task publishes what is awaited, now and then', () => {
  const { subtask, clock, writer, input } = world()
  const publishes = (isAwaited: boolean) => {
    const before = writer.flushes
    Object.assign(writer, { isAwaited, hasUnflushed: true })
    subtask.step()
    return writer.flushes > before
  }
  input.result = 'progress'
  expect(publishes(true)).toBe(false)
  input.result = 'idle'
  expect(publishes(false)).toBe(false)
  clock.advance(0.2)
  expect(publishes(true)).toBe(true)
  expect(subtask.nextWakeMs()).toBe(NEVER)
  clock.advance(0.1)
  expect(publishes(true)).toBe(false)
  clock.advance(0.2)
  expect(publishes(true)).toBe(true)
})

test('a task without credit does not turn on what is due: a consumer rings', () => {
  const { subtask, credit, runtime, input } = world()
  credit.stalled = 1
  runtime.nextWakeMs = 900
  input.wakeMs = 950
  expect(subtask.step()).toBe('backpressured')
  expect(runtime.fired).toBe(0)
  expect(subtask.nextWakeMs()).toBe(NEVER)
  credit.stalled = 0
  expect(subtask.nextWakeMs()).toBe(900)
})

test('a task that has credit again looks when it is due before it sleeps', () => {
  const { subtask, credit, input } = world()
  credit.stalled = 1
  input.wakeMs = 950
  expect(subtask.nextWakeMs()).toBe(NEVER)
  credit.recheck = () => {
    credit.stalled = 0
    return true
  }
  expect(subtask.ready()).toBe(true)
  expect(subtask.ready()).toBe(false)
  expect(subtask.nextWakeMs()).toBe(950)
})

test('timers wait for a full sink as records do', () => {
  const { subtask, runtime } = world()
  runtime.isFull = true
  runtime.controlPending = true
  runtime.nextWakeMs = 900
  expect(subtask.step()).toBe('backpressured')
  expect(subtask.ready()).toBe(false)
  expect(subtask.nextWakeMs()).toBe(NEVER)
  expect(runtime.fired).toBe(0)
  runtime.isFull = false
  expect(subtask.ready()).toBe(true)
  subtask.step()
  expect(runtime.fired).toBe(1)
})

test.each([
  ['idle', () => {}],
  ['without credit', ({ credit }: World) => void (credit.stalled = 1)],
  ['before a full sink', ({ runtime }: World) => void (runtime.isFull = true)],
  ['amid timers that fire and pause', ({ runtime }: World) => void (runtime.isPaused = true)],
])('a task takes a barrier that is due while it is %s', (_, holdUp) => {
  const it = world()
  it.subtask.attachCheckpoints({ step: () => false } as unknown as TaskCheckpoints)
  it.input.barriers = 1
  holdUp(it)
  expect(it.subtask.step()).toBe('progress')
  expect(it.input.barriers).toBe(0)
})

test('a barrier is rehearsed once, while the task’s code is young', () => {
  const it = world()
  let rehearsed = 0
  it.subtask.attachCheckpoints({ step: () => false } as unknown as TaskCheckpoints, () => {
    rehearsed++
  })
  it.input.result = 'progress'
  for (let k = 0; k < 63; k++) it.subtask.step()
  expect(rehearsed).toBe(0)
  for (let k = 0; k < 1_000; k++) it.subtask.step()
  expect(rehearsed).toBe(1)
})

test('a barrier that becomes known at the last look may complete a snapshot', () => {
  const it = world()
  it.credit.stalled = 1
  let isComplete = false
  const hasBarrier = () => {
    isComplete = true
    return false
  }
  it.subtask.attachInput({ ...it.input, hasBarrier })
  const checkpoints = { step: () => false, ready: () => isComplete }
  it.subtask.attachCheckpoints(checkpoints as unknown as TaskCheckpoints)
  expect(it.subtask.ready()).toBe(true)
})

test('while there is no credit, and behind the end, the task wakes for its barriers alone', () => {
  const it = world()
  it.subtask.attachInput({ ...it.input, nextWakeMs: () => 1_001, barrierDueMs: () => 1_700 })
  it.credit.stalled = 1
  expect(it.subtask.nextWakeMs()).toBe(1_700)
  it.credit.stalled = 0
  it.runtime.isFull = true
  expect(it.subtask.nextWakeMs()).toBe(1_700)
})

test('it wakes for what a snapshot that is pending has put off, credit or not', () => {
  const it = world()
  const checkpoints = { nextWakeMs: () => 1_003 }
  it.subtask.attachCheckpoints(checkpoints as unknown as TaskCheckpoints)
  expect(it.subtask.nextWakeMs()).toBe(1_003)
  it.credit.stalled = 1
  expect(it.subtask.nextWakeMs()).toBe(1_003)
})
