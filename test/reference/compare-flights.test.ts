import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { assertFlights, compareFlights } from './compare-flights.ts'
import type { DestinationTotal, ExpectedFlights } from './flights-loop.ts'
import { flightsLoop } from './flights-loop.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-flights-'))
  for (const name of ['daily', 'totals']) mkdirSync(join(directory, name))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

const day = {
  origin: 'LAX',
  day: '2001-01-01',
  flights: 3,
  meanDelay: 1 / 3,
  shareLate: 0,
  worst: 2,
}
const expected: ExpectedFlights = {
  rows: 2300,
  dropped: 0,
  daily: [day, { ...day, origin: 'SFO' }],
  totals: [
    { destination: 'JFK', flights: 2300, delayTotal: 77 },
    { destination: 'ORD', flights: 1000, delayTotal: -5 },
  ],
}
const totals: readonly DestinationTotal[] = [
  { destination: 'JFK', flights: 1000, delayTotal: 10 },
  { destination: 'JFK', flights: 2000, delayTotal: 20 },
  ...expected.totals,
]

function compare(daily: readonly object[], rows: readonly object[]): readonly string[] {
  const lines = (all: readonly object[]) => all.map((row) => `${JSON.stringify(row)}\n`).join('')
  writeFileSync(join(directory, 'daily', 'part-0-1.jsonl'), lines(daily.slice(0, 1)))
  writeFileSync(join(directory, 'daily', 'part-1-1.jsonl'), lines(daily.slice(1)))
  writeFileSync(join(directory, 'totals', 'part-0-1.jsonl'), lines(rows))
  writeFileSync(join(directory, 'totals', '.part-x.inprogress'), 'half a li')
  return compareFlights(directory, expected)
}

test('the expected output is accepted, whatever the order of files, lines and fields', () => {
  const { origin, ...rest } = expected.daily[1]!
  expect(compare([{ ...rest, origin }, day], [...totals].reverse())).toEqual([])
  expect(() => assertFlights(directory, expected)).not.toThrow()
})

test.each([
  ['a row that is missing', [day], totals, 'daily: SFO 2001-01-01 is missing'],
  ['a row that comes twice', [day, day, expected.daily[1]!], totals, 'comes twice'],
  [
    'a mean that differs in its last digit',
    [{ ...day, meanDelay: 0.33333333333333326 }, expected.daily[1]!],
    totals,
    'daily: LAX 2001-01-01 is {',
  ],
  [
    'a thousand that is missing',
    expected.daily,
    totals.slice(1),
    'JFK counts 2000, 2300, expected 1000, 2000, 2300',
  ],
  [
    'a thousand that comes twice',
    expected.daily,
    [...totals, totals[0]!],
    'JFK counts 1000, 1000,',
  ],
  [
    'a last row that differs',
    expected.daily,
    [...totals.slice(0, 3), { ...totals[3]!, delayTotal: 5 }],
    'ORD ends with',
  ],
  [
    'a destination nobody knows',
    expected.daily,
    [...totals, { destination: 'X', flights: 1, delayTotal: 0 }],
    'totals: X is not expected',
  ],
])('%s is found', (_, daily, rows, sentence) => {
  const differences = compare(daily, rows)
  expect(differences).toHaveLength(1)
  expect(differences[0]).toContain(sentence)
  expect(() => assertFlights(directory, expected)).toThrow(sentence)
})

test('the loop reads all three million flights', async () => {
  const found = await flightsLoop('node_modules/vega-datasets/data/flights-3m.parquet')
  expect(found).toMatchObject({ rows: 3_000_000, dropped: 0 })
  expect(found.daily.reduce((sum, row) => sum + row.flights, 0)).toBe(3_000_000)
  expect(found.totals.reduce((sum, row) => sum + row.flights, 0)).toBe(3_000_000)
  const [first] = found.daily
  expect(first).toMatchObject({ origin: expect.any(String), day: expect.stringMatching(/^2001-/) })
})
