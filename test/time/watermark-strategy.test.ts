import { expect, test } from 'vitest'
import { ManualClock } from '../../src/base/clock.ts'
import { SplitWatermarks } from '../../src/time/split-watermarks.ts'
import { BoundedOutOfOrderness, IdlenessTimer } from '../../src/time/watermark-strategy.ts'

test('the watermark is the greatest time, less the bound and a millisecond', () => {
  const times = new BoundedOutOfOrderness(100)
  expect(times.watermarkMs).toBe(Number.NEGATIVE_INFINITY)
  for (const time of [1000, 950, 1200, 1100]) times.onRecord(time)
  expect(times.watermarkMs).toBe(1099)
})

test('an input is idle when nothing has come for the timeout', () => {
  const idleness = new IdlenessTimer(100, 0)
  expect(idleness.isIdle(99)).toBe(false)
  idleness.onRecord()
  expect([idleness.isIdle(150), idleness.isIdle(249), idleness.isIdle(250)]).toEqual([
    false,
    false,
    true,
  ])
})

test('a source is where its slowest active split is, and never goes back', () => {
  const clock = new ManualClock()
  const splits = new SplitWatermarks({ clock, idleMs: 100 })
  splits.add('a')
  splits.add('b')
  splits.advance('a', 10)
  expect(splits.watermarkMs).toBe(Number.NEGATIVE_INFINITY)
  splits.advance('b', 20)
  expect(splits.watermarkMs).toBe(10)
  splits.remove('a')
  expect(splits.watermarkMs).toBe(20)
  splits.add('c')
  splits.advance('c', 5)
  expect(splits.watermarkMs).toBe(20)
  clock.advance(100)
  splits.advance('b', 40)
  splits.checkIdle()
  expect([splits.watermarkMs, splits.isIdle]).toEqual([40, false])
  clock.advance(100)
  splits.checkIdle()
  expect([splits.watermarkMs, splits.isIdle]).toEqual([40, true])
})
