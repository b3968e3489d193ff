import { expect, test } from 'vitest'
import { ManualClock } from '../../src/base/clock.ts'
import { type ProgressMetrics, progressText, showProgress } from '../../src/cli/progress.ts'

const metrics: ProgressMetrics = {
  recordsRead: 750_000,
  recordsTotal: 3_000_000,
  eventTimeMs: Date.UTC(2001, 3, 2, 5, 6),
}

test('on a terminal there is a bar with share, records, rate and event time', () => {
  expect(progressText(metrics, { perSecond: 812_345.6, columns: 120 })).toBe(
    '██████░░░░░░░░░░░░░░░░░░  25 %  750,000 of 3,000,000 records  812,346/s  ' +
      'event time 2001-04-02 05:06',
  )
})

test.each([20, 60, 80, 90, 100])('a line is never wider than %d columns for its bar', (columns) => {
  const text = progressText(metrics, { perSecond: 1, columns })
  const bare = progressText(metrics, { perSecond: 1, columns: undefined })
  expect(text.length).toBeLessThanOrEqual(Math.max(columns, bare.length))
})

test('on a narrow terminal the checkpoint comes before event time and total', () => {
  const checkpoint = { id: 12, durationMs: 87.4, bytes: 261_000 }
  const text = (columns: number) => progressText(metrics, { perSecond: 1e6, columns, checkpoint })
  const told = 'checkpoint 12, 87 ms, 261.0 kB'
  expect(text(109)).toBe(
    ` 25 %  750,000 of 3,000,000 records  1,000,000/s  event time 2001-04-02 05:06  ${told}`,
  )
  expect(text(81)).toBe(` 25 %  750,000 of 3,000,000 records  1,000,000/s  ${told}`)
  expect(text(79)).toBe(`███░░░░░░░░  25 %  750,000 records  1,000,000/s  ${told}`)
})

test('without a total there is no share, and before the first watermark no event time', () => {
  const unknown = { recordsRead: 5, eventTimeMs: Number.NEGATIVE_INFINITY }
  expect(progressText(unknown, { perSecond: 0, columns: 80 })).toBe('5 records  0/s')
})

test("elsewhere each update is a plain line, the last one with the whole run's rate", () => {
  const written: string[] = []
  const clock = new ManualClock(1_000)
  let recordsRead = 0
  const end = showProgress({
    metrics: () => ({ ...metrics, recordsRead }),
    stream: { write: (text) => written.push(text) },
    clock,
  })
  clock.advance(4_000)
  recordsRead = 3_000_000
  end()
  expect(written).toEqual([
    '100 %  3,000,000 of 3,000,000 records  750,000/s  event time 2001-04-02 05:06\n',
  ])
})
