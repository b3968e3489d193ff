/**
 * The kinds that have no object of their own, since the chain compiler inlines them, as operators
 * that a harness can drive. Threads: the test's.
 */
import type { Operator, Output } from '../operator/contract.ts'
import type { OperatorSpec } from '../operator/spec.ts'

type Apply = (record: unknown, emit: (result: unknown) => void) => void

/** Undefined for the kinds that are no functions of a record. */
export function statelessOperator(spec: OperatorSpec): Operator | undefined {
  const apply = applyOf(spec)
  if (apply === undefined) return undefined
  let output: Output | undefined
  return {
    open: (context) => {
      output = context.output
    },
    process: (record, timeMs) => apply(record, (result) => output?.emit(result, timeMs)),
  }
}

function applyOf(spec: OperatorSpec): Apply | undefined {
  switch (spec.kind) {
    case 'map':
      return (record, emit) => emit(spec.fn(record))
    case 'filter':
      return (record, emit) => spec.fn(record) && emit(record)
    case 'flatMap':
      return (record, emit) => {
        for (const result of spec.fn(record)) emit(result)
      }
    case 'pick':
      return (record, emit) => emit(picked(record as Record<string, unknown>, spec.fields))
    default:
      return undefined
  }
}

function picked(record: Record<string, unknown>, fields: readonly string[]): object {
  return Object.fromEntries(fields.map((field) => [field, record[field]]))
}
