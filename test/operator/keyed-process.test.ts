import { expect, test } from 'vitest'
import type { ProcessSpec } from '../../src/operator/spec.ts'
import { OperatorHarness } from '../../src/testing/operator-harness.ts'

const END = Number.POSITIVE_INFINITY
const keyed = (process: ProcessSpec, key: string) =>
  OperatorHarness.open({ spec: { kind: 'keyed-process', process }, key: { field: key } })

test('totals are emitted every so often and once more at the end of time', async () => {
  const harness = await keyed(
    {
      state: { flights: { kind: 'value', initial: 0 } },
      process(flight, ctx, emit) {
        ctx.state.flights.set(ctx.state.flights.get() + 1)
        ctx.timers.onEventTime(Number.POSITIVE_INFINITY)
        const flights = ctx.state.flights.get()
        if (flights % 2 === 0) emit({ to: flight.to, flights })
      },
      onTimer(time, ctx, emit) {
        emit({ to: ctx.key, flights: ctx.state.flights.get(), time })
        ctx.state.flights.clear()
      },
    },
    'to',
  )
  for (const to of ['AUS', 'BOS', 'AUS', 'AUS']) harness.push({ to }, 1000)
  harness.watermark(5000)
  expect(harness.take()).toEqual([{ to: 'AUS', flights: 2 }])
  harness.finish()
  expect(harness.take()).toEqual([
    { to: 'AUS', flights: 3, time: END },
    { to: 'BOS', flights: 1, time: END },
  ])
  expect(harness.keyedState?.countKeys()).toBe(0)
})

test('the context tells key, time and watermark, and emits to side outputs', async () => {
  const harness = await keyed(
    {
      state: {},
      process(record, ctx, emit) {
        emit([ctx.key, ctx.time, ctx.watermark])
        ctx.emitTo({ name: 'side' }, record.id)
      },
    },
    'id',
  )
  harness.push({ id: 'a' }, 5)
  harness.watermark(9)
  harness.push({ id: 'b' })
  expect(harness.timedOutput).toEqual([
    { record: ['a', 5, Number.NEGATIVE_INFINITY], time: 5 },
    { record: ['b', Number.NEGATIVE_INFINITY, 9], time: Number.NEGATIVE_INFINITY },
  ])
  expect(harness.sideOutput('side')).toEqual(['a', 'b'])
})

test('what an event-time timer emits has its time, in processing time it has none', async () => {
  const harness = await keyed(
    {
      state: {},
      process(_record, ctx) {
        ctx.timers.onEventTime(50)
        ctx.timers.onProcessingTime(30)
      },
      onTimer(time, ctx, emit) {
        emit([ctx.key, time])
      },
    },
    'id',
  )
  harness.push({ id: 'a' }, 1)
  harness.advance(29)
  expect(harness.output).toEqual([])
  harness.advance(1)
  harness.watermark(50)
  expect(harness.timedOutput).toEqual([
    { record: ['a', 30], time: Number.NEGATIVE_INFINITY },
    { record: ['a', 50], time: 50 },
  ])
})

test('a flood of timers does not fire in one call of onWatermark', async () => {
  const harness = await keyed(
    {
      state: {},
      process: (_record, ctx) => ctx.timers.onEventTime(10),
      onTimer: (_time, ctx, emit) => emit(ctx.key),
    },
    'id',
  )
  for (let id = 0; id < 1000; id++) harness.push({ id })
  expect(harness.operator.onWatermark?.(10)).toBe(false)
  expect(harness.output.length).toBeLessThan(200)
  while (harness.operator.onWatermark?.(10) === false);
  expect(harness.output.length).toBe(1000)
})

test('a thousand processing-time timers fire when the clock is moved past them', async () => {
  const harness = await keyed(
    {
      state: {},
      process: (_record, ctx) => ctx.timers.onProcessingTime(10),
      onTimer: (_time, ctx, emit) => emit(ctx.key),
    },
    'id',
  )
  for (let id = 0; id < 1000; id++) harness.push({ id })
  harness.advance(10)
  expect(harness.output.length).toBe(1000)
})

test('records by key function, state of every kind, open and close', async () => {
  const calls: string[] = []
  const harness = await OperatorHarness.open({
    spec: {
      kind: 'keyed-process',
      process: {
        state: { seen: { kind: 'list' }, counts: { kind: 'map' }, last: { kind: 'value' } },
        open: () => void calls.push('open'),
        close: () => void calls.push('close'),
        process(n, ctx, emit) {
          ctx.state.seen.add(n)
          ctx.state.counts.set(n, (ctx.state.counts.get(n) ?? 0) + 1)
          emit([ctx.key, ctx.state.last.get(), [...ctx.state.seen], [...ctx.state.counts]])
          ctx.state.last.set(n)
        },
      },
    },
    key: { fn: (n: number) => n % 2 },
  })
  for (const n of [1, 2, 1]) harness.push(n)
  await harness.close()
  expect(harness.output).toEqual([
    [1, undefined, [1], [[1, 1]]],
    [0, undefined, [2], [[2, 1]]],
    [1, 1, [1, 1], [[1, 2]]],
  ])
  expect(calls).toEqual(['open', 'close'])
})

test('without keys a process function emits, and is told that timers need keyBy', async () => {
  const open = (process: ProcessSpec['process']) =>
    OperatorHarness.open({ spec: { kind: 'process', process: { state: {}, process } } })
  const harness = await open((n, ctx, emit) => {
    emit(n)
    emit(n + 1)
    ctx.emitTo({ name: 'odd' }, n)
  })
  harness.push(1, 5)
  expect(harness.timedOutput.map(({ time }) => time)).toEqual([5, 5])
  expect(harness.sideOutput('odd')).toEqual([1])
  const needsKey = expect.objectContaining({ code: 'NEEDS_KEY' })
  const timers = await open((_n, ctx) => ctx.timers.onEventTime(1))
  expect(() => timers.push(1)).toThrow(needsKey)
  const key = await open((_n, ctx) => ctx.key)
  expect(() => key.push(1)).toThrow(needsKey)
})
