/**
 * Running aggregates per key: emits the key's new results after each record, as Flink's do.
 * Threads: the task.
 */
import { assert } from '../base/assert.ts'
import { aggregateCode, readFieldsOnly } from './aggregates.ts'
import { compile, keyExpression, keyIsField, keyIsOwnField, notOpen } from './compile.ts'
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
    this.readsFieldsOnly = keyIsOwnField(key) && readFieldsOnly(aggregates)
    this.#key = key
  }

  open(context: OperatorContext): void {
    const { keyed, output, operatorId } = context
    assert(keyed !== undefined, 'a keyed operator needs keyed state')
    const key = keyExpression(this.#key)
    // To decode a text from the table would cost more than all the rest; a function that is given
    // the record may change it.
    const text = keyIsField(this.#key) ? `const text = ${key.code}` : ''
    const emitted = text === '' ? 'keyed.key' : `typeof text === 'string' ? text : keyed.key`
    const aggregates = aggregateCode(this.#aggregates)
    const table = keyed.keyTable('aggregates', aggregates.columns)
    this.process = compile({
      name: `${operatorId}-aggregate`,
      code: `return (record, timeMs) => {
  ${text}
  if (!keyed.setExpectedKey()) keyed.setKey(${key.code})
  const slot = table.slot(0)
  ${aggregates.add}
  output.emit({ key: ${emitted}, ${aggregates.results} }, timeMs)
}`,
      bindings: { ...key.bindings, ...aggregates.bindings, keyed, output, table },
    })
  }
}
