import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { WindowSpec } from '../../src/operator/spec.ts'
import { tumblingWindows } from '../../src/operator/window-assigner.ts'
import { OperatorHarness } from '../../src/testing/operator-harness.ts'

const ten: WindowSpec = { kind: 'tumbling', sizeMs: 10, offsetMs: 0, allowedLatenessMs: 0 }
const aggregates = {
  named: {
    n: { kind: 'count' },
    sum: { kind: 'sum', field: 'v' },
    max: { kind: 'max', field: 'v' },
  },
} as const

const aggregating = (window: Partial<WindowSpec> = {}) =>
  OperatorHarness.open({
    spec: { kind: 'window-aggregate', window: { ...ten, ...window }, aggregates },
    key: { field: 'k' },
  })

test.each([
  [0, 0, 0],
  [9, 0, 0],
  [10, 0, 10],
  [-1, 0, -10],
  [-10, 0, -10],
  [-11, 0, -20],
  [4, 5, -5],
  [5, 5, 5],
  [-6, 5, -15],
  [1_700_000_000_003.5, 3, 1_700_000_000_003],
])('a record of time %d with offset %d is in the window from %d', (time, offsetMs, start) => {
  expect(tumblingWindows({ ...ten, offsetMs }).startOf(time)).toBe(start)
})

test('any time lies in its window, whose start is a multiple of the size', () => {
  const time = fc.integer({ min: -(2 ** 50), max: 2 ** 50 })
  const size = fc.integer({ min: 1, max: 10 ** 10 })
  fc.assert(
    fc.property(time, size, (timeMs, sizeMs) => {
      const start = tumblingWindows({ ...ten, sizeMs }).startOf(timeMs)
      expect(start <= timeMs && timeMs < start + sizeMs).toBe(true)
      expect(start % sizeMs === 0).toBe(true)
    }),
  )
})

test.each([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN])(
  'a record of time %d is refused',
  async (time) => {
    const harness = await aggregating()
    expect(() => harness.push({ k: 'a' }, time)).toThrow(
      expect.objectContaining({ code: 'NO_EVENT_TIME' }),
    )
  },
)

test('a window fires when the watermark reaches its last millisecond, at that time', async () => {
  const harness = await aggregating()
  harness.push({ k: 'a', v: 1 }, 3)
  harness.push({ k: 'a', v: 5 }, 9)
  harness.push({ k: 'a', v: 7 }, 10)
  harness.watermark(8)
  expect(harness.output).toEqual([])
  harness.watermark(9)
  expect(harness.timedOutput).toEqual([
    { record: { key: 'a', window: { start: 0, end: 10 }, n: 2, sum: 6, max: 5 }, time: 9 },
  ])
  harness.finish()
  expect(harness.output.length).toBe(2)
  expect(harness.keyedState?.countKeys()).toBe(0)
})

test('late records are counted, or go to the side output', async () => {
  const counting = await aggregating()
  counting.watermark(9)
  counting.push({ k: 'a', v: 1 }, 9)
  counting.push({ k: 'a', v: 1 }, 10)
  counting.finish()
  expect(counting.metrics.lateRecordsDropped).toBe(1)
  expect(counting.output).toMatchObject([{ window: { start: 10 } }])

  const diverting = await aggregating({ lateTo: 'late' })
  diverting.watermark(9)
  diverting.push({ k: 'a', v: 1 }, 9)
  expect(diverting.sideOutput('late')).toEqual([{ k: 'a', v: 1 }])
  expect(diverting.metrics.lateRecordsDropped).toBe(0)
})

test('within the allowed lateness a window fires again with each late record', async () => {
  const harness = await aggregating({ allowedLatenessMs: 5 })
  harness.push({ k: 'a', v: 1 }, 1)
  harness.watermark(9)
  harness.push({ k: 'a', v: 2 }, 2)
  harness.push({ k: 'b', v: 3 }, 3)
  harness.watermark(13)
  harness.push({ k: 'a', v: 4 }, 4)
  harness.watermark(14)
  harness.push({ k: 'a', v: 5 }, 5)
  expect(harness.take()).toMatchObject([
    { key: 'a', n: 1 },
    { key: 'a', n: 2 },
    { key: 'b', n: 1 },
    { key: 'a', n: 3, sum: 7 },
  ])
  expect(harness.metrics.lateRecordsDropped).toBe(1)
  expect(harness.keyedState?.countKeys()).toBe(0)
})

test('a window function gets the records of its key and window', async () => {
  const harness = await OperatorHarness.open({
    spec: {
      kind: 'window-process',
      window: { ...ten, allowedLatenessMs: 3 },
      fn: (key, window, records, emit) => {
        emit({ key, end: window.end, values: records.map((r: { v: number }) => r.v) })
        records[0].v = 99
      },
    },
    key: { fn: (r: { k: string }) => r.k },
  })
  const record = { k: 'a', v: 1 }
  harness.push(record, 1)
  record.v = 50
  harness.push({ k: 'b', v: 2 }, 2)
  harness.watermark(9)
  harness.push({ k: 'a', v: 3 }, 3)
  harness.finish()
  expect(harness.timedOutput).toEqual([
    { record: { key: 'a', end: 10, values: [1] }, time: 9 },
    { record: { key: 'b', end: 10, values: [2] }, time: 9 },
    { record: { key: 'a', end: 10, values: [1, 3] }, time: 9 },
  ])
})

test('a single custom aggregate gives a value', async () => {
  const harness = await OperatorHarness.open({
    spec: {
      kind: 'window-aggregate',
      window: ten,
      aggregates: {
        single: { kind: 'custom', create: () => '', add: (a, r) => a + r.v, result: (a) => a },
      },
    },
    key: { field: 'k' },
  })
  harness.push({ k: 1, v: 'x' }, 1)
  harness.push({ k: 1, v: 'y' }, 2)
  harness.finish()
  expect(harness.output).toEqual([{ key: 1, window: { start: 0, end: 10 }, value: 'xy' }])
})

const record = fc.record({
  k: fc.constantFrom('a', 'b', 'c'),
  v: fc.integer({ min: -9, max: 9 }),
  time: fc.integer({ min: -40, max: 60 }),
})
const input = fc.oneof(
  { weight: 5, arbitrary: record },
  { weight: 1, arbitrary: fc.record({ watermark: fc.integer({ min: -50, max: 70 }) }) },
)

test('windows give what a plain loop over the records gives', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(input, { maxLength: 80, size: 'max' }),
      fc.integer({ min: 0, max: 9 }),
      async (inputs, offsetMs) => {
        const harness = await aggregating({ offsetMs })
        const expected = new Map<string, { n: number; sum: number; max: number }>()
        let watermark = Number.NEGATIVE_INFINITY
        let late = 0
        for (const item of inputs) {
          if ('watermark' in item) {
            watermark = Math.max(watermark, item.watermark)
            harness.watermark(item.watermark)
            continue
          }
          harness.push({ k: item.k, v: item.v }, item.time)
          let start = offsetMs - 100
          while (start + 10 <= item.time) start += 10
          if (start + 9 <= watermark) {
            late++
            continue
          }
          const name = `${item.k} ${start}`
          const known = expected.get(name) ?? { n: 0, sum: 0, max: -100 }
          expected.set(name, {
            n: known.n + 1,
            sum: known.sum + item.v,
            max: Math.max(known.max, item.v),
          })
        }
        harness.finish()
        const rows = harness.output as { key: string; window: { start: number; end: number } }[]
        const given = rows.map(({ key, window, ...rest }) => {
          expect(window.end).toBe(window.start + 10)
          return [`${key} ${window.start}`, rest] as const
        })
        expect(given.length).toBe(expected.size)
        expect(new Map(given)).toEqual(expected)
        expect(harness.metrics.lateRecordsDropped).toBe(late)
        expect(harness.keyedState?.countKeys()).toBe(0)
      },
    ),
    { numRuns: 100 },
  )
})

test('a flood of windows fires in runs, and pauses when the task wants to', async () => {
  const harness = await aggregating()
  for (let k = 0; k < 300; k++) harness.push({ k, v: 1 }, 5)
  expect(harness.operator.onWatermark?.(9)).toBe(false)
  expect(harness.output.length).toBeLessThan(300)
  while (harness.operator.onWatermark?.(9) === false);
  expect(harness.output.length).toBe(300)
})
