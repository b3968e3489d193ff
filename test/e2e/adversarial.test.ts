/** Jobs that try to lose, double, mix up or block records, against plain loops. */
import { type JobHandle, runJob } from 'sluice'
import { expect, test } from 'vitest'
import { isSame } from '../codec/same.ts'
import { keyAndName, strange } from '../fixtures/jobs/adversarial.ts'
import { fixture, within } from './support.ts'

const TINY = { segmentSize: '256 b', buffersPerChannel: 2 }
const TINY_OVERDRAFT = { ...TINY, recordBytesMax: '16 kb', overdraftBytesMax: '64 kb' }
const UNCHAINED = { 'pipeline.operator-chaining.enabled': false }

interface How {
  readonly records: number
  readonly parallelism: number
  readonly config?: Readonly<Record<string, unknown>>
}

async function rowsOf<T>(scenario: string, how: How): Promise<T[]> {
  const { records, ...options } = how
  const start = runJob(fixture('adversarial.ts'), { ...options, args: { scenario, records } })
  const job = await within(scenario, start)
  const rows: T[] = []
  await within(scenario, read(job, rows))
  return rows
}

async function read<T>(job: JobHandle, rows: T[]): Promise<void> {
  for await (const row of job.collect<T>('out')) rows.push(row)
  await job.finished
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
const ascending = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)
const texts = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort()

/** What a record is when it arrives: instances of classes are the fields they had. */
function arrived(record: unknown): unknown {
  const isInstance = Object.prototype.toString.call(record) === '[object Object]'
  return isInstance ? { ...(record as object) } : record
}

test('records that change shape all the time arrive as they were', async () => {
  const how = { records: 700, parallelism: 3, config: TINY }
  const rows = await rowsOf<{ i: number; it: unknown }>('shapes', how)
  expect(ascending(rows.map(({ i }) => i))).toEqual(upTo(700))
  const wrong = rows.filter(({ i, it }) => !isSame(it, arrived(strange(i))))
  expect(wrong).toEqual([])
})

test('streams of anything, null and primitives among it, arrive in order', async () => {
  const how = { records: 500, parallelism: 1, config: TINY }
  const rows = await rowsOf('naked', how)
  expect(rows.length).toBe(500)
  expect(rows.findIndex((row, i) => !isSame(row, arrived(strange(i))))).toBe(-1)
})

test('a key is the same in any clothes', async () => {
  const how = { records: 1_600, parallelism: 4, config: TINY }
  const rows = await rowsOf<[string, number][]>('keys', how)
  const expected = new Map<string, number>()
  for (const i of upTo(1_600)) {
    const [, name] = keyAndName(i)
    expected.set(name, (expected.get(name) ?? 0) + 1)
  }
  // One row a key, with one name a row.
  expect(rows.every((names) => names.length === 1)).toBe(true)
  expect(texts(rows.flat())).toEqual(texts([...expected]))
})

test('floods of timers come through tiny rings, each once', async () => {
  const how = { records: 60, parallelism: 3, config: TINY }
  const rows = await rowsOf<{ key: number; time: number }>('timers', how)
  const expected = upTo(60).flatMap((i) => upTo(200).map((k) => i * 1000 + k))
  expect(ascending(rows.map(({ time }) => time))).toEqual(expected)
})

test('diamonds, self-unions and broadcasts neither block nor lose anything', async () => {
  const how = { records: 300, parallelism: 8, config: TINY }
  const rows = await rowsOf<number>('diamond', how)
  const times = (i: number) => (i % 2 === 0 ? 5 : 4) * 2 * 8
  expect(ascending(rows)).toEqual(upTo(300).flatMap((i) => new Array<number>(times(i)).fill(i)))
})

test('one call that emits far more than its overdraft waits, and goes on', async () => {
  const how = { records: 20_000, parallelism: 3, config: TINY_OVERDRAFT }
  const rows = await rowsOf<{ round: number; i: number }>('fanOut', how)
  expect(rows.length).toBe(3 * 20_000 * 2)
  expect(new Set(rows.map(({ round, i }) => round * 1e6 + i)).size).toBe(3 * 20_000)
})

test('map state may be changed and emitted from while it is walked', async () => {
  const expected = texts(mapsModel(600))
  expect(texts(await rowsOf('maps', { records: 600, parallelism: 1 }))).toEqual(expected)
  const how = { records: 600, parallelism: 1, config: { ...TINY, ...UNCHAINED } }
  expect(texts(await rowsOf('maps', how))).toEqual(expected)
})

/** The job's own function over a Map of JavaScript. */
function mapsModel(records: number): unknown[] {
  const rows: unknown[] = []
  const keys = upTo(10).map(() => ({ seen: new Map<number, { n: number }>(), count: 0 }))
  for (const i of upTo(records)) {
    const key = i % 10
    const { seen } = keys[key]!
    keys[key]!.count++
    seen.set(i, { n: 0 })
    if (seen.size < 20) continue
    for (const [k, held] of [...seen]) {
      held.n++
      rows.push({ key, n: held.n, i: k })
      if (k % 3 === 0) seen.delete(k)
      if (k % 30 === 0) seen.set(-k - 1, { n: 100 })
    }
    for (const [k] of seen) if (k < 0) seen.delete(k)
    if (seen.size > 10) seen.clear()
  }
  return [...rows, ...keys.map(({ count }, key) => ({ key, n: -1, i: count }))]
}

test('state that is emitted, and changed by whoever gets it, stays what it was', async () => {
  const expected = texts(heldModel(200))
  expect(texts(await rowsOf('held', { records: 200, parallelism: 2 }))).toEqual(expected)
  const how = { records: 200, parallelism: 2, config: { ...TINY, ...UNCHAINED } }
  expect(texts(await rowsOf('held', how))).toEqual(expected)
})

function heldModel(records: number): unknown[] {
  const held = upTo(10).map(() => ({ n: 0, items: [] as number[] }))
  return upTo(records).flatMap((i) => {
    const all = held[i % 10]!
    all.n++
    if (all.n % 4 === 0) all.items.push(i)
    return [0, 1].map(() => ({ n: all.n + 1000, items: [...all.items, -1] }))
  })
}

test('an object that is given again and again is as many records', async () => {
  const expected = upTo(100).flatMap((i) =>
    [0, 0, 1, 1, 2, 2].map((n) => ({ i, n: n + 1000, items: [i, -1] })),
  )
  for (const config of [{}, { ...TINY, ...UNCHAINED }]) {
    const rows = await rowsOf('twice', { records: 100, parallelism: 1, config })
    expect(rows).toEqual(expected)
  }
})

test('a side output is read twice, chained and from other threads', async () => {
  const expected = upTo(300).flatMap((i) => {
    const times = (i % 3 === 0 ? 1 : 0) + (i % 5 === 0 ? 1 : 0)
    return [`main ${i}`, ...new Array(times).fill([`once ${i}`, `twice ${i}`]).flat()]
  })
  for (const config of [{}, TINY, { ...TINY, ...UNCHAINED }]) {
    const rows = await rowsOf<string>('sides', { records: 300, parallelism: 2, config })
    expect(rows.sort()).toEqual([...expected].sort())
  }
})
