/** What of records on their way becomes what, by the kind of edge and by options. */
import { expect, test } from 'vitest'
import type { Stream } from '../../src/api/index.ts'
import { defineJob, type Emit, value } from '../../src/api/index.ts'
import { generator } from '../../src/connector/generator/index.ts'
import { type InlineOptions, type InlineResult, runInline } from '../../src/testing/index.ts'

interface Item {
  readonly id: number
  readonly key: string
}

const RECORDS = 300
const SEEDS = Array.from({ length: Number(process.env.SEEDS ?? 12) }, (_, k) => k + 1)

type Dealt = (stream: Stream<Item>) => Stream<Item>

/** Two stages with an exchange of that kind between them; everybody tells what came. */
function jobOf(dealt: Dealt) {
  return defineJob('dealt', (env) => {
    const make = (id: number): Item => ({ id, key: `a key of some length: ${id % 9}` })
    const items = env.from(generator({ count: RECORDS, make, splits: 3 }))
    dealt(items)
      .map((item) => item)
      .chain('start')
      .collect('rows')
  })
}

const unaligned = { 'checkpoints.unaligned': true, segmentSize: '256 b', recordBytesMax: '1 mb' }

function options(seed: number, parallelism: readonly number[]): InlineOptions {
  const crashes = { afterCheckpoints: [1, 2, 4], parallelism: parallelism.slice(1) }
  const checkpoints = { everySteps: 9, maxConcurrent: 1 + (seed % 3) }
  return { parallelism: parallelism[0]!, seed, crashes, checkpoints, config: unaligned }
}

function idsIn({ rows }: InlineResult): readonly number[] {
  return rows<Item>('rows')
    .map(({ id }) => id)
    .sort((a, b) => a - b)
}

function inFlightOf({ checkpoints }: InlineResult): number {
  return checkpoints.reduce(
    (sum, { persistedInFlightBytes = 0 }) => sum + persistedInFlightBytes,
    0,
  )
}

const kinds: Record<string, Dealt> = {
  forward: (stream) => stream,
  rebalance: (stream) => stream.rebalance(),
  rescale: (stream) => stream.rescale(),
  global: (stream) => stream.global(),
  custom: (stream) => stream.partitionCustom('key', (key, n) => Number(key.at(-1)) % n),
  'custom by a function': (stream) =>
    stream.partitionCustom(
      ({ id }) => id,
      (id, n) => id % n,
    ),
}

test.each(Object.entries(kinds))('by %s each record comes once', async (_, dealt) => {
  let bytes = 0
  for (const seed of SEEDS) {
    const result = await runInline(jobOf(dealt), options(seed, [3]))
    expect(idsIn(result), `seed ${seed}`).toEqual(Array.from({ length: RECORDS }, (_, id) => id))
    bytes += inFlightOf(result)
  }
  expect(bytes).toBeGreaterThan(0)
})

test.each(Object.entries(kinds))(
  'by %s each record comes once at another parallelism',
  async (_, dealt) => {
    let bytes = 0
    for (const seed of SEEDS) {
      const result = await runInline(jobOf(dealt), options(seed, [3, 2, 4, 1]))
      expect(idsIn(result), `seed ${seed}`).toEqual(Array.from({ length: RECORDS }, (_, id) => id))
      bytes += inFlightOf(result)
    }
    expect(bytes).toBeGreaterThan(0)
  },
)

test('a choice that is another each time is refused at another parallelism', async () => {
  let turn = 0
  const dealt: Dealt = (stream) => stream.partitionCustom('key', (_, n) => turn++ % n)
  const refused = await Promise.allSettled(
    SEEDS.map((seed) => runInline(jobOf(dealt), options(seed, [3, 2]))),
  )
  const errors = refused.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
  expect(errors.length).toBeGreaterThan(0)
  for (const error of errors) {
    expect(error).toMatchObject({ code: 'RESTORE_IN_FLIGHT', hint: /the same subtask/ })
    expect(error.message).toMatch(/partitionCustom.*'a key of some length: \d'/)
  }
  for (const end of refused) {
    if (end.status === 'rejected') continue
    expect(idsIn(end.value)).toEqual(Array.from({ length: RECORDS }, (_, id) => id))
  }
})

test('by broadcast each record comes once to each subtask', async () => {
  for (const seed of SEEDS) {
    const result = await runInline(
      jobOf((stream) => stream.broadcast()),
      options(seed, [2]),
    )
    expect(idsIn(result)).toEqual(Array.from({ length: 2 * RECORDS }, (_, k) => k >> 1))
  }
})

test('behind a forward exchange keys must not be counted at another parallelism', async () => {
  const job = defineJob('counted', (env) => {
    const make = (id: number): Item => ({ id, key: `a key of some length: ${id % 9}` })
    env
      .from(generator({ count: RECORDS, make, splits: 3 }))
      .map((item) => item)
      .chain('start')
      .keyBy('key')
      .reduce((_, item) => item)
      .collect('rows')
  })
  const refused = SEEDS.map((seed) => runInline(job, options(seed, [3, 2])))
  const errors = (await Promise.allSettled(refused)).flatMap((end) =>
    end.status === 'rejected' ? [end.reason] : [],
  )
  expect(errors.length).toBeGreaterThan(0)
  for (const error of errors) {
    expect(error).toMatchObject({ code: 'RESTORE_IN_FLIGHT', hint: /an aligned checkpoint/ })
    expect(error.message).toMatch(
      /on their way from 'generator of 300' to 'map'.*of 3; it is 2 now, and of the keys behind/,
    )
  }
})

test('a key keeps the order of its records, at whatever parallelism they arrive', async () => {
  const job = defineJob('ordered', (env) => {
    const make = (id: number): Item => ({ id, key: `a key of some length: ${id % 9}` })
    env
      .from(generator({ count: RECORDS, make }))
      .keyBy('key')
      .process({
        state: { seen: value(0) },
        process({ key }, { state }, emit: Emit<{ key: string; nth: number }>) {
          state.seen.set(state.seen.get() + 1)
          emit({ key, nth: state.seen.get() })
        },
      })
      .keyBy((row) => [row.key])
      .process({
        state: { seen: value(0) },
        process({ key, nth }, { state }, emit: Emit<Item>) {
          state.seen.set(state.seen.get() + 1)
          emit({ id: nth - state.seen.get(), key })
        },
      })
      .collect('rows')
  })
  for (const seed of SEEDS) {
    const result = await runInline(job, options(seed, [2, 3, 1, 4]))
    expect(idsIn(result), `seed ${seed}`).toEqual(Array.from({ length: RECORDS }, () => 0))
  }
})

test('with more in flight than may be kept a checkpoint is declined, without harm', async () => {
  const job = jobOf((stream) => stream.rebalance())
  const config = { ...unaligned, 'checkpoints.channelStateBytesMax': '1 kb' }
  let declined = 0
  for (const seed of SEEDS) {
    const result = await runInline(job, { ...options(seed, [2]), crashes: {}, config })
    expect(idsIn(result)).toHaveLength(RECORDS)
    for (const { status, reason, message } of result.checkpoints) {
      if (status !== 'failed' || reason === 'CHECKPOINT_SUBSUMED') continue
      expect(reason).toBe('CHECKPOINT_DECLINED')
      expect(message).toMatch(/\d+ bytes of in-flight data are too many: .* 1024 together/)
      declined++
    }
  }
  expect(declined).toBeGreaterThan(0)
})

test('figures tell which subtasks were unaligned, and what they kept', async () => {
  let kept = 0
  for (const seed of SEEDS) {
    const { checkpoints } = await runInline(
      jobOf((stream) => stream.rebalance()),
      {
        ...options(seed, [2]),
        crashes: {},
      },
    )
    for (const { status, unaligned, persistedInFlightBytes, tasks } of checkpoints) {
      if (status !== 'completed') continue
      const bytes = tasks.map((task) => task.persistedInFlightBytes)
      expect(persistedInFlightBytes).toBe(bytes.reduce((sum, more) => sum + more, 0))
      expect(unaligned).toBe(tasks.some((task) => task.unaligned))
      for (const task of tasks) {
        if (task.vertex.startsWith('generator')) expect(task.unaligned).toBe(false)
        if (!task.unaligned) expect(task.persistedInFlightBytes).toBe(0)
        expect(task.alignmentMs).toBeGreaterThanOrEqual(0)
        expect(task.processedInFlightBytes).toBeGreaterThanOrEqual(0)
      }
      kept += persistedInFlightBytes ?? 0
    }
  }
  expect(kept).toBeGreaterThan(0)
})
