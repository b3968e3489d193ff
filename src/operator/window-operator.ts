/**
 * What every window operator does: assigns, drops or diverts late records, keeps one table slot a
 * (key, window), fires at the end. What a window holds and what it emits is code of its kind.
 * Threads: the task.
 */
import { assert } from '../base/assert.ts'
import type { ColumnKind, SlotTable } from '../state/contract.ts'
import { compile, keyExpression, keyIsOwnField, notOpen } from './compile.ts'
import type { Operator, OperatorContext } from './contract.ts'
import { fireRun } from './firing.ts'
import type { KeySelector, WindowSpec } from './spec.ts'
import { tumblingWindows } from './window-assigner.ts'
import { WindowSchedule } from './window-schedule.ts'

/** Code that refers to `table` and `slot`, `output` and `bindings`. */
export interface WindowCode {
  readonly columns: readonly ColumnKind[]
  /** Statements that take `record` in. */
  readonly add: string
  /** Statements that emit the result, given `key` and `window`, at the time `window.end - 1`. */
  readonly fire: string
  readonly bindings: Readonly<Record<string, unknown>>
}

export interface WindowOperatorOptions {
  readonly window: WindowSpec
  readonly key: KeySelector | undefined
  /** The code's `add` looks at fields alone. */
  readonly readsFieldsOnly?: boolean
  readonly code: (context: OperatorContext) => WindowCode
}

interface CompiledWindow {
  process(record: unknown, timeMs: number): void
  fire(slot: number): void
}

export class WindowOperator implements Operator {
  readonly setsKeyFirst = true
  process: (record: unknown, timeMs: number) => void = notOpen
  readonly readsFieldsOnly: boolean
  readonly #options: WindowOperatorOptions
  #context: OperatorContext | undefined
  #schedule: WindowSchedule | undefined
  #table: SlotTable | undefined

  constructor(options: WindowOperatorOptions) {
    this.#options = options
    const { readsFieldsOnly, key, window } = options
    // A late record goes to its side output as a whole.
    this.readsFieldsOnly =
      readsFieldsOnly === true && keyIsOwnField(key) && window.lateTo === undefined
  }

  open(context: OperatorContext): void {
    const { keyed } = context
    assert(keyed !== undefined, 'a keyed operator needs keyed state')
    const { window, key } = this.#options
    const code = this.#options.code(context)
    const table = keyed.table('windows', columnsOf(window, code))
    this.#context = context
    this.#table = table
    this.#schedule = new WindowSchedule({
      allowedLatenessMs: window.allowedLatenessMs,
      fire: (slot) => compiled.fire(slot),
      remove: (slot) => table.remove(slot),
    })
    const bindings = { keyed, table, schedule: this.#schedule, output: context.output }
    const compiled = compileWindow({ context, window, key, code, bindings })
    this.process = compiled.process
  }

  /** What is due by the watermark fires when it comes again, but for what has fired. */
  restored(): void {
    const { sizeMs } = this.#options.window
    const table = this.#table!
    const schedule = this.#schedule!
    table.forEach((slot) => {
      const endMs = table.namespaceOf(slot) + sizeMs
      if (this.#hasFired(slot)) schedule.addFired(slot, endMs)
      else schedule.add(slot, endMs)
    })
  }

  #hasFired(slot: number): boolean {
    return this.#options.window.allowedLatenessMs > 0 && this.#table!.numbers.at(-1)![slot] === 1
  }

  onWatermark(timeMs: number): boolean {
    const schedule = this.#schedule!
    return fireRun(this.#context!, (budget) => schedule.advance(timeMs, budget))
  }
}

interface CompileParts {
  readonly context: OperatorContext
  readonly window: WindowSpec
  readonly key: KeySelector | undefined
  readonly code: WindowCode
  readonly bindings: Readonly<Record<string, unknown>>
}

/** Where a window stays after it has fired, its last number is 1 from then on. */
function columnsOf(window: WindowSpec, { columns }: WindowCode): readonly ColumnKind[] {
  return window.allowedLatenessMs > 0 ? [...columns, 'number'] : columns
}

function compileWindow(parts: CompileParts): CompiledWindow {
  const { context, window, code } = parts
  const { sizeMs, allowedLatenessMs } = window
  const key = keyExpression(parts.key)
  const isKept = allowedLatenessMs > 0
  const markFired = isKept ? 'table.numbers[table.numbers.length - 1][slot] = 1' : ''
  const fireLate = isKept ? 'if (end - 1 <= schedule.watermarkMs) fire(slot)' : ''
  return compile<CompiledWindow>({
    name: `${context.operatorId}-window`,
    code: `const fire = (slot) => {
  table.touch(slot)
  ${markFired}
  const start = table.namespaceOf(slot)
  const key = table.keyOf(slot), window = { start, end: start + ${sizeMs} }
  ${code.fire}
}
const process = (record, timeMs) => {
  const start = startOf(timeMs), end = start + ${sizeMs}
  if (end - 1 + ${allowedLatenessMs} <= schedule.watermarkMs) return late(record, timeMs)
  if (!keyed.setExpectedKey()) keyed.setKey(${key.code})
  const slot = table.slot(start)
  if (table.wasAdded) schedule.add(slot, end)
  ${code.add}
  ${fireLate}
}
return { process, fire }`,
    bindings: {
      ...parts.bindings,
      ...key.bindings,
      ...code.bindings,
      startOf: tumblingWindows(window).startOf,
      late: lateRecords(context, window.lateTo),
    },
  })
}

function lateRecords(context: OperatorContext, lateTo: string | undefined) {
  const { output, metrics } = context
  return (record: unknown, timeMs: number) => {
    if (lateTo === undefined) metrics.lateRecordsDropped.add(1)
    else output.emitTo(lateTo, record, timeMs)
  }
}
