import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../../src/base/clock.ts'
import { parquet } from '../../../src/connector/file/parquet.ts'
import type { Source } from '../../../src/operator/source.ts'
import { checkSource } from '../../../src/testing/source-conformance.ts'
import type { FixtureColumn, FixtureOptions } from './parquet-fixture.ts'
import { parquetFixture } from './parquet-fixture.ts'

const FLIGHTS = 'node_modules/vega-datasets/data/flights-3m.parquet'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-parquet-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

function file(columns: readonly FixtureColumn[], options: FixtureOptions = {}): string {
  return write(parquetFixture(columns, options))
}

function write(bytes: Uint8Array | string, name = 'in.parquet'): string {
  const path = join(directory, name)
  writeFileSync(path, bytes)
  return path
}

async function readAll(source: Source<unknown>): Promise<readonly unknown[]> {
  const records: unknown[] = []
  const clock = new ManualClock()
  const reader = source.reader({ subtask: 0, parallelism: 1, clock, wake: () => {} })
  try {
    for (const split of await source.enumerator({ parallelism: 1 }).discover()) {
      await reader.open(split, undefined)
      for (;;) {
        const batch = await reader.next()
        if (batch === undefined || batch === 'later') break
        for (let i = 0; i < batch.count; i++) records.push(batch.record(i))
      }
    }
  } finally {
    await reader.close()
  }
  return records
}

async function valuesOf(column: Omit<FixtureColumn, 'name'>): Promise<readonly unknown[]> {
  const rows = await checkSource(parquet(file([{ ...column, name: 'v' }])))
  return rows.map((row) => row.v)
}

const big = 2n ** 60n
const bytes = new Uint8Array([1, 255])
const conversions: readonly [string, Omit<FixtureColumn, 'name'>, readonly unknown[]][] = [
  ['booleans', { type: 'BOOLEAN', values: [true, false, null, true] }, [true, false, null, true]],
  ['32-bit integers', { type: 'INT32', values: [1, -2, null] }, [1, -2, null]],
  ['unsigned integers', { type: 'INT32', converted: 'UINT_32', values: [4_000_000_000] }, [4e9]],
  ['64-bit integers', { type: 'INT64', values: [1n, -(2n ** 52n), null] }, [1, -(2 ** 52), null]],
  ['integers beyond 2^53', { type: 'INT64', values: [1n, big, -big] }, [1, big, -big]],
  [
    'a column that statistics show to go beyond',
    { type: 'INT64', values: [1n], statistics: [1n, big] },
    [1n],
  ],
  [
    'small integers by statistics',
    { type: 'INT64', values: [-5n, 7n], statistics: [-5n, 7n] },
    [-5, 7],
  ],
  [
    'unsigned 64-bit integers',
    { type: 'INT64', converted: 'UINT_64', values: [7n, 2n ** 64n - 1n] },
    [7, 2n ** 64n - 1n],
  ],
  ['floats', { type: 'FLOAT', values: [0.5, null, -2] }, [0.5, null, -2]],
  ['doubles', { type: 'DOUBLE', values: [0.1, Number.NaN, -0] }, [0.1, Number.NaN, -0]],
  [
    'strings',
    { type: 'BYTE_ARRAY', converted: 'UTF8', values: ['a', '', 'ä€😀', null] },
    ['a', '', 'ä€😀', null],
  ],
  ['bytes', { type: 'BYTE_ARRAY', values: [bytes, bytes, null] }, [bytes, bytes, null]],
  ['JSON', { type: 'BYTE_ARRAY', converted: 'JSON', values: ['{"a":[1]}'] }, [{ a: [1] }]],
  ['decimals', { type: 'INT32', converted: 'DECIMAL', values: [1250] }, [12.5]],
  ['dates', { type: 'INT32', converted: 'DATE', values: [1, -1, null] }, [864e5, -864e5, null]],
  [
    'milliseconds',
    { type: 'INT64', converted: 'TIMESTAMP_MILLIS', values: [1_700_000_000_123n] },
    [1_700_000_000_123],
  ],
  [
    'microseconds',
    { type: 'INT64', timestamp: 'MICROS', values: [1_999n, -1n, 1_700_000_000_123_456n] },
    [1, -1, 1_700_000_000_123],
  ],
  [
    'nanoseconds',
    { type: 'INT64', timestamp: 'NANOS', values: [1_700_000_000_123_000_000n, -1n] },
    [1_700_000_000_123, -1],
  ],
]

test.each(conversions)(
  '%s become what a record holds, plain and with a dictionary',
  async (_, column, expected) => {
    expect(await valuesOf(column)).toEqual(expected)
    if (column.type === 'BOOLEAN') return
    expect(await valuesOf({ ...column, dictionary: true })).toEqual(expected)
  },
)

const cell = fc.option(fc.integer({ min: 0, max: 40 }), { nil: null, freq: 4 })

function columnOf(name: string, kind: number, values: readonly (number | null)[]): FixtureColumn {
  const text = (value: number | null) => (value === null ? null : `text ${value}`)
  const whole = (value: number | null) => (value === null ? null : BigInt(value) - 20n)
  if (kind === 0) return { name, type: 'BYTE_ARRAY', converted: 'UTF8', values: values.map(text) }
  if (kind === 1) return { name, type: 'INT64', values: values.map(whole) }
  return { name, type: 'DOUBLE', values: values.map((value) => value && value / 3) }
}

const layout = fc.record({
  kind: fc.nat(2),
  dictionary: fc.boolean(),
  pageVersion: fc.constantFrom(1 as const, 2 as const),
  rowsPerPage: fc.integer({ min: 1, max: 60 }),
  repeat: fc.integer({ min: 1, max: 20 }),
})

test('any mix of encodings, pages, row groups and nulls gives every row once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(cell, { minLength: 1, maxLength: 12 }),
      fc.array(layout, { minLength: 1, maxLength: 4 }),
      fc.record({ rowsPerGroup: fc.integer({ min: 20, max: 200 }), gzip: fc.boolean() }),
      fc.integer({ min: 1, max: 50 }),
      async (cells, layouts, options, batchRows) => {
        const columns = layouts.map(({ kind, repeat, ...given }, k) => {
          const values = Array.from(
            { length: 150 },
            (_, i) => cells[Math.floor(i / repeat) % cells.length]!,
          )
          return { ...columnOf(`c${k}`, kind, values), ...given }
        })
        const expected = Array.from({ length: 150 }, (_, i) =>
          Object.fromEntries(columns.map(({ name, values }) => [name, plainOf(values[i]!)])),
        )
        const source = parquet(file(columns, options), { batchRows })
        expect(await checkSource(source, { reopensPerSplitMax: 5 })).toEqual(expected)
      },
    ),
    { numRuns: 60 },
  )
})

function plainOf(value: FixtureColumn['values'][number]): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}

test('only the columns that were asked for are read, in that order', async () => {
  const columns = ['a', 'b', 'c'].map((name, k) => ({ name, type: 'INT32', values: [k] }) as const)
  const source = parquet<Record<'a' | 'b' | 'c', number>>(file(columns), { columns: ['c', 'a'] })
  const [row] = await checkSource(source)
  expect(Object.entries(row!)).toEqual([
    ['c', 2],
    ['a', 0],
  ])
})

test('columns may have any name', async () => {
  const names = ['__proto__', 'a b', '"]; throw 1; //', 'constructor', 'ü']
  const columns = names.map((name, k) => ({ name, type: 'INT32', values: [k] }) as const)
  const [row] = await checkSource(parquet(file(columns)))
  expect(Object.entries(row!)).toEqual(names.map((name, k) => [name, k]))
  expect(Object.getPrototypeOf(row)).toBe(Object.prototype)
})

test('several files are read one after the other, each with its own columns', async () => {
  write(parquetFixture([{ name: 'a', type: 'INT32', values: [1, 2] }]), 'one.parquet')
  write(parquetFixture([{ name: 'b', type: 'INT32', values: [3] }]), 'two.parquet')
  expect(await checkSource(parquet(directory))).toEqual([{ a: 1 }, { a: 2 }, { b: 3 }])
})

test('a file without rows has no records', async () => {
  expect(await checkSource(parquet(file([{ name: 'a', type: 'INT32', values: [] }])))).toEqual([])
})

test('the flights have one split a row group, with its records and bytes', async () => {
  const splits = await parquet(FLIGHTS).enumerator({ parallelism: 2 }).discover()
  expect(splits).toHaveLength(11)
  expect(splits.reduce((sum, split) => sum + split.records!, 0)).toBe(3_000_000)
  expect(splits[1]).toMatchObject({
    id: `${FLIGHTS}#1`,
    records: 272_727,
    bytes: expect.any(Number),
  })
})

test('a row in the middle of a row group is reached without what lies before it', async () => {
  const source = parquet<{ date: number; origin: string }>(FLIGHTS)
  const [, split] = await source.enumerator({ parallelism: 1 }).discover()
  const clock = new ManualClock()
  const reader = source.reader({ subtask: 0, parallelism: 1, clock, wake: () => {} })
  await reader.open(split!, undefined)
  let whole = await reader.next()
  for (let k = 0; k < 9; k++) whole = await reader.next()
  if (whole === undefined || whole === 'later') throw new Error('no batch')
  await reader.open(split!, whole.position)
  const again = await reader.next()
  if (again === undefined || again === 'later') throw new Error('no batch')
  expect([again.position, again.count]).toEqual([whole.position, whole.count])
  expect(again.record(7)).toEqual(whole.record(7))
  await reader.close()
})

test('a missing file is named', async () => {
  await expect(readAll(parquet(join(directory, 'none.parquet')))).rejects.toMatchObject({
    code: 'FILE_NOT_FOUND',
    place: join(directory, 'none.parquet'),
  })
})

test.each([
  ['a,b\n1,2\n3,4\n5,6\n', "it begins with 'a,b\\x0a'"],
  ['tiny', 'it has 4 bytes'],
  ['', 'it has 0 bytes'],
  ['PAR1 was cut off in the middle', "begins with 'PAR1' and ends with 'ddle'"],
])('%j is no Parquet file, and the message says why', async (content, why) => {
  const path = write(content)
  const found = why.replace("'a,b\\x0a'", '0x612c620a')
  await expect(readAll(parquet(path))).rejects.toMatchObject({
    code: 'NOT_PARQUET',
    message: expect.stringContaining(found),
    place: path,
  })
})

test('a footer that is none is told', async () => {
  const path = write(`PAR1${'x'.repeat(40)}\u0010\0\0\0PAR1`)
  await expect(readAll(parquet(path))).rejects.toMatchObject({ code: 'NOT_PARQUET' })
})

test('a column that is not there is named with the nearest one', async () => {
  const source = parquet<Record<string, unknown>>(FLIGHTS, { columns: ['orgin'] })
  await expect(readAll(source)).rejects.toMatchObject({
    code: 'UNKNOWN_COLUMN',
    message: `${FLIGHTS} has no column 'orgin'`,
    hint: "did you mean 'origin'? It has date, delay, distance, origin, destination",
  })
})

test('a damaged page is named by row group and column', async () => {
  const values = Array.from({ length: 400 }, (_, i) => `text ${i % 50}`)
  const path = file(
    [
      { name: 'n', type: 'INT32', values: values.map((_, i) => i) },
      { name: 's', type: 'BYTE_ARRAY', converted: 'UTF8', values, dictionary: true },
    ],
    { rowsPerGroup: 200, gzip: true },
  )
  const bytes = readFileSync(path)
  const [, second] = await parquet(path, { columns: ['s'] })
    .enumerator({ parallelism: 1 })
    .discover()
  expect(second).toBeDefined()
  // The last bytes before the footer belong to the last row group's last column.
  const footer = bytes.readUInt32LE(bytes.length - 8)
  bytes.fill(0xa5, bytes.length - 8 - footer - 40, bytes.length - 8 - footer)
  writeFileSync(path, bytes)
  await expect(readAll(parquet(path))).rejects.toMatchObject({
    code: 'PARQUET_DAMAGED',
    message: expect.stringMatching(/row group 1, column 's': cannot be decoded: /),
  })
})

test('damage anywhere is an error or goes unseen, never a hang or a crash', async () => {
  const values = Array.from({ length: 100 }, (_, i) => (i % 7 === 0 ? null : `text ${i % 20}`))
  const column = { name: 's', type: 'BYTE_ARRAY', converted: 'UTF8', values } as const
  const sound = parquetFixture([
    { ...column, dictionary: true, rowsPerPage: 30 },
    { ...column, name: 'p' },
  ])
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 4, max: sound.length - 9 }),
      fc.nat(255),
      async (at, byte) => {
        const bytes = Uint8Array.from(sound)
        bytes[at] = byte
        const outcome = await readAll(parquet(write(bytes))).catch(
          (error: { code?: string }) => error.code,
        )
        expect(['string', 'object']).toContain(typeof outcome)
      },
    ),
    { numRuns: 300, interruptAfterTimeLimit: 20_000 },
  )
})

test('it has read the bytes of the columns that are wanted, as they lie in the file', async () => {
  const values = Array.from({ length: 1_000 }, (_, i) => i)
  const path = file([
    { name: 'a', type: 'INT32', values },
    { name: 'b', type: 'INT32', values },
  ])
  const bytesOf = async (columns: readonly string[]) => {
    const clock = new ManualClock()
    const source = parquet(path, { columns })
    const reader = source.reader({ subtask: 0, parallelism: 1, clock, wake: () => {} })
    for (const split of await source.enumerator({ parallelism: 1 }).discover()) {
      await reader.open(split, undefined)
      while ((await reader.next()) !== undefined);
    }
    await reader.close()
    return reader.bytesRead!
  }
  const [one, both] = [await bytesOf(['a']), await bytesOf(['a', 'b'])]
  expect(one).toBeGreaterThan(0)
  expect(both).toBeGreaterThan(one)
  expect(both).toBeLessThanOrEqual(readFileSync(path).length)
})
