/** The jobs whose bottleneck is known, and how what metrics tell of them is read. */
import { expect, test } from 'vitest'
import job from '../../native-bench/jobs/backpressure.ts'
import { SPENT_BYTES } from '../../native-bench/jobs/planted-share.ts'
import random from '../../native-bench/jobs/random-graph.ts'
// @ts-expect-error: plain JavaScript
import { readingsOf, unaccountedMs } from '../../native-bench/kit/pressure.mjs'
// @ts-expect-error: plain JavaScript
import { spentMemory, spentMs } from '../../native-bench/kit/spent.mjs'
// @ts-expect-error: plain JavaScript
import { cases } from '../../native-bench/scenarios/backpressure.mjs'
import type { Job } from '../../src/api/job.ts'
import { prepareJob } from '../../src/coordinator/prepared-job.ts'

const PLANTED = new URL('../../native-bench/jobs/planted-share.ts', import.meta.url)

/** Made with the compiled package, which has types of its own. */
const slowJob = job as unknown as Job
const randomJob = random as unknown as Job

interface Case {
  readonly what: string
  readonly shape: string
  readonly how: string
  readonly slow: string
}

test.each(cases as Case[])('$what: what is to be slow is a vertex, and no source', async (one) => {
  const { shape, how, slow } = one
  const { execution } = await prepareJob(slowJob, {
    parallelism: 4,
    args: { shape, how, micros: 1 },
  })
  const found = execution.vertices.filter(({ name }) => name === slow)
  expect(found).toHaveLength(1)
  expect(execution.edges.filter(({ to }) => to === found[0]!.index)).not.toHaveLength(0)
})

test('of 20 seeds each gives another graph, with one planted vertex', async () => {
  const graphs = await Promise.all(
    Array.from({ length: 20 }, async (_, seed) => {
      const { execution } = await prepareJob(randomJob, { args: { seed, micros: 1 } })
      return execution
    }),
  )
  for (const { vertices } of graphs) {
    expect(vertices.filter(({ name }) => name.startsWith('planted'))).toHaveLength(1)
  }
  const shapes = graphs.map(({ vertices, edges }) =>
    JSON.stringify([vertices.map(({ parallelism }) => parallelism), edges]),
  )
  expect(new Set(shapes).size).toBe(graphs.length)
})

test('a reading has what its task has spent by its own clock', async () => {
  const spent: SharedArrayBuffer = spentMemory()
  const readings = await readingsOf(PLANTED, {
    args: { kind: 'busy', share: 0.5, micros: 1_000, spent },
    beside: () => ({ spentMs: spentMs(spent, 1) }),
    warmup: 0.2,
    seconds: 0.3,
    windows: 2,
  })
  expect(readings).toHaveLength(2)
  for (const { spentMs, before, metrics } of readings) {
    expect(spentMs).toBeGreaterThan(before.spentMs)
    expect(metrics.subtasks[1].busyMs).toBeGreaterThan(before.metrics.subtasks[1].busyMs)
  }
})

test('what is under way is spent, too', () => {
  const memory: SharedArrayBuffer = spentMemory()
  expect(memory.byteLength).toBe(2 * SPENT_BYTES)
  const times = new Float64Array(memory, SPENT_BYTES + 8, 2)
  times.set([40, 0])
  expect(spentMs(memory, 0)).toBe(0)
  expect(spentMs(memory, 1)).toBe(40)
  times.set([40, performance.timeOrigin + performance.now() - 100])
  expect(spentMs(memory, 1)).toBeGreaterThanOrEqual(140)
})

test('time that is counted twice, or not at all, shows', () => {
  const look = (atMs: number, ...busyMs: number[]) => ({
    atMs,
    metrics: {
      subtasks: busyMs.map((ms) => ({
        busyMs: ms,
        idleMs: 1,
        softBackpressuredMs: 2,
        hardBackpressuredMs: 3,
      })),
    },
  })
  const between = (from: object, to: object) => unaccountedMs([{ ...to, before: from }])
  expect(between(look(100, 10, 20), look(150, 60, 70))).toBe(0)
  expect(between(look(100, 10, 20), look(150, 60, 75))).toBe(5)
  expect(between(look(100, 10, 20), look(150, 53, 70))).toBe(7)
})
