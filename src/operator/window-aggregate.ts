/**
 * Aggregates per key and window, taken in record by record: a window costs its columns, however
 * many records it has. Emits { key, window, ...results }, or { key, window, value } for a single
 * custom aggregate, at the window's last millisecond.
 * Threads: the task.
 */
import { aggregateCode, readFieldsOnly } from './aggregates.ts'
import type { Operator } from './contract.ts'
import type { Aggregates, KeySelector, WindowSpec } from './spec.ts'
import { WindowOperator } from './window-operator.ts'

export function windowAggregate(
  window: WindowSpec,
  aggregates: Aggregates,
  key: KeySelector | undefined,
): Operator {
  const { columns, add, results, bindings } = aggregateCode(aggregates)
  const fire = `output.emit({ key, window, ${results} }, window.end - 1)`
  return new WindowOperator({
    window,
    key,
    readsFieldsOnly: readFieldsOnly(aggregates),
    code: () => ({ columns, add, fire, bindings }),
  })
}
