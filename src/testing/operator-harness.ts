/**
 * Drives one operator by hand: records, watermarks and time go in, what it emits is read. The
 * clock stands still until it is moved, so a test says when everything happens.
 *
 * @example
 * const harness = await OperatorHarness.open({ operator, keyed: true })
 * harness.push({ user: 'ann' }, 1000)
 * harness.watermark(5000)
 * expect(harness.output).toEqual([...])
 */
import { ManualClock } from '../base/clock.ts'
import { silentLogger } from '../base/log.ts'
import { copyValue } from '../codec/copy.ts'
import { NO_TIME } from '../codec/page.ts'
import type { Operator, OperatorContext } from '../operator/contract.ts'
import { createOperator } from '../operator/create-operator.ts'
import type { KeySelector, OperatorSpec } from '../operator/spec.ts'
import type { OperatorListSnapshot } from '../state/contract.ts'
import { HeapKeyedState } from '../state/heap/heap-keyed-state.ts'
import { HeapOperatorState } from '../state/operator-state.ts'
import type { StateChunk } from '../state/snapshot-contract.ts'

export interface OperatorHarnessOptions {
  readonly operator: Operator
  /** True for operators behind keyBy: gives them keyed state. Default false. */
  readonly keyed?: boolean
  /** Where the clock starts, epoch ms. Default 0. */
  readonly startMs?: number
  /** Default 128. */
  readonly maxParallelism?: number
  /** Shown in errors. Default 'operator under test'. */
  readonly name?: string
  /**
   * Takes a copy of what is emitted, as an exchange does, so that an operator may go on changing
   * the record. Default false.
   */
  readonly copies?: boolean
  /** The operator goes on where another one's `snapshot` was taken. */
  readonly restore?: HarnessSnapshot
}

/** All that an operator holds, as a checkpoint would keep it. */
export interface HarnessSnapshot {
  readonly chunks: readonly StateChunk[]
  readonly lists: readonly OperatorListSnapshot[]
  readonly own: unknown
  readonly watermarkMs: number
}

export interface OperatorSpecHarnessOptions extends Omit<OperatorHarnessOptions, 'operator'> {
  readonly spec: OperatorSpec
  readonly key?: KeySelector | undefined
  /** Default 200. */
  readonly autoWatermarkIntervalMs?: number
}

/** A record with its event time in epoch ms, `-Infinity` where it has none. */
export interface TimedRecord {
  readonly record: unknown
  readonly time: number
}

export class OperatorHarness {
  readonly clock: ManualClock
  readonly operator: Operator
  /** Present where `keyed` was asked for. */
  readonly keyedState: HeapKeyedState | undefined
  /** Watermarks emitted by an operator that makes its own. */
  readonly watermarks: number[] = []
  /** Idleness emitted by an operator that makes its own watermarks. */
  readonly idleness: boolean[] = []
  readonly metrics = { lateRecordsDropped: 0, recordsUnreadable: 0 }
  #output: TimedRecord[] = []
  readonly #sides = new Map<string, TimedRecord[]>()
  readonly #context: OperatorContext
  readonly #operatorState = new HeapOperatorState()
  readonly #copies: boolean
  #watermarkMs = NO_TIME
  #wakeMs = Number.POSITIVE_INFINITY

  private constructor(options: OperatorHarnessOptions) {
    const maxParallelism = options.maxParallelism ?? 128
    this.clock = new ManualClock(options.startMs)
    this.operator = options.operator
    this.#copies = options.copies === true
    this.keyedState =
      options.keyed === true
        ? new HeapKeyedState({ maxParallelism, keyGroupFrom: 0, keyGroupTo: maxParallelism })
        : undefined
    this.#context = this.#makeContext(options.name ?? 'operator under test', maxParallelism)
  }

  /** Opens the operator. */
  static async open(
    options: OperatorHarnessOptions | OperatorSpecHarnessOptions,
  ): Promise<OperatorHarness> {
    const harness = new OperatorHarness('spec' in options ? fromSpec(options) : options)
    await harness.operator.open(harness.#context)
    if (options.restore !== undefined) harness.#restore(options.restore)
    return harness
  }

  snapshot(): HarnessSnapshot {
    const own = this.operator.snapshot?.()
    const lists = this.#operatorState.snapshot()
    const chunks: StateChunk[] = []
    const sink = { chunk: (chunk: StateChunk) => void chunks.push(chunk) }
    const walk = this.keyedState?.snapshot(this.#context.operatorId, sink)
    while (walk?.isDone === false) walk.step(1000)
    return { chunks, lists, own, watermarkMs: this.#watermarkMs }
  }

  /** Everything emitted to the main output so far. */
  get output(): readonly unknown[] {
    return this.#output.map(({ record }) => record)
  }

  /** The same with event times. */
  get timedOutput(): readonly TimedRecord[] {
    return this.#output
  }

  /** What was emitted since the last call of this, to the main output. */
  take(): unknown[] {
    const taken = this.#output.map(({ record }) => record)
    this.#output = []
    return taken
  }

  /** Everything emitted to the side output of that name. */
  sideOutput(tag: string): readonly unknown[] {
    return (this.#sides.get(tag) ?? []).map(({ record }) => record)
  }

  push(record: unknown, timeMs: number = NO_TIME): void {
    this.operator.process(record, timeMs)
  }

  /** Event time reaches `timeMs`; Infinity is its end. */
  watermark(timeMs: number): void {
    if (timeMs <= this.#watermarkMs) return
    if (this.operator.ownsWatermarks !== true) this.#watermarkMs = timeMs
    while (this.operator.onWatermark?.(timeMs) === false);
  }

  /** Moves the clock on by `ms`, stopping at each time the operator asked for. */
  advance(ms: number): void {
    const untilMs = this.clock.nowMs() + ms
    while (this.#wakeMs <= untilMs) {
      const wakeMs = Math.max(this.#wakeMs, this.clock.nowMs())
      this.#wakeMs = Number.POSITIVE_INFINITY
      this.clock.advance(wakeMs - this.clock.nowMs())
      this.operator.onProcessingTime?.(wakeMs)
    }
    this.clock.advance(untilMs - this.clock.nowMs())
  }

  /** The input is at its end: event time too. */
  finish(): void {
    this.watermark(Number.POSITIVE_INFINITY)
    this.operator.finish?.()
  }

  async close(): Promise<void> {
    await this.operator.close?.()
  }

  #restore({ chunks, lists, own, watermarkMs }: HarnessSnapshot): void {
    for (const { sections, parts } of chunks) {
      for (const part of parts) this.keyedState?.restore(sections[part.section]!, part)
    }
    for (const list of lists) this.#operatorState.restore(list)
    if (own !== undefined) this.operator.restore?.([own])
    this.operator.restored?.()
    if (this.operator.ownsWatermarks !== true) this.watermark(watermarkMs)
  }

  #makeContext(name: string, maxParallelism: number): OperatorContext {
    return {
      name,
      operatorId: 'harness',
      subtask: 0,
      parallelism: 1,
      maxParallelism,
      attempt: 0,
      clock: this.clock,
      log: silentLogger,
      output: {
        emit: (record, time) => void this.#output.push(this.#taken(record, time)),
        emitTo: (tag, record, time) => this.#toSide(tag, this.#taken(record, time)),
        watermark: (timeMs) => this.#emittedWatermark(timeMs),
        idle: (idle) => void this.idleness.push(idle),
      },
      metrics: {
        lateRecordsDropped: { add: (n) => void (this.metrics.lateRecordsDropped += n) },
        recordsUnreadable: { add: (n) => void (this.metrics.recordsUnreadable += n) },
      },
      keyed: this.keyedState,
      operatorState: this.#operatorState,
      watermark: () => this.#watermarkMs,
      wakeAt: (timeMs) => void (this.#wakeMs = timeMs),
      wake: () => {},
    }
  }

  #taken(record: unknown, time: number): TimedRecord {
    return { record: this.#copies ? copyValue(record) : record, time }
  }

  #toSide(tag: string, timed: TimedRecord): void {
    const side = this.#sides.get(tag)
    if (side === undefined) this.#sides.set(tag, [timed])
    else side.push(timed)
  }

  #emittedWatermark(timeMs: number): void {
    this.#watermarkMs = timeMs
    this.watermarks.push(timeMs)
  }
}

function fromSpec(options: OperatorSpecHarnessOptions): OperatorHarnessOptions {
  const operator = createOperator(options.spec, {
    key: options.key,
    autoWatermarkIntervalMs: options.autoWatermarkIntervalMs ?? 200,
  })
  if (operator === undefined) {
    throw new RangeError(`a ${options.spec.kind} has no operator of its own: test its function`)
  }
  return { keyed: options.key !== undefined, ...options, operator }
}
