/** What must compile, with the types that must be inferred. Checked by types.test.ts, never run. */
import {
  blackhole,
  count,
  defineJob,
  type Emit,
  type Env,
  first,
  type Job,
  type KeyedStream,
  last,
  list,
  map,
  max,
  mean,
  output,
  print,
  type Sink,
  type Source,
  type StandardSchemaV1,
  type Stream,
  tumbling,
  value,
  type Window,
} from 'sluice'
import { jsonLines, parquet } from 'sluice/file'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** Does not compile unless the stream's records have exactly this type. */
declare function recordsAre<Expected>(): <T>(
  stream: Stream<T>,
  ...equal: Equal<T, Expected> extends true ? [] : [{ inferred: T }]
) => void
declare function same<A, B>(...equal: Equal<A, B> extends true ? [] : [{ a: A; b: B }]): void

interface Flight {
  date: number
  delay: number
  distance: number
  origin: string
  destination: string
}

interface Alert {
  airport: string
  delayed: number
}

const late = output<Flight>('late')

export default defineJob('flights', (env, args: { input: string; output: string }) => {
  const flights = env
    .from(parquet<Flight>(args.input))
    .filter((flight) => flight.distance > 0)
    .watermarks({ time: 'date', outOfOrder: '1 h' })
  recordsAre<Flight>()(flights)

  const daily = flights
    .keyBy('origin')
    .window(tumbling('1 d'))
    .lateTo(late)
    .aggregate({
      flights: count(),
      meanDelay: mean('delay'),
      worst: max('delay'),
      shareLate: mean((flight) => (flight.delay > 15 ? 1 : 0)),
      firstTo: first('destination'),
      lastRoute: last((flight: Flight) => [flight.origin, flight.destination] as const),
      longest: {
        create: () => 0,
        add: (longest: number, flight: Flight) => Math.max(longest, flight.distance),
        result: (longest: number) => longest,
      },
    })
  recordsAre<{
    key: string
    window: Window
    flights: number
    meanDelay: number
    worst: number
    shareLate: number
    firstTo: string
    lastRoute: readonly [string, string]
    longest: number
  }>()(daily)
  daily.to(jsonLines(args.output)).name('daily').uid('daily').parallelism(1).chain('never')
  recordsAre<Flight>()(daily.sideOutput(late))

  const alerts = flights
    .keyBy('destination')
    .process({
      state: { delayed: value(0), perRoute: map<string, number>(), seen: list<Flight>() },
      process(flight, ctx, emit: Emit<Alert>) {
        if (flight.delay < 15) return
        same<typeof flight, Flight>()
        same<typeof ctx.key, string>()
        const n: number = ctx.state.delayed.get()
        ctx.state.delayed.set(n + 1)
        ctx.state.perRoute.set(flight.origin, (ctx.state.perRoute.get(flight.origin) ?? 0) + 1)
        ctx.state.seen.add(flight)
        for (const seen of ctx.state.seen) same<typeof seen, Flight>()
        ctx.timers.onEventTime(flight.date + 3_600_000)
        ctx.emitTo(late, flight)
        emit({ airport: ctx.key, delayed: n })
      },
      onTimer(time, ctx, emit) {
        same<typeof time, number>()
        emit({ airport: ctx.key, delayed: ctx.state.delayed.get() })
        ctx.state.delayed.clear()
      },
    })
    .name('delay alerts')
    .uid('alerts')
  recordsAre<Alert>()(alerts)
  alerts.to(print())
  alerts.collect('alerts').name('to the program')
})

/** One line an operator. */
export function operators(env: Env, flights: Stream<Flight>, source: Source<Flight>): void {
  recordsAre<Flight>()(env.from(source))
  recordsAre<{ n: number }>()(flights.map((flight) => ({ n: flight.delay })))
  recordsAre<string>()(flights.flatMap((flight) => [flight.origin, flight.destination]))
  recordsAre<string>()(
    flights.flatMap(function* (flight) {
      yield flight.origin
    }),
  )
  recordsAre<{ origin: string; delay: number }>()(
    flights.pick('origin', 'delay').map((flight) => ({ ...flight })),
  )
  recordsAre<Pick<Flight, 'origin'>>()(flights.pick('origin'))
  recordsAre<Flight>()(flights.rebalance().rescale().broadcast().global())
  recordsAre<Flight>()(flights.partitionCustom('origin', (key, n) => key.length % n))
  recordsAre<Flight>()(
    flights.partitionCustom(
      (flight) => flight.delay,
      (key, n) => key % n,
    ),
  )
  recordsAre<Flight | Alert>()(
    flights.union(flights.map((): Alert => ({ airport: '', delayed: 0 }))),
  )
  recordsAre<Flight>()(flights.union(flights, flights))
  recordsAre<Flight>()(flights.watermarks({ time: (flight) => flight.date, idle: '10 s' }))
  recordsAre<Flight>()(flights.keyBy('origin').reduce((a, b) => (a.delay > b.delay ? a : b)))
  recordsAre<string>()(flights.process((flight, _ctx, emit: Emit<string>) => emit(flight.origin)))
  recordsAre<string>()(
    flights.process({
      state: { seen: list<string>() },
      open(info) {
        same<typeof info.subtask, number>()
      },
      process(flight, ctx, emit: Emit<string>) {
        ctx.state.seen.add(flight.origin)
        emit(flight.origin)
      },
    }),
  )
  flights.to(blackhole())
  flights.to(null as unknown as Sink<{ origin: string }>)
}

/** A type guard narrows; a nullable column becomes a number. */
export function narrowing(rows: Stream<{ delay: number | null; origin: string }>): void {
  const complete = rows.filter(
    (row): row is { delay: number; origin: string } => row.delay !== null,
  )
  recordsAre<{ delay: number; origin: string }>()(complete)
  complete.keyBy('origin').aggregate({ mean: mean('delay') })
}

/** Keys: a field, a function, a composite. */
export function keys(flights: Stream<Flight>): void {
  const route = flights.keyBy((flight) => [flight.origin, flight.destination] as const)
  recordsAre<{ key: readonly [string, string]; flights: number }>()(
    route.aggregate({ flights: count() }),
  )
  recordsAre<{ key: number; value: number }>()(
    flights.keyBy('delay').aggregate({
      create: () => 0,
      add: (sum: number, flight) => sum + flight.distance,
      result: (sum: number) => sum,
    }),
  )
  recordsAre<string>()(
    flights
      .keyBy('origin')
      .window(tumbling('1 d', { offset: '6 h' }))
      .allowedLateness('10min')
      .process((key, window, records, emit: Emit<string>) => {
        same<typeof key, string>()
        for (const record of records) emit(`${key} ${window.start} ${record.delay}`)
      }),
  )
}

/** A function over streams takes every stream whose records have the fields it needs. */
export function covariance(flights: Stream<Flight>): void {
  const monitored = (stream: Stream<{ origin: string }>) => stream.keyBy('origin')
  monitored(flights)
  const anything: Stream<unknown> = flights
  const keyed: KeyedStream<{ origin: string }, string> = flights.keyBy('origin')
  void [anything, keyed]
}

/** State without an initial value may be undefined. */
export function states(flights: Stream<Flight>): void {
  flights.keyBy('origin').process({
    state: { last: value<Flight>(), label: value('') },
    process(flight, ctx) {
      same<ReturnType<typeof ctx.state.last.get>, Flight | undefined>()
      same<ReturnType<typeof ctx.state.label.get>, string>()
      ctx.state.last.set(flight)
    },
  })
}

declare const schema: StandardSchemaV1<{ day: string }, { day: Date }>

/** Arguments: any, by type, or by a schema. */
export function jobs(): void {
  const plain = defineJob('plain', (env, args) => {
    same<typeof args, Readonly<Record<string, string>>>()
    same<typeof env, Env>()
  })
  const typed = defineJob('typed', (_env, _args: { input: string }) => {})
  const checked = defineJob('checked', { args: schema }, (_env, args) => {
    same<typeof args, { day: Date }>()
  })
  same<typeof typed, Job<{ input: string }>>()
  same<typeof checked, Job<{ day: Date }>>()
  const any: readonly Job[] = [plain, typed, checked]
  void any
}
