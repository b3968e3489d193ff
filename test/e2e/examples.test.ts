/**
 * Every job in docs/examples, on small input: in workers as `sluice run` does it, and inline as a
 * test would. That they compile is held by test/api/types.test.ts.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Job, runJob } from 'sluice'
import { runInline } from 'sluice/testing'
import { expect, test } from 'vitest'
import flights from '../../docs/examples/flights.ts'
import orders from '../../docs/examples/orders.ts'
import silentSensors from '../../docs/examples/silent-sensors.ts'
import wordCount from '../../docs/examples/word-count.ts'
import { parquetFixture } from '../connector/file/parquet-fixture.ts'
import { readRows } from '../reference/compare-flights.ts'
import { scratchFolder, within } from './support.ts'

const EXAMPLES = fileURLToPath(new URL('../../docs/examples/', import.meta.url))
const folder = scratchFolder()
const examples = {
  'flights.ts': flights,
  'orders.ts': orders,
  'silent-sensors.ts': silentSensors,
  'word-count.ts': wordCount,
}

interface Way {
  readonly name: string
  readonly inWorkers: boolean
  readonly parallelism: number
}

const ways: readonly Way[] = [
  { name: 'inline', inWorkers: false, parallelism: 1 },
  { name: 'inline twice', inWorkers: false, parallelism: 2 },
  { name: 'in workers', inWorkers: true, parallelism: 2 },
]

test('every example is run here', () => {
  expect(readdirSync(EXAMPLES).filter((name) => name.endsWith('.ts'))).toEqual(
    Object.keys(examples),
  )
})

test.each(ways)('word-count.ts counts words ($name)', async (way) => {
  const input = join(folder, 'words.txt')
  writeFileSync(input, 'To be, or not to be:\nthat is the question.\n')
  const { printed } = await run('word-count.ts', { input }, way)
  const counts = printed as readonly { word: string; count: number }[]
  expect(new Map(counts.map(({ word, count }) => [word, count]))).toEqual(
    new Map([
      ...(['to', 'be'] as const).map((word) => [word, 2] as const),
      ...['or', 'not', 'that', 'is', 'the', 'question'].map((word) => [word, 1] as const),
    ]),
  )
  expect(counts).toHaveLength(8)
})

test.each(ways)('silent-sensors.ts tells of silence ($name)', async (way) => {
  const input = join(folder, 'readings.jsonl')
  const at = (sensor: string, seconds: number) => {
    return { sensor, time: 1_700_000_000_000 + seconds * 1_000, celsius: seconds }
  }
  const busy = Array.from({ length: 300 }, (_, second) => at('busy', second))
  writeLines(input, [at('pump', 1), at('pump', 2), ...busy])
  const output = join(folder, `alerts ${way.name}`)
  const { rows } = await run('silent-sensors.ts', { input, output }, way, 'alerts')
  const silent = (sensor: string, last: number, lastCelsius: readonly number[]) => {
    return { sensor, silentSince: at(sensor, last).time, lastCelsius }
  }
  const expected = [silent('busy', 299, [297, 298, 299]), silent('pump', 2, [1, 2])]
  expect(sortedLines(rows)).toEqual(sortedLines(expected))
  expect(sortedLines(readRows(output))).toEqual(sortedLines(expected))
})

// The second file is late only to who has read the first: one subtask reads both.
test.each(ways)('orders.ts sets aside what it cannot count ($name)', async (way) => {
  const input = join(folder, 'orders')
  mkdirSync(input, { recursive: true })
  const hour = (n: number) => n * 3_600_000
  const order = (shop: string, time: number, amount: number) => ({ shop, time, amount })
  const good = [
    order('Oslo', hour(1), 10),
    order('Oslo', hour(2) - 1, 30),
    order('Bergen', hour(1) + 1, 7),
    order('Oslo', hour(2), 5),
    order('Oslo', hour(4), 1),
  ]
  writeLines(join(input, 'a.jsonl'), [...good, order('', hour(1), 3), order('Oslo', hour(1), 0)])
  writeFileSync(join(input, 'b.jsonl'), `{"shop":\n${JSON.stringify(order('Oslo', 1, 99))}\n`)
  const output = join(folder, `orders ${way.name}`)
  await run('orders.ts', { input, output }, { ...way, parallelism: 1 })
  const revenue = (shop: string, h: number, totals: object) => {
    return { shop, hour: new Date(hour(h)).toISOString(), ...totals }
  }
  expect(sortedLines(readRows(`${output}/revenue`))).toEqual(
    sortedLines([
      revenue('Bergen', 1, { orders: 1, revenue: 7, largest: 7 }),
      revenue('Oslo', 1, { orders: 2, revenue: 40, largest: 30 }),
      revenue('Oslo', 2, { orders: 1, revenue: 5, largest: 5 }),
      revenue('Oslo', 4, { orders: 1, revenue: 1, largest: 1 }),
    ]),
  )
  expect(readRows(`${output}/unreadable`)).toMatchObject([
    { place: expect.stringMatching(/b\.jsonl:1$/), text: '{"shop":' },
  ])
  expect(sortedLines(readRows(`${output}/refused`))).toEqual(
    sortedLines([
      { order: order('', hour(1), 3), reason: 'no shop' },
      { order: order('Oslo', hour(1), 0), reason: 'no amount' },
    ]),
  )
  expect(readRows(`${output}/late`)).toEqual([order('Oslo', 1, 99)])
})

test.each(ways)('flights.ts drops incomplete rows, and counts the others ($name)', async (way) => {
  const input = join(folder, 'flights.parquet')
  const flightsTo = Array.from({ length: 2_300 }, (_, i) => ({ i, delay: (i % 40) - 10 }))
  const day = 86_400_000
  const column = <T>(of: (row: { i: number; delay: number }) => T) => [null, ...flightsTo.map(of)]
  const columns = [
    {
      name: 'date',
      type: 'INT64' as const,
      converted: 'TIMESTAMP_MILLIS' as const,
      values: column(({ i }) => BigInt(Math.floor(i / 1_000) * day + i)),
    },
    { name: 'delay', type: 'INT64' as const, values: column(({ delay }) => BigInt(delay)) },
    { name: 'distance', type: 'INT64' as const, values: column(() => 100n) },
    {
      name: 'origin',
      type: 'BYTE_ARRAY' as const,
      converted: 'UTF8' as const,
      values: column(() => 'LAX'),
    },
    {
      name: 'destination',
      type: 'BYTE_ARRAY' as const,
      converted: 'UTF8' as const,
      values: column(() => 'JFK'),
    },
  ]
  writeFileSync(input, parquetFixture(columns, { rowsPerGroup: 500 }))
  const output = join(folder, `flights ${way.name}`)
  await run('flights.ts', { input, output }, way)
  const daily = [0, 1, 2].map((d) => {
    const own = flightsTo.filter(({ i }) => Math.floor(i / 1_000) === d)
    return {
      origin: 'LAX',
      day: `1970-01-0${d + 1}`,
      flights: own.length,
      meanDelay: delayOf(own) / own.length,
      shareLate: own.filter(({ delay }) => delay > 15).length / own.length,
      worst: 29,
    }
  })
  expect(sortedLines(readRows(`${output}/daily`))).toEqual(sortedLines(daily))
  const totals = readRows<{ destination: string; flights: number; delayTotal: number }>(
    `${output}/totals`,
  )
  expect(totals.map(({ flights }) => flights).sort((a, b) => a - b)).toEqual([1_000, 2_000, 2_300])
  expect(totals).toContainEqual({
    destination: 'JFK',
    flights: 2_300,
    delayTotal: delayOf(flightsTo),
  })
  expect(readRows(`${output}/dropped`)).toEqual([{ dropped: 1 }])
})

interface Given {
  readonly rows: readonly unknown[]
  readonly printed: readonly unknown[]
}

/** Runs an example and reads what it prints and what it collects under a name. */
async function run(
  example: keyof typeof examples,
  args: Readonly<Record<string, string>>,
  ...[way, name]: readonly [way: Way, name?: string]
): Promise<Given> {
  const { parallelism } = way
  if (!way.inWorkers) {
    const result = await runInline(examples[example] as Job, { args, parallelism })
    return { printed: result.printed, rows: name === undefined ? [] : result.rows(name) }
  }
  const printed: unknown[] = []
  const onPrint = (line: string) => void printed.push(JSON.parse(line))
  const job = await runJob(join(EXAMPLES, example), { args, parallelism, onPrint })
  const rows: unknown[] = []
  const reading = async () => {
    if (name !== undefined) for await (const row of job.collect(name)) rows.push(row)
    await job.finished
  }
  await within(example, reading())
  return { printed, rows }
}

function writeLines(path: string, rows: readonly object[]): void {
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
}

function sortedLines(rows: readonly unknown[]): readonly string[] {
  return rows.map((row) => JSON.stringify(row)).sort()
}

function delayOf(rows: readonly { delay: number }[]): number {
  return rows.reduce((sum, { delay }) => sum + delay, 0)
}
