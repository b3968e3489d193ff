/**
 * Three million flights: how each airport did, day by day, and running totals of each destination.
 *
 *     npx sluice run docs/examples/flights.ts --input flights-3m.parquet --output out
 *
 * With `--rate 300000` it reads no more than so many flights a second, and so lasts ten seconds.
 * Writes `daily/` (one line an origin and day), `totals/` (one line a destination and thousand
 * flights, and one at the end) and, if rows had to be dropped, `dropped/` (how many).
 */
import {
  count,
  defineJob,
  type Emit,
  max,
  mean,
  output,
  type SideOutput,
  schema,
  t,
  tumbling,
  value,
} from 'sluice'
import { jsonLines, parquet } from 'sluice/file'
import { rateLimited } from 'sluice/generator'

interface Flight {
  /** Departure, epoch ms. */
  date: number
  /** Minutes. */
  delay: number
  /** Miles. */
  distance: number
  origin: string
  destination: string
}

/** A row of the file, where any column may be empty. */
type Row = { [Column in keyof Flight]: Flight[Column] | null }

interface Daily {
  origin: string
  /** UTC, `YYYY-MM-DD`. */
  day: string
  flights: number
  meanDelay: number
  /** Part of the flights that were more than 15 minutes late, 0 to 1. */
  shareLate: number
  /** Minutes. */
  worst: number
}

interface Total {
  destination: string
  flights: number
  /** Minutes. */
  delayTotal: number
}

const TOTAL_EVERY_FLIGHTS = 1_000
const LATE_MINUTES = 15

const incomplete: SideOutput<Row> = output('incomplete')

/** Checked, so that nothing starts when one is missing or misspelt. A rate may come as text. */
const args = schema({ input: t.string, output: t.string, rate: t.optional(t.any) })

export default defineJob('flights', { args }, (env, args) => {
  const rows = parquet<Row>(args.input)
  const { rate } = args
  const complete = env
    .from(rate === undefined ? rows : rateLimited(rows, { recordsPerSecond: Number(rate) }))
    .process((row, ctx, emit: Emit<Flight>) => {
      if (isComplete(row)) emit(row)
      else ctx.emitTo(incomplete, row)
    })
    .name('complete rows')

  complete
    .sideOutput(incomplete)
    .keyBy(() => 'all')
    .process({
      state: { rows: value(0) },
      process(_row, ctx) {
        ctx.state.rows.set(ctx.state.rows.get() + 1)
        ctx.timers.onEventTime(Number.POSITIVE_INFINITY)
      },
      onTimer(_time, ctx, emit: Emit<{ dropped: number }>) {
        emit({ dropped: ctx.state.rows.get() })
      },
    })
    .name('dropped rows')
    .parallelism(1)
    .to(jsonLines(`${args.output}/dropped`))
    .parallelism(1)

  const flights = complete.watermarks({ time: 'date', outOfOrder: '1 h' })

  flights
    .pick('origin', 'delay')
    .keyBy('origin')
    .window(tumbling('1 d'))
    .aggregate({
      flights: count(),
      meanDelay: mean('delay'),
      shareLate: mean((flight) => (flight.delay > LATE_MINUTES ? 1 : 0)),
      worst: max('delay'),
    })
    .name('daily delays')
    .uid('daily')
    .map(
      ({ key, window, ...delays }): Daily => ({
        origin: key,
        day: new Date(window.start).toISOString().slice(0, 10),
        ...delays,
      }),
    )
    .to(jsonLines(`${args.output}/daily`))

  flights
    .pick('destination', 'delay')
    .keyBy('destination')
    .process({
      state: { flights: value(0), delayTotal: value(0) },
      process(flight, ctx, emit: Emit<Total>) {
        const flights = ctx.state.flights.get() + 1
        const delayTotal = ctx.state.delayTotal.get() + flight.delay
        ctx.state.flights.set(flights)
        ctx.state.delayTotal.set(delayTotal)
        if (flights === 1) ctx.timers.onEventTime(Number.POSITIVE_INFINITY)
        if (flights % TOTAL_EVERY_FLIGHTS === 0) {
          emit({ destination: ctx.key, flights, delayTotal })
        }
      },
      /** The end of event time: what has come since the last thousand. */
      onTimer(_time, ctx, emit) {
        const flights = ctx.state.flights.get()
        if (flights % TOTAL_EVERY_FLIGHTS === 0) return
        emit({ destination: ctx.key, flights, delayTotal: ctx.state.delayTotal.get() })
      },
    })
    .name('running totals')
    .uid('totals')
    .to(jsonLines(`${args.output}/totals`))
})

function isComplete(row: Row): row is Flight {
  return (
    row.date !== null &&
    row.delay !== null &&
    row.distance !== null &&
    row.origin !== null &&
    row.destination !== null
  )
}
