/**
 * Combines each record with what the key's records before it gave, and emits the result.
 * Threads: the task.
 */
import { assert } from '../base/assert.ts'
import { copyValue } from '../codec/copy.ts'
import { compile, keyExpression, notOpen } from './compile.ts'
import type { Operator, OperatorContext } from './contract.ts'
import type { KeySelector, UserFunction } from './spec.ts'

export class ReduceOperator implements Operator {
  readonly setsKeyFirst = true
  process: (record: unknown, timeMs: number) => void = notOpen
  readonly #fn: UserFunction
  readonly #key: KeySelector | undefined

  constructor(fn: UserFunction, key: KeySelector | undefined) {
    this.#fn = fn
    this.#key = key
  }

  open(context: OperatorContext): void {
    const { keyed, output, operatorId } = context
    assert(keyed !== undefined, 'a keyed operator needs keyed state')
    const key = keyExpression(this.#key)
    const state = keyed.value({ name: 'reduced', kind: 'value' })
    this.process = compile({
      name: `${operatorId}-reduce`,
      // What is emitted belongs to its receiver, so it is never what state holds.
      code: `return (record, timeMs) => {
  keyed.setKey(${key.code})
  const held = state.get()
  const reduced = held === undefined ? record : fn(held, record)
  state.set(reduced)
  output.emit(reduced === held ? copyValue(reduced) : reduced, timeMs)
}`,
      bindings: { ...key.bindings, keyed, output, state, fn: this.#fn, copyValue },
    })
  }
}
