import { expect, test } from 'vitest'
import type { WatermarkSpec } from '../../src/operator/spec.ts'
import { OperatorHarness } from '../../src/testing/operator-harness.ts'

const END = Number.POSITIVE_INFINITY
const open = (watermarks: Partial<WatermarkSpec>, autoWatermarkIntervalMs = 200) =>
  OperatorHarness.open({
    spec: {
      kind: 'watermarks',
      watermarks: { time: { field: 't' }, outOfOrderMs: 0, ...watermarks },
    },
    autoWatermarkIntervalMs,
  })

test('records get their time, and watermarks come at most once an interval', async () => {
  const harness = await open({ outOfOrderMs: 10 })
  for (const t of [100, 120, 110]) harness.push({ t })
  expect(harness.timedOutput.map(({ time }) => time)).toEqual([100, 120, 110])
  expect(harness.watermarks).toEqual([])
  harness.advance(199)
  expect(harness.watermarks).toEqual([])
  harness.advance(1)
  expect(harness.watermarks).toEqual([109])
  harness.push({ t: 50 })
  harness.advance(1000)
  expect(harness.watermarks).toEqual([109])
})

test('the end of a batch gives a watermark at once, and only a new one', async () => {
  const harness = await open({}, 0)
  harness.push({ t: 5 })
  harness.operator.onBatchEnd?.()
  harness.operator.onBatchEnd?.()
  expect(harness.watermarks).toEqual([4])
})

test('of what comes from upstream only the end of time passes', async () => {
  const harness = await open({})
  harness.push({ t: 5 })
  harness.watermark(1000)
  harness.watermark(END)
  expect(harness.watermarks).toEqual([END])
})

test('an input without records goes idle, and a record wakes it', async () => {
  const harness = await open({ idleMs: 500 })
  harness.advance(499)
  expect(harness.idleness).toEqual([])
  harness.advance(200)
  expect(harness.idleness).toEqual([true])
  harness.push({ t: 1 })
  expect(harness.idleness).toEqual([true, false])
  harness.advance(400)
  harness.push({ t: 2 })
  harness.advance(400)
  expect(harness.idleness).toEqual([true, false])
  harness.advance(1000)
  expect(harness.idleness).toEqual([true, false, true])
  expect(harness.watermarks).toEqual([0, 1])
})

test('a Date or a function may give the time', async () => {
  const dates = await open({})
  dates.push({ t: new Date(7) })
  const seconds = await open({ time: { fn: (r: { s: number }) => r.s * 1000 } })
  seconds.push({ s: 2 })
  expect([dates.timedOutput[0]?.time, seconds.timedOutput[0]?.time]).toEqual([7, 2000])
})

test.each([undefined, null, 'today', Number.NaN, END, new Date('nonsense'), 5n])(
  '%s is no event time',
  async (t) => {
    const harness = await open({})
    expect(() => harness.push({ t })).toThrow(
      expect.objectContaining({
        code: 'BAD_EVENT_TIME',
        message: expect.stringContaining("field 't'"),
        record: expect.any(String),
      }),
    )
    expect(harness.output).toEqual([])
  },
)
