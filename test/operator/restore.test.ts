/** Operators that go on where a snapshot of them was taken. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ProcessSpec, WatermarkSpec, WindowSpec } from '../../src/operator/spec.ts'
import { WatermarksOperator } from '../../src/operator/watermarks.ts'
import { type HarnessSnapshot, OperatorHarness } from '../../src/testing/operator-harness.ts'

const END = Number.POSITIVE_INFINITY
type Restore = { readonly restore?: HarnessSnapshot; readonly startMs?: number }

const ten: WindowSpec = { kind: 'tumbling', sizeMs: 10, offsetMs: 0, allowedLatenessMs: 0 }
const aggregates = { named: { n: { kind: 'count' }, sum: { kind: 'sum', field: 'v' } } } as const
const aggregating = (allowedLatenessMs: number, restore: Restore = {}) =>
  OperatorHarness.open({
    spec: { kind: 'window-aggregate', window: { ...ten, allowedLatenessMs }, aggregates },
    key: { field: 'k' },
    ...restore,
  })
const collecting = (allowedLatenessMs: number, restore: Restore = {}) =>
  OperatorHarness.open({
    spec: {
      kind: 'window-process',
      window: { ...ten, allowedLatenessMs },
      fn: (key, window, records, emit) => {
        emit([key, window.start, records.map((r: { v: number }) => r.v)])
        records.length = 0
      },
    },
    key: { field: 'k' },
    ...restore,
  })

test('windows go on: those that have not fired do, with what they held', async () => {
  const before = await aggregating(0)
  before.push({ k: 'a', v: 1 }, 1)
  before.push({ k: 'b', v: 2 }, 12)
  before.watermark(9)
  const after = await aggregating(0, { restore: before.snapshot() })
  expect(after.output).toEqual([])
  after.push({ k: 'a', v: 9 }, 9)
  after.push({ k: 'b', v: 3 }, 15)
  after.watermark(19)
  expect(after.metrics.lateRecordsDropped).toBe(1)
  expect(after.output).toEqual([{ key: 'b', window: { start: 10, end: 20 }, n: 2, sum: 5 }])
  expect(after.keyedState?.countKeys()).toBe(0)
})

test('a window that has fired and is kept does not fire again by itself', async () => {
  const before = await aggregating(20)
  before.push({ k: 'a', v: 1 }, 1)
  before.watermark(15)
  before.push({ k: 'late', v: 1 }, 3)
  before.push({ k: 'a', v: 1 }, 17)
  const after = await aggregating(20, { restore: before.snapshot() })
  expect(after.output).toEqual([])
  after.push({ k: 'a', v: 5 }, 2)
  expect(after.take()).toMatchObject([{ key: 'a', n: 2, sum: 6 }])
  after.watermark(19)
  expect(after.take()).toMatchObject([{ key: 'a', window: { start: 10 }, n: 1 }])
  after.finish()
  expect(after.output).toEqual([])
  expect(after.keyedState?.countKeys()).toBe(0)
})

test.each([0, 7])('firing goes on where it was, with a lateness of %d', async (lateness) => {
  for (const make of [aggregating, collecting]) {
    const before = await make(lateness)
    for (let k = 0; k < 150; k++) before.push({ k, v: k }, k % 10)
    expect(before.operator.onWatermark?.(9)).toBe(false)
    const snapshot = before.snapshot()
    const fired = before.take()
    expect(fired.length).toBe(64)
    const after = await make(lateness, { restore: { ...snapshot, watermarkMs: 9 } })
    const rest = after.take()
    expect(fired.length + rest.length).toBe(150)
    before.watermark(9)
    expect(new Set(rest.map(String))).toEqual(new Set(before.take().map(String)))
    after.finish()
    expect(after.output).toEqual([])
    expect(after.keyedState?.countKeys()).toBe(0)
  }
})

test('a window that fires while a snapshot is written is in it as it was before', async () => {
  for (const lateness of [0, 7]) {
    const before = await collecting(lateness)
    for (const v of [1, 2]) before.push({ k: 'a', v }, v)
    const chunks: HarnessSnapshot['chunks'][number][] = []
    const walk = before.keyedState!.snapshot('op', { chunk: (chunk) => void chunks.push(chunk) })
    before.watermark(9)
    walk.step(100)
    const restore = { chunks, lists: [], own: undefined, watermarkMs: 9 }
    const after = await collecting(lateness, { restore })
    expect(after.output).toEqual([['a', 0, [1, 2]]])
  }
})

const event = fc.oneof(
  { weight: 6, arbitrary: fc.record({ k: fc.nat(3), t: fc.nat(60) }) },
  { weight: 2, arbitrary: fc.record({ watermark: fc.nat(70) }) },
  { weight: 2, arbitrary: fc.constant('restore' as const) },
)

test('windows emit the same however often they are restored', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event), fc.constantFrom(0, 15), async (events, lateness) => {
      const whole = await aggregating(lateness)
      let parts = await aggregating(lateness)
      const output: unknown[] = []
      for (const e of [...events, { watermark: END }]) {
        if (e === 'restore') {
          output.push(...parts.take())
          parts = await aggregating(lateness, { restore: parts.snapshot() })
        } else if ('watermark' in e) {
          whole.watermark(e.watermark)
          parts.watermark(e.watermark)
        } else {
          whole.push({ k: e.k, v: e.t }, e.t)
          parts.push({ k: e.k, v: e.t }, e.t)
        }
        output.push(...parts.take())
        expect(output.toSorted(byText)).toEqual([...whole.output].sort(byText))
      }
    }),
  )
})

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}

const process: ProcessSpec = {
  state: { seen: { kind: 'value', initial: 0 } },
  process(record, ctx) {
    ctx.state.seen.set(ctx.state.seen.get() + 1)
    if (record.at !== undefined) ctx.timers.onProcessingTime(record.at)
    ctx.timers.onEventTime(20)
  },
  onTimer(time, ctx, emit) {
    emit([ctx.key, time, ctx.state.seen.get()])
  },
}
const timing = (restore: Restore = {}) =>
  OperatorHarness.open({
    spec: { kind: 'keyed-process', process },
    key: { field: 'k' },
    ...restore,
  })

test('timers of both kinds are restored, and the clock wakes the operator for them', async () => {
  const before = await timing()
  before.push({ k: 'a', at: 500 }, 1)
  before.push({ k: 'b', at: 300 }, 1)
  before.push({ k: 'b' }, 2)
  const after = await timing({ restore: before.snapshot(), startMs: 100 })
  after.advance(199)
  expect(after.output).toEqual([])
  after.advance(1)
  expect(after.take()).toEqual([['b', 300, 2]])
  after.watermark(20)
  expect(new Set(after.take().map(String))).toEqual(new Set(['a,20,1', 'b,20,2']))
  after.advance(1000)
  expect(after.output).toEqual([['a', 500, 1]])
})

const marking = (spec: Partial<WatermarkSpec> = {}, restore: Restore = {}) =>
  OperatorHarness.open({
    spec: { kind: 'watermarks', watermarks: { time: { field: 't' }, outOfOrderMs: 10, ...spec } },
    ...restore,
  })

test('watermarks go on: the last one comes again, and none that is older', async () => {
  const before = await marking()
  before.push({ t: 100 })
  before.advance(200)
  expect(before.watermarks).toEqual([89])
  const after = await marking({ outOfOrderMs: 50 }, { restore: before.snapshot() })
  expect(after.watermarks).toEqual([89])
  after.push({ t: 120 })
  after.operator.onBatchEnd?.()
  expect(after.watermarks).toEqual([89])
  after.push({ t: 150 })
  after.operator.onBatchEnd?.()
  expect(after.watermarks).toEqual([89, 99])
})

test('a watermark not emitted yet comes no earlier, and without another record', async () => {
  const before = await marking()
  before.push({ t: 100 })
  expect(before.watermarks).toEqual([])
  const after = await marking({}, { restore: before.snapshot() })
  expect(after.watermarks).toEqual([])
  after.advance(200)
  expect(after.watermarks).toEqual([89])
})

test('nothing is emitted where nothing was known', async () => {
  const after = await marking({}, { restore: (await marking()).snapshot() })
  expect([after.watermarks, after.idleness]).toEqual([[], []])
})

test('an idle input stays idle until a record comes', async () => {
  const before = await marking({ idleMs: 500 })
  before.push({ t: 100 })
  before.advance(2000)
  expect(before.idleness).toEqual([true])
  const after = await marking({ idleMs: 500 }, { restore: before.snapshot() })
  expect([after.watermarks, after.idleness]).toEqual([[89], [true]])
  after.push({ t: 101 })
  expect(after.idleness).toEqual([true, false])
})

const part = (maxTimeMs: number, more: object = {}) => ({
  maxTimeMs,
  emittedMs: maxTimeMs - 11,
  idle: false,
  splits: [],
  ...more,
})

test.each([
  ['the slowest', [part(100), part(50)], [39], []],
  ['the slowest that is not idle', [part(100), part(50, { idle: true })], [89], []],
  ['the slowest that has not ended', [part(100), part(50, { emittedMs: END })], [89], []],
  ['the idle ones, if there are no others', [part(9, { idle: true })], [-2], [true]],
  ['nothing, if one has had no record', [part(100), part(-END)], [], []],
  ['the end, if all have ended', [part(100, { emittedMs: END })], [END], []],
])('event time of several subtasks is that of %s', async (_, parts, watermarks, idleness) => {
  const spec = { time: { field: 't' }, outOfOrderMs: 10 } as const
  const operator = new WatermarksOperator(spec, 200)
  const harness = await OperatorHarness.open({ operator })
  operator.restore(parts)
  operator.restored()
  expect([harness.watermarks, harness.idleness]).toEqual([watermarks, idleness])
})

test('splits that wait for their turn hold event time, and go on where they were', async () => {
  const spec = { time: { field: 't' }, outOfOrderMs: 10 } as const
  const operator = new WatermarksOperator(spec, 0)
  const harness = await OperatorHarness.open({ operator })
  operator.restore([part(100, { splits: [['a', 100]] }), part(50, { splits: [['b', 50]] })])
  operator.restored()
  operator.onSplits(undefined, ['a', 'b', 'not begun'])
  const readTo = (t: number) => {
    harness.push({ t })
    operator.onBatchEnd()
    return harness.watermarks.at(-1)
  }
  operator.onSplits('a', ['b'])
  expect(operator.snapshot().splits).toEqual([
    ['a', 100],
    ['b', 50],
  ])
  expect(readTo(300)).toBe(39)
  operator.onSplits(undefined, ['b'])
  operator.onSplits('b', [])
  expect(readTo(60)).toBe(49)
  expect(readTo(310)).toBe(299)
  expect(operator.snapshot().splits).toEqual([['b', 310]])
  operator.onSplits('free', [])
  expect(readTo(40)).toBe(299)
})

test('a split that had not begun holds event time where it is', async () => {
  const spec = { time: { field: 't' }, outOfOrderMs: 10 } as const
  const operator = new WatermarksOperator(spec, 0)
  const harness = await OperatorHarness.open({ operator })
  operator.restore([part(100, { splits: [['a', 100]] }), part(-END)])
  operator.restored()
  operator.onSplits(undefined, ['a', 'not begun'])
  operator.onSplits('a', ['not begun'])
  harness.push({ t: 300 })
  operator.onBatchEnd()
  expect(harness.watermarks).toEqual([])
})
