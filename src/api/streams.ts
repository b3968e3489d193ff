/**
 * The streams as users see them: every type is inferred from the source on. The classes behind
 * these interfaces are in `stream-builder.ts`.
 *
 * Records belong to who receives them: a function may keep or change the record it gets.
 */
import type { Duration } from '../base/units.ts'
import type { Sink } from '../operator/sink.ts'
import type { Source } from '../operator/source.ts'
import type { AggregateResults, Aggregation, NumberField } from './aggregate-types.ts'
import type { Context, Emit, KeyedProcessFunction, ProcessFunction } from './functions.ts'
import type { SideOutput } from './output.ts'
import type { AnySchema, SchemaType } from './schemas.ts'
import type { ListSpecs, StateSpecs } from './state-specs.ts'
import type { Window, WindowAssigner } from './windows.ts'

/** Where a job's streams begin: the first parameter of its build function. */
export interface Env {
  /**
   * A stream of what a source reads. Its records' type is the source's.
   *
   * @example
   * const flights = env.from(parquet<Flight>(args.input))
   */
  from<T>(source: Source<T>): Stream<T>
}

/** A number field, or a function, that gives a record's event time in epoch milliseconds. */
export type EventTime<T> = NumberField<T> | ((record: T) => number)

/** How event times and watermarks are found; see `Stream.watermarks`. */
export interface WatermarkStrategy<Time> {
  /** A number field, or a function, that gives the event time in epoch milliseconds. */
  readonly time: Time
  /** How much earlier than the latest one a record may still come. Default 0: in order. */
  readonly outOfOrder?: Duration
  /** After this long without a record a subtask no longer holds event time back. Default: never. */
  readonly idle?: Duration
}

/** A stream of records of type `T`. */
export interface Stream<out T> {
  readonly __record?: T

  /**
   * Turns each record into another, or changes it and returns it. What it returns belongs to what
   * follows: do not return an object that the function keeps.
   */
  map<O>(fn: (record: T) => O): Stream<O>

  /**
   * Keeps the records for which `fn` is true. A type guard narrows the stream's type.
   *
   * @example
   * readings.filter((reading): reading is Valid => reading.value !== null)
   */
  filter<O extends T>(fn: (record: T) => record is O): Stream<O>
  filter(fn: (record: T) => boolean): Stream<T>

  /**
   * Turns each record into any number of records; a generator makes them one by one.
   *
   * @example
   * lines.flatMap((line) => line.split(' '))
   */
  flatMap<O>(fn: (record: T) => Iterable<O>): Stream<O>

  /**
   * Narrows each record to the fields that what follows needs: nothing else is decoded or sent.
   *
   * @example
   * flights.pick('origin', 'delay') // Stream<{ origin: string; delay: number }>
   */
  pick<F extends keyof T & string>(...fields: readonly [F, ...F[]]): Stream<Pick<T, F>>

  /**
   * Declares what the records are: their shape is fixed instead of learned, and a record that is
   * not as declared fails where it leaves the task (RECORD_NOT_IN_SCHEMA, with field and value).
   * Takes sluice's own `schema({ ... })` or any Standard JSON Schema (zod, arktype, ...).
   *
   * @example
   * flights.schema(schema({ origin: t.string, delay: t.int32 }))
   */
  schema<S extends AnySchema>(declared: T extends SchemaType<S> ? S : never): Stream<T>

  /**
   * Gives records their event time, and says how far event time has come. Windows and event-time
   * timers behind it follow these watermarks.
   *
   * @example
   * flights.watermarks({ time: 'date', outOfOrder: '1 h' })
   */
  watermarks<Time extends EventTime<T>>(strategy: WatermarkStrategy<Time>): Stream<T>

  /**
   * Sends records of equal key to the same subtask. A key is a string, number, bigint, boolean,
   * Date, bytes, or an array or record of these.
   *
   * @example
   * flights.keyBy('origin')
   * flights.keyBy((flight) => [flight.origin, flight.destination])
   */
  keyBy<F extends keyof T & string>(field: F): KeyedStream<T, T[F]>
  keyBy<K>(fn: (record: T) => K): KeyedStream<T, K>

  /** This stream and others as one; their records interleave. */
  union<U>(...others: readonly [Stream<U>, ...Stream<U>[]]): Stream<T | U>

  /**
   * Runs a function that may emit any number of records, or send some to side outputs.
   *
   * @example
   * lines.process((line, ctx, emit: Emit<Order>) => {
   *   const order = parse(line)
   *   if (order === undefined) ctx.emitTo(broken, line)
   *   else emit(order)
   * })
   */
  process<O>(fn: (record: T, ctx: Context, emit: Emit<O>) => void): Stream<O>
  // biome-ignore lint/complexity/noBannedTypes: no states at all
  process<O, S extends ListSpecs = {}>(fn: ProcessFunction<T, O, S>): Stream<O>

  /** Deals the records out to all subtasks that follow, in turn. */
  rebalance(): Stream<T>
  /** Deals the records out in turn to a part of the subtasks: fewer channels than `rebalance`. */
  rescale(): Stream<T>
  /** Sends every record to every subtask that follows. */
  broadcast(): Stream<T>
  /** Sends every record to the first subtask that follows. */
  global(): Stream<T>
  /**
   * Sends each record to the subtask that `choose` names for its key: an integer from 0 to
   * `subtasks` - 1.
   *
   * @example
   * orders.partitionCustom('region', (region, subtasks) => regions.indexOf(region) % subtasks)
   */
  partitionCustom<F extends keyof T & string>(
    key: F,
    choose: (key: T[F], subtasks: number) => number,
  ): Stream<T>
  partitionCustom<K>(key: (record: T) => K, choose: (key: K, subtasks: number) => number): Stream<T>

  /**
   * What the operator before sent to a side output.
   *
   * Throws `UNDECLARED_OUTPUT` where that operator cannot send anything there.
   *
   * @example
   * orders.sideOutput(broken).to(jsonLines('broken'))
   */
  sideOutput<U>(output: SideOutput<U>): Stream<U>

  /**
   * Ends the stream in a sink. The result takes the sink's name, uid and parallelism.
   *
   * @example
   * daily.to(jsonLines(`${args.output}/daily`)).name('daily files').uid('daily')
   */
  to(sink: Sink<T>): SinkHandle

  /**
   * Hands the records to the program that runs the job, which reads them with
   * `for await (const row of job.collect(name))`. A slow reader slows the job down.
   */
  collect(name: string): SinkHandle

  /** Names the operator just made, in plans, metrics and errors. */
  name(name: string): this
  /** Keeps the operator's state apart from its place in the graph. Unique within the job. */
  uid(uid: string): this
  /** Subtasks of the operator just made: 1 to 1024. Default: `parallelism.default`. */
  parallelism(subtasks: number): this
  /** The most subtasks it can ever be rescaled to: 1 to 32768. Default: as in Flink. */
  maxParallelism(subtasks: number): this
  /** Subtasks of different groups share no slot, and their operators no thread. */
  slotSharingGroup(group: string): this
  /** 'start': a thread of its own from here on. 'never': a thread for this operator alone. */
  chain(chaining: 'start' | 'never'): this
}

/** What can be said of a sink: the same modifiers as on a stream. */
export type SinkHandle = {
  [M in 'name' | 'uid' | 'slotSharingGroup']: (text: string) => SinkHandle
} & {
  [M in 'parallelism' | 'maxParallelism']: (subtasks: number) => SinkHandle
} & { chain(chaining: 'start' | 'never'): SinkHandle }

type Flat<T> = { [N in keyof T]: T[N] }

/** A stream whose records of equal key meet in one subtask, where that key's state lies. */
export interface KeyedStream<out T, out K> {
  /**
   * Runs a function with state and timers of its own for each key.
   *
   * @example
   * flights.keyBy('destination').process({
   *   state: { seen: value(0) },
   *   process(flight, ctx, emit: Emit<{ destination: string; seen: number }>) {
   *     ctx.state.seen.set(ctx.state.seen.get() + 1)
   *     ctx.timers.onEventTime(Infinity)
   *   },
   *   onTimer(time, ctx, emit) {
   *     emit({ destination: ctx.key, seen: ctx.state.seen.get() })
   *   },
   * })
   */
  // biome-ignore lint/complexity/noBannedTypes: no states at all
  process<O, S extends StateSpecs = {}>(fn: KeyedProcessFunction<T, K, S, O>): Stream<O>

  /** Combines each record with the result so far of its key, and emits every result. */
  reduce(fn: (result: T, record: T) => T): Stream<T>

  /**
   * Aggregates over all records of a key so far; every record emits the new results.
   *
   * @example
   * bids.keyBy('auction').aggregate({ bids: count(), highest: max('price') })
   */
  aggregate<M extends Aggregation<T>>(
    aggregates: M,
  ): Stream<Flat<{ key: K } & AggregateResults<M, T>>>

  /** Groups the records of each key by windows of event time. */
  window(assigner: WindowAssigner): WindowedStream<T, K>
}

/** Records of one key and one window, before anything is computed of them. */
export interface WindowedStream<out T, out K> {
  /**
   * Keeps a window for this long after its end: a record that comes late, but not later, emits a
   * corrected result. Default 0.
   */
  allowedLateness(lateness: Duration): WindowedStream<T, K>

  /** Sends records that come too late to a side output of the result, instead of dropping them. */
  lateTo(output: SideOutput<T>): WindowedStream<T, K>

  /**
   * Aggregates each window as its records come: only the aggregates are kept.
   *
   * @example
   * flights.keyBy('origin').window(tumbling('1 d'))
   *   .aggregate({ flights: count(), meanDelay: mean('delay') })
   * // Stream<{ key: string; window: Window; flights: number; meanDelay: number }>
   */
  aggregate<M extends Aggregation<T>>(
    aggregates: M,
  ): Stream<Flat<{ key: K; window: Window } & AggregateResults<M, T>>>

  /** Keeps a window's records and hands them all over at its end. */
  process<O>(fn: (key: K, window: Window, records: Iterable<T>, emit: Emit<O>) => void): Stream<O>
}
