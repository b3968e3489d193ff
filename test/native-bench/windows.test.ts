/** How jobs without end are measured, and how configurations are compared in turns. */
import { expect, test } from 'vitest'
// @ts-expect-error: plain JavaScript
import { ratiosInTurns } from '../../native-bench/kit/ratios.mjs'
// @ts-expect-error: plain JavaScript
import { inChild, windowsOf } from '../../native-bench/kit/windows.mjs'

const JOBS = new URL('../../native-bench/jobs/', import.meta.url)
const COUNT = new URL('keyed-count.ts', JOBS)
const options = { parallelism: 1, args: { keys: 100 }, warmup: 0, seconds: 0.3, windows: 2 }

const measured = {
  windows: [1, 2].map(() => ({
    records: expect.toSatisfy((records: number) => records > 0),
    seconds: expect.toSatisfy((seconds: number) => seconds >= 0.29),
    cpuSeconds: expect.toSatisfy((seconds: number) => seconds > 0),
    checkpoints: expect.any(Number),
  })),
  peakRssBytes: expect.toSatisfy((bytes: number) => bytes > 1e7),
}

test('a window has the records, the CPU time and the checkpoints that fell into it', async () => {
  const run = await windowsOf(COUNT, { ...options, checkpoints: '50ms' })
  expect(run).toMatchObject(measured)
  expect(run.windows[1].checkpoints).toBeGreaterThan(0)
  expect(run.stalls).toBeUndefined()
})

test('a process of its own measures the same, and sees where subtasks stood still', async () => {
  const run = await inChild(COUNT, { ...options, watch: true })
  expect(run).toMatchObject(measured)
  expect(run.stalls.before).toHaveLength(3)
  expect(run.stalls.within).toHaveLength(3)
  for (const { longestMs } of run.stalls.within) expect(longestMs).toBeGreaterThan(0)
})

test('a job that ends by itself is not measured', async () => {
  const ending = { ...options, args: { keys: 100, records: 1_000 } }
  await expect(windowsOf(COUNT, ending)).rejects.toThrow(/ended by itself: finished/)
})

test('a job that fails in a process of its own fails there', async () => {
  const wrong = new URL('no-such-job.ts', JOBS)
  await expect(inChild(wrong, options)).rejects.toThrow(/ended with 1/)
})

test('configurations take turns, and compare round by round and by their medians', async () => {
  const order: string[] = []
  const caseOf = (what: string, rates: number[], base?: string) => ({
    what,
    base,
    run: async () => {
      order.push(what)
      const window = { records: rates.shift()! * 1e6, seconds: 1, cpuSeconds: 2 }
      return { windows: [window], others: 0, peakRssBytes: 2 ** 20 }
    },
  })
  const cases = [caseOf('a', [1, 2, 4]), caseOf('b', [2, 6, 4], 'a')]
  const { rows, figures } = await ratiosInTurns(cases, 3)
  expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b'])
  expect(rows[1]).toEqual({
    what: 'b',
    'M records/s': 4,
    'M records/CPU s': 2,
    cores: 2,
    'cores of others': 0,
    'peak MB': 1,
    ratio: '2 (1 to 3)',
    'per CPU s': '2 (1 to 3)',
  })
  expect(figures['b, ratio']).toMatchObject({ value: 2, runs: [2, 3, 1] })
})
