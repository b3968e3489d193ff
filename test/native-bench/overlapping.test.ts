/** Unaligned checkpoints that overlap on a slow disk: as the benchmark takes them, only faster. */
import { expect, test } from 'vitest'
// @ts-expect-error: plain JavaScript
import { overlappingCheckpoints } from '../../native-bench/kit/overlapping.mjs'

interface Overlapping {
  readonly pendingMax: number
  readonly checkpoints: readonly {
    readonly id: number
    readonly status: string
    readonly reason?: string
    readonly completedMs: number
    readonly unaligned: boolean
    readonly persistedInFlightBytes?: number
    readonly wrong: readonly string[]
  }[]
}

test('three unaligned checkpoints at a time complete in order, and are restored', async () => {
  const { checkpoints, pendingMax }: Overlapping = await overlappingCheckpoints({
    fileMs: 200,
    intervalMs: 50,
    concurrent: 3,
    count: 6,
  })
  expect(pendingMax).toBe(3)
  const completed = checkpoints.filter(({ status }) => status === 'completed')
  expect(completed.length).toBeGreaterThanOrEqual(6)
  // On a machine that is busy a later one may be acknowledged sooner.
  const failed = checkpoints.filter(({ status }) => status !== 'completed')
  expect(failed.filter(({ reason }) => reason !== 'CHECKPOINT_SUBSUMED')).toEqual([])
  const ends = completed.map(({ completedMs }) => completedMs)
  expect(ends).toEqual([...ends].sort((a, b) => a - b))
  expect(checkpoints.flatMap(({ id, wrong }) => wrong.map((what) => `${id}: ${what}`))).toEqual([])
  expect(completed.every(({ unaligned }) => unaligned)).toBe(true)
  const inFlight = completed.map(({ persistedInFlightBytes = 0 }) => persistedInFlightBytes)
  expect(Math.max(...inFlight)).toBeGreaterThan(10_000)
})
