/**
 * Gives records their event time and makes the watermarks of what follows. A watermark is emitted
 * at most once an interval of processing time while records come, and at the end of each batch.
 * What comes from upstream is not passed on, but for the end of time.
 * Threads: the task.
 */
import { SluiceError } from '../base/errors.ts'
import { END_OF_TIME, NO_TIME } from '../codec/page.ts'
import { BoundedOutOfOrderness, IdlenessTimer } from '../time/watermark-strategy.ts'
import { compile, notOpen } from './compile.ts'
import type { Operator, OperatorContext } from './contract.ts'
import type { WatermarkSpec } from './spec.ts'

/** How far one subtask was. */
interface WatermarksSnapshot {
  readonly maxTimeMs: number
  readonly emittedMs: number
  readonly idle: boolean
  /** The same by split, where the source is in its chain: those that were not read to their end. */
  readonly splits: readonly (readonly [id: string, maxTimeMs: number])[]
}

export class WatermarksOperator implements Operator {
  process: (record: unknown, timeMs: number) => void = notOpen
  readonly ownsWatermarks = true
  readonly #spec: WatermarkSpec
  readonly #intervalMs: number
  readonly #times: BoundedOutOfOrderness
  #idleness: IdlenessTimer | undefined
  #context: OperatorContext | undefined
  #emittedMs = NO_TIME
  #isIdle = false
  #isAwake = false
  /** The split that is being read. */
  #split: string | undefined
  /** Restored splits whose turn has not come, and how far they are. */
  #waiting: (readonly [id: string, maxTimeMs: number])[] = []

  /** `intervalMs` 0: only at the ends of batches, and when asked. */
  constructor(spec: WatermarkSpec, intervalMs: number) {
    this.#spec = spec
    this.#intervalMs = intervalMs
    this.#times = new BoundedOutOfOrderness(spec.outOfOrderMs)
  }

  open(context: OperatorContext): void {
    this.#context = context
    const { idleMs } = this.#spec
    if (idleMs !== undefined) this.#idleness = new IdlenessTimer(idleMs, context.clock.nowMs())
    this.process = this.#compile(context)
    if (this.#idleness !== undefined) this.#wake()
  }

  snapshot(): WatermarksSnapshot {
    const { maxTimeMs } = this.#times
    const current = this.#split === undefined ? [] : [[this.#split, maxTimeMs] as const]
    const splits = [...current, ...this.#waiting]
    return { maxTimeMs, emittedMs: this.#emittedMs, idle: this.#isIdle, splits }
  }

  /** Event time is where the slowest of those was that had something to say. */
  restore(parts: readonly unknown[]): void {
    const all = parts as readonly WatermarksSnapshot[]
    this.#waiting = all.flatMap(({ splits }) => splits)
    const unfinished = all.filter(({ emittedMs }) => emittedMs !== END_OF_TIME)
    const active = unfinished.filter(({ idle }) => !idle)
    this.#isIdle = active.length === 0 && unfinished.length > 0
    const merged = active.length > 0 ? active : unfinished.length > 0 ? unfinished : all
    if (merged.length === 0) return
    this.#times.onRecord(Math.min(...merged.map(({ maxTimeMs }) => maxTimeMs)))
    this.#emittedMs = Math.min(...merged.map(({ emittedMs }) => emittedMs))
  }

  /**
   * All that follows learns event time before the first record. What was not said yet is not said
   * earlier than it would have been: it might make a record late.
   */
  restored(): void {
    const { output } = this.#context!
    if (this.#emittedMs > NO_TIME) output.watermark(this.#emittedMs)
    if (this.#isIdle) output.idle(true)
    else if (!this.#isAwake && this.#watermarkMs > this.#emittedMs) this.#wake()
  }

  /** A restored split goes on where it was, however far others are that were read before it. */
  onSplits(current: string | undefined, waiting: readonly string[]): void {
    const restored = this.#waiting.find(([id]) => id === current)
    if (restored !== undefined) this.#times.goOnAt(restored[1])
    const known = new Map(this.#waiting)
    this.#waiting = waiting.map((id) => [id, known.get(id) ?? NO_TIME])
    this.#split = current
  }

  onWatermark(timeMs: number): boolean {
    if (timeMs === END_OF_TIME) this.#emit(timeMs)
    return true
  }

  onProcessingTime(nowMs: number): void {
    this.#isAwake = false
    this.emitNow()
    if (this.#idleness === undefined) return
    if (this.#idleness.isIdle(nowMs)) this.#setIdle(true)
    else this.#wake()
  }

  onBatchEnd(): void {
    this.emitNow()
  }

  /** Emits the watermark that the records so far allow, if it is a new one. */
  emitNow(): void {
    this.#emit(this.#watermarkMs)
  }

  /** That the records so far, and the splits that wait, allow. */
  get #watermarkMs(): number {
    const behind = this.#waiting.map(([, maxTimeMs]) => maxTimeMs - this.#spec.outOfOrderMs - 1)
    return Math.min(this.#times.watermarkMs, ...behind)
  }

  #compile(context: OperatorContext): (record: unknown, timeMs: number) => void {
    const { time } = this.#spec
    const isField = 'field' in time
    return compile({
      name: `${context.operatorId}-watermarks`,
      code: `return (record) => {
  const value = ${isField ? `record[${JSON.stringify(time.field)}]` : 'read(record)'}
  const timeMs = typeof value === 'number' ? value : fromDate(value)
  if (timeMs - timeMs !== 0) badTime(value, record)
  times.onRecord(timeMs)
  onRecord()
  output.emit(record, timeMs)
}`,
      bindings: {
        read: isField ? undefined : time.fn,
        fromDate,
        badTime: badTimeOf(context.name, isField ? `field '${time.field}'` : 'the time function'),
        times: this.#times,
        onRecord: () => this.#onRecord(),
        output: context.output,
      },
    })
  }

  #onRecord(): void {
    this.#idleness?.onRecord()
    if (this.#isIdle) this.#setIdle(false)
    if (!this.#isAwake) this.#wake()
  }

  #wake(): void {
    const { idleMs } = this.#spec
    if (this.#intervalMs === 0 && idleMs === undefined) return
    const inMs = this.#intervalMs === 0 ? idleMs! : Math.min(this.#intervalMs, idleMs ?? Infinity)
    this.#isAwake = true
    this.#context!.wakeAt(this.#context!.clock.nowMs() + inMs)
  }

  #setIdle(idle: boolean): void {
    if (this.#isIdle === idle) return
    this.#isIdle = idle
    this.#context!.output.idle(idle)
  }

  #emit(watermarkMs: number): void {
    if (watermarkMs <= this.#emittedMs) return
    this.#emittedMs = watermarkMs
    this.#context!.output.watermark(watermarkMs)
  }
}

function fromDate(value: unknown): number {
  return value instanceof Date ? value.getTime() : Number.NaN
}

function badTimeOf(operator: string, label: string) {
  return (value: unknown, record: unknown): never => {
    throw new SluiceError('BAD_EVENT_TIME', `${label} gave ${show(value)} as an event time`, {
      operator,
      hint: 'an event time is a finite number of epoch milliseconds or a Date',
      record: show(record),
    })
  }
}

function show(value: unknown): string {
  // JSON has no NaN, and it is what is mostly found here.
  if (typeof value === 'number') return String(value)
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}
