import { expect, test } from 'vitest'
import { distributionOf } from '../../src/checkpoint/distribution.ts'

test('a single value is every percentile', () => {
  expect(distributionOf([7])).toEqual({
    min: 7,
    max: 7,
    avg: 7,
    p50: 7,
    p90: 7,
    p95: 7,
    p99: 7,
    p999: 7,
  })
})

test('percentiles are values that occurred, by nearest rank, in whatever order they came', () => {
  const values = Array.from({ length: 1000 }, (_, i) => ((i * 7) % 1000) + 1)
  expect(distributionOf(values)).toEqual({
    min: 1,
    max: 1000,
    avg: 500.5,
    p50: 500,
    p90: 900,
    p95: 950,
    p99: 990,
    p999: 999,
  })
  expect(distributionOf([100, 9, 20])).toMatchObject({ p50: 20, p90: 100 })
  expect(distributionOf([4, 3, 2, 1])).toMatchObject({ p50: 2, p90: 4 })
})
