/**
 * Running aggregates per key: emits the key's new results after each record, as Flink's do.
 * Threads: the task.
 */
import { assert } from '../base/assert.ts'
import { aggregateCode, readFieldsOnly } from './aggregates.ts'
import { compile, keyExpression, keyIsField, notOpen } from './compile.ts'
import type { Operator, OperatorContext } from './contract.ts'
import type { Aggregates, KeySelector } from './spec.ts'

export class AggregateOperator implements Operator {
  readonly setsKeyFirst = true
  process: (record: unknown, timeMs: number) => void = notOpen
  readonly readsFieldsOnly: boolean
  readonly #aggregates: Aggregates
  readonly #key: KeySelector | undefined

  constructor(aggregates: Aggregates, key: KeySelector | undefined) {
    this.#aggregates = aggregates
    this.readsFieldsOnly = keyIsField(key) && readFieldsOnly(aggregates)
    this.#key = key
  }

  open(context: OperatorContext): void {
    const { keyed, output, operatorId } = context
    assert(keyed !== undefined, 'a keyed operator needs keyed state')
    const key = keyExpression(this.#key)
    const aggregates = aggregateCode(this.#aggregates)
    const table = keyed.keyTable('aggregates', aggregates.columns)
    this.process = compile({
      name: `${operatorId}-aggregate`,
      code: `return (record, timeMs) => {
  if (!keyed.setExpectedKey()) keyed.setKey(${key.code})
  const slot = table.slot(0)
  ${aggregates.add}
  output.emit({ key: ${emittedKey(this.#key, key.code)}, ${aggregates.results} }, timeMs)
}`,
      bindings: { ...key.bindings, ...aggregates.bindings, keyed, output, table },
    })
  }
}

/** A text is at hand in its field: to decode it from the table costs more than all the rest. */
function emittedKey(key: KeySelector | undefined, code: string): string {
  return keyIsField(key) ? `typeof ${code} === 'string' ? ${code} : keyed.key` : 'keyed.key'
}
