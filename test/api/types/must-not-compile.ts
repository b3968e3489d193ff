/** What must not compile: each line below its comment is a mistake. Checked by types.test.ts. */
import {
  count,
  defineJob,
  type Emit,
  first,
  list,
  mean,
  output,
  type Sink,
  type Stream,
  sum,
  tumbling,
  value,
} from 'sluice'

interface Flight {
  date: number
  delay: number
  origin: string
  cancelled: number | null
}

declare const flights: Stream<Flight>
declare const alertSink: Sink<{ airport: string }>
const late = output<Flight>('late')

// @ts-expect-error a misspelt key
flights.keyBy('orign')
// @ts-expect-error a key function that reads a field that is not there
flights.keyBy((flight) => flight.orign)
// @ts-expect-error a misspelt time field
flights.watermarks({ time: 'dat' })
// @ts-expect-error a time field that is no number
flights.watermarks({ time: 'origin' })
// @ts-expect-error a time function that gives no number
flights.watermarks({ time: (flight) => flight.origin })
// @ts-expect-error a unit that is none
flights.watermarks({ time: 'date', outOfOrder: '1 hour' })
// @ts-expect-error a misspelt option
flights.watermarks({ time: 'date', outOfOrderness: '1 h' })
// @ts-expect-error a misspelt field
flights.pick('origin', 'dely')
// @ts-expect-error no field at all
flights.pick()
// @ts-expect-error a field that pick has dropped
flights.pick('origin').map((flight) => flight.delay)
// @ts-expect-error a unit that is none
tumbling('1 day')
// @ts-expect-error text without a number
tumbling('d')

const byOrigin = flights.keyBy('origin')
const windows = byOrigin.window(tumbling('1 d'))
// @ts-expect-error a mean over text
windows.aggregate({ mean: mean('origin') })
// @ts-expect-error a sum over a misspelt field
byOrigin.aggregate({ total: sum('dely') })
// @ts-expect-error a sum over a field that may be null
byOrigin.aggregate({ total: sum('cancelled') })
// @ts-expect-error a field that is not there
byOrigin.aggregate({ first: first('destination') })
// @ts-expect-error a function that gives no number
windows.aggregate({ mean: mean((flight) => flight.origin) })
// @ts-expect-error an aggregate that was not called
windows.aggregate({ flights: count })
// @ts-expect-error a result that no aggregate gives
windows.aggregate({ flights: count() }).map((result) => result.flight)
// @ts-expect-error a window without an aggregate
windows.to(alertSink)
// @ts-expect-error late records of another type
windows.lateTo(output<string>('late'))

// @ts-expect-error a window without keyBy
flights.window(tumbling('1 d'))
// @ts-expect-error a reduce without keyBy
flights.reduce((a) => a)
// @ts-expect-error a keyed stream has no sink
byOrigin.to(alertSink)
// @ts-expect-error a sink for other records
flights.to(alertSink)
// @ts-expect-error no sink at all
flights.to({})
// @ts-expect-error a union with what is no stream
flights.union([flights])
// @ts-expect-error a union with nothing
flights.union()
// @ts-expect-error flatMap gives something to iterate over
flights.flatMap((flight) => flight.delay)
// @ts-expect-error a filter that gives no boolean
flights.filter((flight) => flight.origin)
// @ts-expect-error a partition that is no number
flights.partitionCustom('origin', (origin) => origin)
// @ts-expect-error a stream whose records lack a field
export const wider: Stream<Flight & { price: number }> = flights
// @ts-expect-error chaining is one of two words
flights.chain('always')
// @ts-expect-error a parallelism is a number
flights.parallelism('2')

// Without an emit type the output's records are unknown.
byOrigin
  .process({ process: (flight, _ctx, emit) => emit(flight.delay) })
  // @ts-expect-error the emit type is missing
  .map((delay) => delay + 1)

byOrigin.process({
  state: { total: value(0) },
  process(flight, ctx, emit: Emit<number>) {
    // @ts-expect-error text into a state of numbers
    ctx.state.total.set(flight.origin)
    // @ts-expect-error a state that is not declared
    ctx.state.totals.get()
    // @ts-expect-error text where numbers are emitted
    emit(flight.origin)
    // @ts-expect-error a record that the side output does not take
    ctx.emitTo(late, { origin: 'SFO' })
    // @ts-expect-error a timer needs a number
    ctx.timers.onEventTime('1 h')
    // @ts-expect-error the key is a string
    const key: number = ctx.key
    void key
  },
})

byOrigin.process({
  // @ts-expect-error a state is declared with value(), list() or map()
  state: { total: 0 },
  process() {},
})

flights.process({
  state: { seen: list<string>() },
  process(_flight, ctx) {
    // @ts-expect-error no key without keyBy
    void ctx.key
    // @ts-expect-error no timers without keyBy
    ctx.timers.onEventTime(0)
  },
})

// @ts-expect-error only lists without keyBy
flights.process({
  state: { total: value(0) },
  process() {},
})

// @ts-expect-error a job needs a name
defineJob((_env: unknown) => {})
// @ts-expect-error a job needs a build function
defineJob('job')
defineJob('job', (env, args: { input: string }) => {
  // @ts-expect-error an argument that is not declared
  void args.inptu
  // @ts-expect-error env.from takes a source
  env.from([1, 2, 3])
})
