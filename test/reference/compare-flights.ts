/**
 * Compares an output directory of the flights example (`daily/*.jsonl`, `totals/*.jsonl`) with
 * what the plain loop expects, and names the first differences.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DailyRow, DestinationTotal, ExpectedFlights } from './flights-loop.ts'

const DIFFERENCES_MAX = 20
const TOTAL_EVERY_FLIGHTS = 1000

/** What is wrong, one sentence each, at most twenty; none if the output is right. */
export function compareFlights(directory: string, expected: ExpectedFlights): readonly string[] {
  const daily = readRows<DailyRow>(join(directory, 'daily'))
  const totals = readRows<DestinationTotal>(join(directory, 'totals'))
  const differences = [...compareDaily(daily, expected), ...compareTotals(totals, expected)]
  return differences.slice(0, DIFFERENCES_MAX)
}

/** Throws an error with all that `compareFlights` finds. */
export function assertFlights(directory: string, expected: ExpectedFlights): void {
  const differences = compareFlights(directory, expected)
  if (differences.length > 0) throw new Error(`${directory}:\n${differences.join('\n')}`)
}

/** All lines of the visible files: files in any order, the lines of one file in theirs. */
export function readRows<Row>(directory: string): readonly Row[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.jsonl') && !name.startsWith('.'))
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}

/** Equal as sets, and no row twice. */
function* compareDaily(found: readonly DailyRow[], expected: ExpectedFlights): Generator<string> {
  const wanted = new Map(expected.daily.map((row) => [dayKey(row), row]))
  const seen = new Set<string>()
  for (const row of found) {
    const key = dayKey(row)
    const want = wanted.get(key)
    if (seen.has(key)) yield `daily: ${key} comes twice`
    else if (want === undefined) yield `daily: ${key} is not expected`
    else if (describe(row) !== describe(want)) {
      yield `daily: ${key} is ${describe(row)}, expected ${describe(want)}`
    }
    seen.add(key)
  }
  for (const key of wanted.keys()) if (!seen.has(key)) yield `daily: ${key} is missing`
}

function dayKey(row: DailyRow): string {
  return `${row.origin} ${row.day}`
}

/** A row with its fields in one order, so that only their values count. */
function describe(row: object): string {
  return JSON.stringify(row, Object.keys(row).sort())
}

/**
 * Each destination counts 1000, 2000, ... and ends with its total; the last row may be one of
 * the thousands. Rows of one destination are compared by count, not by their place in the files.
 */
function* compareTotals(
  found: readonly DestinationTotal[],
  expected: ExpectedFlights,
): Generator<string> {
  const rows = new Map<string, DestinationTotal[]>()
  for (const row of found) {
    const own = rows.get(row.destination)
    if (own === undefined) rows.set(row.destination, [row])
    else own.push(row)
  }
  for (const want of expected.totals) {
    yield* compareDestination(rows.get(want.destination) ?? [], want)
    rows.delete(want.destination)
  }
  for (const destination of rows.keys()) yield `totals: ${destination} is not expected`
}

function* compareDestination(
  found: readonly DestinationTotal[],
  want: DestinationTotal,
): Generator<string> {
  const counts = found.map((row) => row.flights).sort((a, b) => a - b)
  const expected: number[] = []
  for (let n = TOTAL_EVERY_FLIGHTS; n < want.flights; n += TOTAL_EVERY_FLIGHTS) expected.push(n)
  expected.push(want.flights)
  if (counts.join() !== expected.join()) {
    yield `totals: ${want.destination} counts ${shorten(counts)}, expected ${shorten(expected)}`
  }
  const last = found.find((row) => row.flights === want.flights)
  if (last !== undefined && describe(last) !== describe(want)) {
    yield `totals: ${want.destination} ends with ${describe(last)}, expected ${describe(want)}`
  }
}

function shorten(counts: readonly number[]): string {
  return counts.length <= 8
    ? counts.join(', ')
    : `${counts.slice(0, 4).join(', ')}, ... ${counts.slice(-3).join(', ')} (${counts.length} rows)`
}
