import { expect, test } from 'vitest'
import { ManualClock } from '../../../src/base/clock.ts'
import { generator } from '../../../src/connector/generator/generator.ts'
import type { Batch, Source } from '../../../src/operator/source.ts'
import { checkSource } from '../../../src/testing/source-conformance.ts'

const ints = Array.from({ length: 5000 }, (_, i) => i)

test('every index gives one record, interleaved over the splits', async () => {
  const source = generator({ count: 7, splits: 3, make: (index) => index })
  expect(await checkSource(source)).toEqual([0, 3, 6, 1, 4, 2, 5])
})

test('a count beyond a batch is read completely', async () => {
  const found = await checkSource(generator({ count: 5000, make: (index) => index }))
  expect([...found].sort((a, b) => a - b)).toEqual(ints)
})

test('without a count the source has no end and as many splits as subtasks', async () => {
  const source = generator({ make: (index) => ({ index }) })
  expect(source.bounded).toBe(false)
  const found = await checkSource(source, { parallelism: 2, recordsPerSplitMax: 2048 })
  expect(found).toHaveLength(4096)
})

test('event times come from the index', async () => {
  const source = generator({ count: 3, splits: 1, make: (i) => i, time: (i) => i * 1000 })
  const [batch] = await batchesUntil(source, 0)
  expect([0, 1, 2].map((i) => batch!.time!(i))).toEqual([0, 1000, 2000])
})

async function batchesUntil(source: Source<unknown>, endMs: number, everyMs?: number) {
  const clock = new ManualClock(1000)
  const reader = source.reader({ subtask: 0, parallelism: 1, clock, wake: () => {} })
  const [split] = await source.enumerator({ parallelism: 1 }).discover()
  await reader.open(split!, undefined)
  const batches: Batch<unknown>[] = []
  while (clock.nowMs() - 1000 <= endMs) {
    const next = await reader.next()
    if (next === undefined) break
    if (next === 'later') clock.advance(everyMs ?? Math.max(1, reader.laterMs! - clock.nowMs()))
    else batches.push(next)
  }
  await reader.close()
  return batches
}

const total = (batches: readonly Batch[]) => batches.reduce((sum, batch) => sum + batch.count, 0)

test.each([1, 3, 7, 999, 1000, 30_000])(
  '%i records a second come as many, without drift',
  async (rate) => {
    const batches = await batchesUntil(generator({ rate, make: (index) => index }), 10_000)
    expect(total(batches)).toBe(rate * 10 + 1)
  },
)

test('what was missed while the task was held up is made up for', async () => {
  const source = generator({ rate: 100, make: (index) => index })
  expect(total(await batchesUntil(source, 10_000, 2500))).toBe(1001)
})

test('a batch that made up for a delay is as large when it is read again', async () => {
  const source = generator({ rate: 100, make: (index) => index })
  const late = (await batchesUntil(source, 10_000, 2500))[1]!
  expect(late.count).toBe(250)
  const reader = source.reader({
    subtask: 0,
    parallelism: 1,
    clock: new ManualClock(),
    wake: () => {},
  })
  const [split] = await splitsFor(source, 1)
  await reader.open(split!, structuredClone(late.position))
  expect(await reader.next()).toMatchObject({ count: 250, position: late.position })
  // It is on account of the schedule that begins now.
  expect(await reader.next()).toBe('later')
  expect(reader.laterMs).toBe(2500)
})

test('the rate holds over all subtasks together', async () => {
  const source = generator({ rate: 100, make: (index) => index })
  for (const [subtask, split] of (await splitsFor(source, 4)).entries()) {
    const clock = new ManualClock()
    const reader = source.reader({ subtask, parallelism: 4, clock, wake: () => {} })
    await reader.open(split, undefined)
    expect(await reader.next()).toMatchObject({ count: 1 })
    expect(await reader.next()).toBe('later')
    expect(reader.laterMs).toBe(40)
  }
})

function splitsFor(source: Source<unknown>, parallelism: number) {
  return source.enumerator({ parallelism }).discover()
}

test.each([
  [{ make: 3 }, 'make'],
  [{ make: String, count: -1 }, 'count'],
  [{ make: String, rate: 0 }, 'rate'],
  [{ make: String, splits: 1.5 }, 'splits'],
])('%j is refused', (options, name) => {
  expect(() => generator(options as never)).toThrow(
    expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringContaining(name) }),
  )
})

test('more endless splits than subtasks are refused', async () => {
  const source = generator({ make: String, splits: 3 })
  await expect(source.enumerator({ parallelism: 2 }).discover()).rejects.toMatchObject({
    code: 'BAD_OPTION',
    hint: expect.stringContaining('at most 2'),
  })
})
