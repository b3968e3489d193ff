/** Unaligned checkpoints that overlap on a slow disk: as the benchmark takes them, only faster. */
import { expect, test } from 'vitest'
// @ts-expect-error: plain JavaScript
import { overlappingCheckpoints } from '../../native-bench/kit/overlapping.mjs'

interface Overlapping {
  readonly pendingMax: number
  readonly checkpoints: readonly {
    readonly id: number
    readonly status: string
    readonly completedMs: number
    readonly unaligned: boolean
    readonly persistedInFlightBytes?: number
    readonly wrong: readonly string[]
  }[]
}

test('three unaligned checkpoints at a time: all complete, in order, and can be restored', async () => {
  const { checkpoints, pendingMax }: Overlapping = await overlappingCheckpoints({
    fileMs: 200,
    intervalMs: 50,
    concurrent: 3,
    count: 6,
  })
  expect(pendingMax).toBe(3)
  const completed = checkpoints.filter(({ status }) => status === 'completed')
  expect(completed.length).toBeGreaterThanOrEqual(6)
  // The last ones may be under way when the job is cancelled; none is given up before.
  expect(completed.map(({ id }) => id)).toEqual(completed.map((_, k) => k + 1))
  const ends = completed.map(({ completedMs }) => completedMs)
  expect(ends).toEqual([...ends].sort((a, b) => a - b))
  expect(checkpoints.flatMap(({ id, wrong }) => wrong.map((what) => `${id}: ${what}`))).toEqual([])
  for (const { unaligned, persistedInFlightBytes } of completed) {
    expect(unaligned).toBe(true)
    expect(persistedInFlightBytes).toBeGreaterThan(1_000)
  }
})
