import { expect, expectTypeOf, test } from 'vitest'
import {
  count,
  type Emit,
  output,
  type SideOutput,
  type Stream,
  sum,
  tumbling,
  value,
  type Window,
} from '../../src/api/index.ts'
import { operatorHarness } from '../../src/testing/index.ts'

interface Click {
  user: string
  at: number
}

const late: SideOutput<Click> = output('late')

test('records, output and side outputs have the types of the stream', async () => {
  const harness = await operatorHarness((clicks: Stream<Click>) =>
    clicks.keyBy('user').window(tumbling('1 min')).lateTo(late).aggregate({ clicks: count() }),
  )
  expectTypeOf(harness.push).parameter(0).toEqualTypeOf<Click>()
  expectTypeOf(harness.output).items.toEqualTypeOf<{
    key: string
    window: Window
    clicks: number
  }>()
  expectTypeOf(harness.sideOutput(late)).items.toEqualTypeOf<Click>()
})

test('a window fires when event time passes its end, and late records go aside', async () => {
  const harness = await operatorHarness((clicks: Stream<Click>) =>
    clicks
      .keyBy('user')
      .window(tumbling(1_000))
      .lateTo(late)
      .aggregate({ total: sum('at') }),
  )
  harness.push({ user: 'ann', at: 1 }, 1)
  harness.push({ user: 'ann', at: 999 }, 999)
  harness.push({ user: 'ann', at: 1_000 }, 1_000)
  harness.watermark(998)
  expect(harness.output).toEqual([])
  harness.watermark(1_000)
  const window = { start: 0, end: 1_000 }
  expect(harness.take()).toEqual([{ key: 'ann', window, total: 1_000 }])
  harness.push({ user: 'ann', at: 5 }, 5)
  expect(harness.sideOutput(late)).toEqual([{ user: 'ann', at: 5 }])
  harness.finish()
  expect(harness.timedOutput).toEqual([
    { record: { key: 'ann', window: { start: 1_000, end: 2_000 }, total: 1_000 }, time: 1_999 },
  ])
  await harness.close()
})

test('late records without a side output are counted', async () => {
  const harness = await operatorHarness((clicks: Stream<Click>) =>
    clicks.keyBy('user').window(tumbling(10)).aggregate({ clicks: count() }),
  )
  harness.watermark(100)
  harness.push({ user: 'ann', at: 5 }, 5)
  expect(harness.lateRecordsDropped).toBe(1)
})

test('advance moves the clock and fires the timers of processing time at their times', async () => {
  const harness = await operatorHarness(
    (clicks: Stream<Click>) =>
      clicks.keyBy('user').process({
        state: { last: value('') },
        process(click, { state, timers, processingTime }) {
          state.last.set(click.user)
          timers.onProcessingTime(processingTime + 100)
        },
        onTimer(timeMs, { state, processingTime, timers }, emit: Emit<unknown>) {
          emit([state.last.get(), timeMs, processingTime])
          if (timeMs < 1_200) timers.onProcessingTime(timeMs + 100)
        },
      }),
    { startMs: 1_000 },
  )
  harness.push({ user: 'ann', at: 0 })
  harness.advance(99)
  expect(harness.output).toEqual([])
  harness.advance(1)
  expect(harness.take()).toEqual([['ann', 1_100, 1_100]])
  harness.advance(1_000)
  expect(harness.take()).toEqual([['ann', 1_200, 1_200]])
  expect(harness.nowMs).toBe(2_100)
})

test('an operator that makes watermarks shows them', async () => {
  const harness = await operatorHarness((clicks: Stream<Click>) =>
    clicks.watermarks({ time: 'at', outOfOrder: 10 }),
  )
  harness.push({ user: 'ann', at: 100 })
  harness.push({ user: 'ann', at: 95 })
  harness.advance(1_000)
  expect(harness.watermarks).toEqual([89])
  expect(harness.timedOutput.map(({ time }) => time)).toEqual([100, 95])
  harness.finish()
  expect(harness.watermarks).toEqual([89, Number.POSITIVE_INFINITY])
})

test.each([
  ['map', (n: Stream<number>) => n.map((x) => x + 1), [1, 2, 3]],
  ['filter', (n: Stream<number>) => n.filter((x) => x > 0), [1, 2]],
  ['flatMap', (n: Stream<number>) => n.flatMap((x) => [x, -x]), [0, -0, 1, -1, 2, -2]],
] as const)('%s can be tested too', async (_, build, expected) => {
  const harness = await operatorHarness(build)
  for (const n of [0, 1, 2]) harness.push(n)
  expect(harness.output).toEqual(expected)
})

test('pick keeps its fields', async () => {
  const harness = await operatorHarness((clicks: Stream<Click>) => clicks.pick('user'))
  harness.push({ user: 'ann', at: 1 })
  expect(harness.output).toEqual([{ user: 'ann' }])
})

test('a record is the receiver’s: neither the test nor the output shares it', async () => {
  const harness = await operatorHarness((clicks: Stream<Click>) =>
    clicks.process((click, _ctx, emit: Emit<Click>) => {
      click.at++
      emit(click)
      click.at++
      emit(click)
    }),
  )
  const click = { user: 'ann', at: 1 }
  harness.push(click)
  expect(click.at).toBe(1)
  expect(harness.output.map(({ at }) => at)).toEqual([2, 3])
})

test('what the operator throws is told as a job would tell it', async () => {
  const harness = await operatorHarness((n: Stream<number>) =>
    n
      .keyBy((x) => x)
      .process({
        process(x, { timers }) {
          if (x === 2) throw new TypeError('two')
          timers.onEventTime(x)
        },
        onTimer() {
          throw new TypeError('timer')
        },
      })
      .name('not two'),
  )
  harness.push(1)
  const told = { code: 'OPERATOR_FAILED', operator: 'not two' }
  expect(() => harness.push(2)).toThrow(
    expect.objectContaining({ ...told, record: '2', cause: new TypeError('two') }),
  )
  expect(() => harness.watermark(5)).toThrow(
    expect.objectContaining({ ...told, cause: new TypeError('timer') }),
  )
})

test('open and close of the function are called', async () => {
  const calls: unknown[] = []
  const harness = await operatorHarness((n: Stream<number>) =>
    n
      .process({
        open: async ({ name, subtask, parallelism }) =>
          void calls.push([name, subtask, parallelism]),
        process: () => {},
        close: () => void calls.push('close'),
      })
      .name('client'),
  )
  await harness.close()
  expect(calls).toEqual([['client', 0, 1], 'close'])
  const failing = operatorHarness((n: Stream<number>) =>
    n.process({ open: () => Promise.reject(new Error('no server')), process: () => {} }),
  )
  await expect(failing).rejects.toMatchObject({ code: 'OPERATOR_FAILED', operator: 'process' })
})

test('several operators, and none, are refused', async () => {
  const none = operatorHarness((n: Stream<number>) => n)
  await expect(none).rejects.toMatchObject({ code: 'NOT_ONE_OPERATOR' })
  const two = operatorHarness((n: Stream<number>) => n.map((x) => x).filter(() => true))
  await expect(two).rejects.toThrow("made 'map', 'filter'")
  const union = operatorHarness((n: Stream<number>) => n.union(n))
  await expect(union).rejects.toMatchObject({ code: 'NOT_ONE_OPERATOR' })
})
