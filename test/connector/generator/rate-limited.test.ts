import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ManualClock } from '../../../src/base/clock.ts'
import { fromJsonLines } from '../../../src/connector/file/from-json-lines.ts'
import { collection } from '../../../src/connector/generator/collection.ts'
import { generator } from '../../../src/connector/generator/generator.ts'
import { rateLimited } from '../../../src/connector/generator/rate-limited.ts'
import type { Batch, Source } from '../../../src/operator/source.ts'
import { checkSource } from '../../../src/testing/source-conformance.ts'

const START_MS = 5000

interface Given {
  readonly atMs: number
  readonly batch: Batch
}

async function opened(source: Source<unknown>, parallelism = 1) {
  const clock = new ManualClock(START_MS)
  const reader = source.reader({ subtask: 0, parallelism, clock, wake: () => {} })
  const [split] = await source.enumerator({ parallelism }).discover()
  await reader.open(split!, undefined)
  return { clock, reader }
}

/** All batches of the first split, each as soon as the reader gives it. */
async function given(source: Source<unknown>, parallelism = 1): Promise<readonly Given[]> {
  const { clock, reader } = await opened(source, parallelism)
  const batches: Given[] = []
  for (;;) {
    const batch = await reader.next()
    if (batch === undefined) return batches
    if (batch !== 'later') batches.push({ atMs: clock.nowMs() - START_MS, batch })
    else clock.advance(reader.laterMs! - clock.nowMs())
  }
}

/** Batches of 4 records at positions 0, 4, ..., each of them there at once or after a promise. */
function fours(count: number, isAsync = false): Source<number> {
  return {
    kind: 'fours',
    name: 'fours',
    options: { count },
    bounded: true,
    timed: true,
    onUnreadable: 'skip',
    enumerator: () => ({ discover: async () => [{ id: 'all', records: count }] }),
    reader: () => {
      let at = 0
      const next = () => {
        if (at >= count) return undefined
        const first = at
        at += 4
        const unreadable = [{ place: `${first}`, text: '?', reason: 'no reason', before: 2 }]
        const more = { watermark: first, unreadable, time: (i: number) => first + i }
        return { count: 4, position: first, record: (i: number) => first + i, ...more }
      }
      return {
        open: (_, position) => {
          at = (position as number | undefined) ?? 0
        },
        next: () => (isAsync ? Promise.resolve(next()) : next()),
        close: () => {},
      }
    },
  }
}

test.each([false, true])(
  'a batch is given when the time of its records has passed, promised: %s',
  async (isAsync) => {
    const batches = await given(rateLimited(fours(16, isAsync), { recordsPerSecond: 100 }))
    expect(batches.map(({ atMs }) => atMs)).toEqual([40, 80, 120, 160])
  },
)

test('each subtask has its share', async () => {
  const batches = await given(rateLimited(fours(12), { recordsPerSecond: 100 }), 3)
  expect(batches.map(({ atMs }) => atMs)).toEqual([120, 240, 360])
})

test.each([7, 333, 4_000, 30_000])(
  'at %i records a second none is early, and none drifts',
  async (recordsPerSecond) => {
    let sum = 0
    for (const { atMs, batch } of await given(rateLimited(fours(4000), { recordsPerSecond }))) {
      sum += batch.count
      const dueMs = (sum * 1000) / recordsPerSecond
      expect(atMs).toBeGreaterThanOrEqual(dueMs - 1e-6)
      expect(atMs).toBeLessThan(dueMs + 1)
    }
    expect(sum).toBe(4000)
  },
)

test('what is in a batch stays as it is', async () => {
  const plain = await given(fours(8))
  const limited = await given(rateLimited(fours(8), { recordsPerSecond: 100 }))
  const contents = (batches: readonly Given[]) =>
    batches.map(({ batch: { count, position, unreadable, watermark, record, time } }) => {
      const indices = [0, 1, 2, 3]
      return {
        count,
        position,
        unreadable,
        watermark,
        of: indices.map(record),
        at: indices.map(time!),
      }
    })
  expect(contents(limited)).toEqual(contents(plain))
})

test('a task that was held up makes up for one second, not for all', async () => {
  const { clock, reader } = await opened(rateLimited(fours(4000), { recordsPerSecond: 100 }))
  clock.advance(60_000)
  let records = 0
  for (let next = await reader.next(); next !== 'later'; next = await reader.next()) {
    records += (next as Batch).count
  }
  expect(records).toBe(100)
})

test('a batch that waits is not given after another split is opened', async () => {
  const source = rateLimited(fours(16), { recordsPerSecond: 100 })
  const { clock, reader } = await opened(source)
  expect(await reader.next()).toBe('later')
  await reader.open({ id: 'all' }, 8)
  clock.advance(1000)
  expect(await reader.next()).toMatchObject({ position: 8 })
})

test('where the source itself waits, its time is told, and counts', async () => {
  const source = generator({ rate: 1, count: 3, make: (index) => index })
  const limited = await given(rateLimited(source, { recordsPerSecond: 1000 }))
  expect(limited.map(({ atMs }) => atMs)).toEqual([1, 1000, 2000])
})

test('it keeps the contract of sources', async () => {
  const records = Array.from({ length: 3000 }, (_, i) => i)
  const limits = { recordsPerSecond: 1000 }
  expect(await checkSource(rateLimited(collection(records), limits))).toEqual(records)
})

test('what the source says of unreadable records stays said', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-rate-'))
  try {
    writeFileSync(join(directory, 'in.jsonl'), '1\nx\n2\n')
    const source = fromJsonLines(directory, { onUnreadable: { sideOutput: { name: 'broken' } } })
    const limited = rateLimited(source, { recordsPerSecond: 10 })
    const { kind, name, bounded, onUnreadable, unreadableTo } = source
    expect(limited).toMatchObject({ kind, name, bounded, onUnreadable, unreadableTo })
    expect(limited.options).toEqual({ ...source.options, recordsPerSecond: 10 })
    expect(await checkSource(limited)).toEqual([1, 2])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('%d is no rate', (recordsPerSecond) => {
  expect(() => rateLimited(fours(4), { recordsPerSecond })).toThrow(
    expect.objectContaining({ code: 'BAD_OPTION' }),
  )
})
