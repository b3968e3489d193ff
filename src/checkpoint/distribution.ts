/**
 * Minimum, maximum, mean and percentiles of a figure.
 * Threads: any; a pure function.
 */
import { assert } from '../base/assert.ts'
import type { Distribution } from './checkpoint-stats.ts'

/** Of at least one value, in any order. */
export function distributionOf(values: readonly number[]): Distribution {
  assert(values.length > 0, 'the distribution of nothing')
  const sorted = Float64Array.from(values).sort()
  const sum = sorted.reduce((total, value) => total + value, 0)
  return {
    min: sorted[0]!,
    max: sorted.at(-1)!,
    avg: sum / sorted.length,
    p50: percentile(sorted, 500),
    p90: percentile(sorted, 900),
    p95: percentile(sorted, 950),
    p99: percentile(sorted, 990),
    p999: percentile(sorted, 999),
  }
}

/** The least value that as many thousandths of all do not exceed. In whole numbers: exact. */
function percentile(sorted: Float64Array, thousandths: number): number {
  return sorted[Math.ceil((sorted.length * thousandths) / 1000) - 1]!
}
