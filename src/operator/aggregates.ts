/**
 * Compiles declared aggregates into code over the columns of a `SlotTable`. What can be a number
 * lives unboxed in a Float64Array; aggregates over the same field share their columns.
 *
 * As in SQL, null and undefined values of a field are left out, and sum, mean, min, max, first
 * and last of nothing else are null; `count()` counts records. NaN is a number: whatever takes one
 * in is NaN. What is neither a number nor null is a BAD_AGGREGATE_VALUE.
 * Threads: the task.
 */
import { SluiceError } from '../base/errors.ts'
import { copyValue } from '../codec/copy.ts'
import type { ColumnKind } from '../state/contract.ts'
import { isOwnName } from './compile.ts'
import type { AggregateSpec, Aggregates } from './spec.ts'

/** Code that refers to `table`, `slot`, `record` and `bindings`. */
export interface AggregateCode {
  readonly columns: readonly ColumnKind[]
  /** Statements after `const slot = table.slot(...)`: take `record` in. */
  readonly add: string
  /** Members of an object literal: the results of `slot`. */
  readonly results: string
  readonly bindings: Readonly<Record<string, unknown>>
}

/** Whether nothing but fields is read: no function of the user's gets the record. */
export function readFieldsOnly(aggregates: Aggregates): boolean {
  const specs = 'named' in aggregates ? Object.values(aggregates.named) : [aggregates.single]
  return specs.every(
    (spec) =>
      spec.kind !== 'custom' &&
      spec.fn === undefined &&
      (spec.field === undefined ? spec.kind === 'count' : isOwnName(spec.field)),
  )
}

export function aggregateCode(aggregates: Aggregates): AggregateCode {
  const writer = new CodeWriter()
  const named = 'named' in aggregates ? aggregates.named : { value: aggregates.single }
  const results = Object.entries(named).map(
    ([name, spec]) => `${memberName(name)}: ${writer.aggregate(spec)}`,
  )
  return {
    columns: writer.columns,
    add: writer.addCode(),
    results: results.join(', '),
    bindings: writer.bindings,
  }
}

/** Columns over the values of one field or function. */
interface Input {
  readonly id: number
  readonly read: string
  readonly label: string
  /** Column with the number of values that were not null. */
  readonly count: number
  /** Columns by what they hold. */
  readonly parts: Map<NumberPart, number>
}

type CustomSpec = Extract<AggregateSpec, { readonly kind: 'custom' }>
type FieldSpec = Exclude<AggregateSpec, CustomSpec>
type NumberPart = 'sum' | 'min' | 'max'

class CodeWriter {
  readonly columns: ColumnKind[] = []
  readonly bindings: Record<string, unknown> = { copyValue, badValue }
  readonly #inputs = new Map<unknown, Input>()
  readonly #statements: string[] = []
  #numbers = 0
  #values = 0

  /** Gives the expression of the result. */
  aggregate(spec: AggregateSpec): string {
    if (spec.kind === 'custom') return this.#custom(spec)
    if (spec.kind === 'first' || spec.kind === 'last') return this.#pick(spec)
    if (spec.kind === 'count' && spec.field === undefined && spec.fn === undefined) {
      return numberAt(this.#countRecords())
    }
    const input = this.#inputOf(spec)
    if (spec.kind === 'count') return numberAt(input.count)
    const part = this.#partOf(input, spec.kind === 'mean' ? 'sum' : spec.kind)
    const value = numberAt(part)
    const result = spec.kind === 'mean' ? `${value} / ${numberAt(input.count)}` : value
    return `${numberAt(input.count)} === 0 ? null : ${result}`
  }

  addCode(): string {
    const columns = [...Array(this.#numbers).keys()].map((c) => `n${c} = numbers[${c}]`)
    const head = columns.length === 0 ? '' : `const numbers = table.numbers, ${columns.join(', ')}`
    return [head, ...this.#statements, ...[...this.#inputs.values()].map(takeIn)].join('\n')
  }

  #countRecords(): number {
    const known = this.#inputs.get('records')
    if (known !== undefined) return known.count
    const count = this.#number()
    this.#inputs.set('records', {
      id: this.#inputs.size,
      read: '',
      label: '',
      count,
      parts: new Map(),
    })
    return count
  }

  #inputOf(spec: FieldSpec): Input {
    const identity = spec.fn ?? `field ${spec.field}`
    const known = this.#inputs.get(identity)
    if (known !== undefined) return known
    const input = {
      id: this.#inputs.size,
      read: this.#reader(spec),
      label: spec.field === undefined ? 'the function' : `field '${spec.field}'`,
      count: this.#number(),
      parts: new Map<NumberPart, number>(),
    }
    this.#inputs.set(identity, input)
    return input
  }

  #partOf(input: Input, part: NumberPart): number {
    const known = input.parts.get(part)
    if (known !== undefined) return known
    const column = this.#number()
    input.parts.set(part, column)
    return column
  }

  /** The expression that reads the value of `record`. */
  #reader(spec: FieldSpec): string {
    if (spec.fn === undefined && spec.field === undefined) return 'record'
    if (spec.fn === undefined) return `record[${JSON.stringify(spec.field)}]`
    return `${this.#bind('read', spec.fn)}(record)`
  }

  #pick(spec: FieldSpec): string {
    const column = this.#value()
    const isOpen = spec.kind === 'first' ? `${valueAt(column)} === undefined` : 'true'
    this.#statements.push(`if (${isOpen}) {
  const picked = ${this.#reader(spec)}
  if (picked !== null && picked !== undefined) ${valueAt(column)} = copyValue(picked)
}`)
    return `copyValue(${valueAt(column)} ?? null)`
  }

  /**
   * An accumulator that is an object may keep the record it is given, and `result` may give the
   * accumulator itself: what is held is then neither what came in nor what goes out.
   */
  #custom(spec: CustomSpec): string {
    const column = this.#value()
    const custom = this.#bind('custom', spec)
    const held = `held${column}`
    this.#statements.push(`const ${held} = table.wasAdded ? ${custom}.create() : ${valueAt(column)}
if (typeof ${held} === 'object' && ${held} !== null) {
  ${valueAt(column)} = ${custom}.add(${held}, copyValue(record))
} else {
  ${valueAt(column)} = copyValue(${custom}.add(${held}, record))
}`)
    return `copyValue(${custom}.result(${valueAt(column)}))`
  }

  #bind(word: string, value: unknown): string {
    const name = `${word}${Object.keys(this.bindings).length}`
    this.bindings[name] = value
    return name
  }

  #number(): number {
    this.columns.push('number')
    return this.#numbers++
  }

  #value(): number {
    this.columns.push('value')
    return this.#values++
  }
}

/** Statements that take one input's value into all its columns. */
function takeIn(input: Input): string {
  if (input.read === '') return `n${input.count}[slot] += 1`
  const v = `v${input.id}`
  const count = `n${input.count}[slot]`
  const parts = [...input.parts].map(([part, column]) => {
    const at = `n${column}[slot]`
    if (part === 'sum') return `${at} += ${v}`
    const beats = part === 'min' ? '<' : '>'
    // A NaN beats what is there, and nothing beats a NaN.
    return `if (${count} === 0 || ${v} ${beats} ${at} || ${v} !== ${v}) ${at} = ${v}`
  })
  return `const ${v} = ${input.read}
if (typeof ${v} === 'number') {
  ${parts.join('\n  ')}
  ${count} += 1
} else if (${v} !== null && ${v} !== undefined) badValue(${JSON.stringify(input.label)}, ${v})`
}

function numberAt(column: number): string {
  return `table.numbers[${column}][slot]`
}

function valueAt(column: number): string {
  return `table.values[${column}][slot]`
}

/** In a literal, `__proto__: x` would set the prototype. */
function memberName(name: string): string {
  return name === '__proto__' ? '["__proto__"]' : JSON.stringify(name)
}

function badValue(label: string, value: unknown): never {
  throw new SluiceError(
    'BAD_AGGREGATE_VALUE',
    `an aggregate of ${label} got a ${typeof value}: ${String(value)}`,
    { hint: 'sum, mean, min and max take numbers; give a function that makes one' },
  )
}
