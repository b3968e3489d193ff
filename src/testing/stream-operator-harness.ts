/**
 * Tests one operator of a job through the words it is written with: the operator is built by the
 * real API, and records, watermarks and time are pushed into it by hand.
 * Threads: the test's.
 */
import { GraphBuilder } from '../api/graph-builder.ts'
import type { SideOutput } from '../api/output.ts'
import { createEnv } from '../api/stream-builder.ts'
import type { Stream } from '../api/streams.ts'
import { SluiceError } from '../base/errors.ts'
import { copyValue } from '../codec/copy.ts'
import { NO_TIME } from '../codec/page.ts'
import type { StreamNode } from '../graph/stream-graph.ts'
import { createOperator } from '../operator/create-operator.ts'
import type { Source } from '../operator/source.ts'
import { attribute } from '../task/failure.ts'
import { OperatorHarness } from './operator-harness.ts'
import { statelessOperator } from './stateless-operator.ts'

/** Options of `operatorHarness`. */
export interface StreamHarnessOptions {
  /** Where the clock starts, epoch ms. Default 0. */
  readonly startMs?: number
}

/** A record with its event time in epoch ms, `-Infinity` where it has none. */
export interface TimedOutput<O> {
  readonly record: O
  readonly time: number
}

/** One operator with records of type `T` going in and of type `O` coming out. */
export interface StreamOperatorHarness<T, O> {
  /** Everything emitted so far. */
  readonly output: readonly O[]
  /** The same with event times. */
  readonly timedOutput: readonly TimedOutput<O>[]
  /** Watermarks of an operator that makes its own, epoch ms. */
  readonly watermarks: readonly number[]
  readonly lateRecordsDropped: number
  /** The clock, epoch ms: it moves by `advance` only. */
  readonly nowMs: number
  /** What was emitted since the last call of this; `output` then begins anew. */
  take(): O[]
  /** Everything emitted to a side output so far. */
  sideOutput<S>(tag: SideOutput<S>): readonly S[]
  /** Gives the operator a record, with an event time in epoch ms if there is one. */
  push(record: T, timeMs?: number): void
  /** Event time reaches `timeMs`: windows and timers up to then fire. */
  watermark(timeMs: number): void
  /** The clock goes on by `ms`, stopping at every timer of processing time that is due. */
  advance(ms: number): void
  /** The input ends, and with it event time: what waits for `Infinity` fires. */
  finish(): void
  /** Calls the operator's `close`. */
  close(): Promise<void>
}

/**
 * Opens the one operator that `build` puts behind its stream. What it throws comes as the
 * SluiceError that a job would fail with: with the operator's name, the record and the cause.
 *
 * Throws NOT_ONE_OPERATOR where `build` makes none or several.
 *
 * @example
 * const visits = await operatorHarness((clicks: Stream<{ user: string }>) =>
 *   clicks.keyBy('user').process({
 *     state: { count: value(0) },
 *     process(_click, ctx) {
 *       ctx.state.count.set(ctx.state.count.get() + 1)
 *       ctx.timers.onEventTime(ctx.time + 1_000)
 *     },
 *     onTimer(_time, ctx, emit: Emit<{ user: string; count: number }>) {
 *       emit({ user: ctx.key, count: ctx.state.count.get() })
 *     },
 *   }),
 * )
 * visits.push({ user: 'ann' }, 0)
 * visits.push({ user: 'bob' }, 600)
 * visits.watermark(1_000)
 * assert.deepEqual(visits.take(), [{ user: 'ann', count: 1 }])
 * visits.finish()
 * assert.deepEqual(visits.take(), [{ user: 'bob', count: 1 }])
 */
export async function operatorHarness<T, O>(
  build: (stream: Stream<T>) => Stream<O>,
  options: StreamHarnessOptions = {},
): Promise<StreamOperatorHarness<T, O>> {
  const node = theOperatorOf(build)
  const { spec, key, name } = node
  const operator =
    createOperator(spec, { key, autoWatermarkIntervalMs: WATERMARKS_EVERY_MS }) ??
    statelessOperator(spec)
  if (operator === undefined) throw notOneOperator([node])
  const harness = await attributed(name, () =>
    OperatorHarness.open({ ...options, operator, name, keyed: key !== undefined, copies: true }),
  )
  return new AttributingHarness<T, O>(name, harness)
}

/** The default of `pipeline.auto-watermark-interval`. */
const WATERMARKS_EVERY_MS = 20

class AttributingHarness<T, O> implements StreamOperatorHarness<T, O> {
  readonly #name: string
  readonly #harness: OperatorHarness

  constructor(name: string, harness: OperatorHarness) {
    this.#name = name
    this.#harness = harness
  }

  get output(): readonly O[] {
    return this.#harness.output as readonly O[]
  }

  get timedOutput(): readonly TimedOutput<O>[] {
    return this.#harness.timedOutput as readonly TimedOutput<O>[]
  }

  get watermarks(): readonly number[] {
    return this.#harness.watermarks
  }

  get lateRecordsDropped(): number {
    return this.#harness.metrics.lateRecordsDropped
  }

  get nowMs(): number {
    return this.#harness.clock.nowMs()
  }

  take(): O[] {
    return this.#harness.take() as O[]
  }

  sideOutput<S>(tag: SideOutput<S>): readonly S[] {
    return this.#harness.sideOutput(tag.name) as readonly S[]
  }

  push(record: T, timeMs: number = NO_TIME): void {
    try {
      // The operator owns what it gets and may change it; the test's own record stays as it is.
      this.#harness.push(copyValue(record), timeMs)
    } catch (error) {
      throw attribute(error, { operator: this.#name, record })
    }
  }

  watermark(timeMs: number): void {
    this.#guarded(() => this.#harness.watermark(timeMs))
  }

  advance(ms: number): void {
    this.#guarded(() => this.#harness.advance(ms))
  }

  finish(): void {
    this.#guarded(() => this.#harness.finish())
  }

  close(): Promise<void> {
    return attributed(this.#name, () => this.#harness.close())
  }

  #guarded(action: () => void): void {
    try {
      action()
    } catch (error) {
      throw attribute(error, { operator: this.#name })
    }
  }
}

async function attributed<R>(operator: string, action: () => Promise<R>): Promise<R> {
  try {
    return await action()
  } catch (error) {
    throw attribute(error, { operator })
  }
}

function theOperatorOf<T, O>(build: (stream: Stream<T>) => Stream<O>): StreamNode {
  const builder = new GraphBuilder('operator harness')
  const given = createEnv(builder).from(nothing as Source<T>)
  build(given).collect('output')
  // Between the source and the collecting end lies what the test is about.
  const nodes = builder.freeze().nodes.slice(1, -1)
  if (nodes.length !== 1) throw notOneOperator(nodes)
  return nodes[0]!
}

/** Never read: it only stands where a stream begins. */
const nothing: Source<unknown> = {
  kind: 'harness',
  name: 'harness',
  options: {},
  bounded: true,
  enumerator: () => ({ discover: async () => [] }),
  reader: () => ({ open: () => {}, next: () => undefined, close: () => {} }),
}

function notOneOperator(nodes: readonly StreamNode[]): SluiceError {
  const names = nodes.map(({ name }) => `'${name}'`).join(', ')
  const found = nodes.length === 0 ? 'made none' : `made ${names}`
  return new SluiceError(
    'NOT_ONE_OPERATOR',
    `operatorHarness tests one operator, but it ${found}`,
    {
      hint: 'put exactly one operator behind the stream; runInline tests several at once',
    },
  )
}
