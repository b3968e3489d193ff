/**
 * What the flights example must give, worked out by one plain loop over the Parquet file. It
 * shares nothing with the engine but the Parquet reader, which is also asked for its ordinary rows.
 *
 * Delays are whole minutes, so their sums are exact in doubles, in whatever order they are added:
 * results may be compared with ===. The two quotients (meanDelay, shareLate) divide exact numbers
 * once, at the end; a job that keeps sums and counts and divides once gives the same doubles. A job
 * that updates a running mean would not, and is meant to fail.
 */
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

export interface DailyRow {
  readonly origin: string
  /** UTC, `YYYY-MM-DD`. */
  readonly day: string
  readonly flights: number
  /** Minutes. */
  readonly meanDelay: number
  /** Part of the flights whose delay is over 15 minutes. */
  readonly shareLate: number
  readonly worst: number
}

export interface DestinationTotal {
  readonly destination: string
  readonly flights: number
  readonly delayTotal: number
}

export interface ExpectedFlights {
  readonly rows: number
  /** Rows with a null in any column, which count for nothing. */
  readonly dropped: number
  readonly daily: readonly DailyRow[]
  /** One for each destination, at the end of the input. */
  readonly totals: readonly DestinationTotal[]
}

interface Row {
  readonly date: Date | null
  readonly delay: bigint | null
  readonly distance: bigint | null
  readonly origin: string | null
  readonly destination: string | null
}

interface Sums {
  flights: number
  delay: number
  late: number
  worst: number
}

const LATE_MINUTES = 15

/** Reads the whole file; three million flights take a few seconds. */
export async function flightsLoop(path: string): Promise<ExpectedFlights> {
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  const days = new Map<string, Sums>()
  const destinations = new Map<string, Sums>()
  let rows = 0
  let dropped = 0
  let rowStart = 0
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows)
    const options = { file, metadata, compressors, rowStart, rowEnd }
    for (const row of (await parquetReadObjects(options)) as unknown as readonly Row[]) {
      rows++
      const { date, delay, distance, origin, destination } = row
      if (isMissing(date) || isMissing(delay) || isMissing(distance)) dropped++
      else if (isMissing(origin) || isMissing(destination)) dropped++
      else {
        const minutes = Number(delay)
        add(days, `${origin}\t${date!.toISOString().slice(0, 10)}`, minutes)
        add(destinations, destination!, minutes)
      }
    }
    rowStart = rowEnd
  }
  return { rows, dropped, daily: dailyRows(days), totals: totalRows(destinations) }
}

function isMissing(value: unknown): boolean {
  return value === null || value === undefined
}

function add(table: Map<string, Sums>, key: string, minutes: number): void {
  let sums = table.get(key)
  if (sums === undefined) {
    sums = { flights: 0, delay: 0, late: 0, worst: Number.NEGATIVE_INFINITY }
    table.set(key, sums)
  }
  sums.flights++
  sums.delay += minutes
  if (minutes > LATE_MINUTES) sums.late++
  if (minutes > sums.worst) sums.worst = minutes
}

function dailyRows(days: ReadonlyMap<string, Sums>): readonly DailyRow[] {
  return [...days].map(([key, { flights, delay, late, worst }]) => {
    const [origin, day] = key.split('\t') as [string, string]
    return { origin, day, flights, meanDelay: delay / flights, shareLate: late / flights, worst }
  })
}

function totalRows(destinations: ReadonlyMap<string, Sums>): readonly DestinationTotal[] {
  return [...destinations].map(([destination, { flights, delay }]) => {
    return { destination, flights, delayTotal: delay }
  })
}
