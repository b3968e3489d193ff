/**
 * Keeps the records of each key and window and hands them to a user's function at the end.
 * Threads: the task.
 */
import { copyValue } from '../codec/copy.ts'
import type { Operator } from './contract.ts'
import type { KeySelector, UserFunction, WindowSpec } from './spec.ts'
import { WindowOperator } from './window-operator.ts'

export function windowProcess(
  window: WindowSpec,
  fn: UserFunction,
  key: KeySelector | undefined,
): Operator {
  // A window that may fire again keeps its records; the function gets, and may change, a copy.
  const records = window.allowedLatenessMs > 0 ? 'copyValue(records)' : 'records'
  return new WindowOperator({
    window,
    key,
    code: () => ({
      columns: ['value'],
      add: `const records = table.values[0]
if (table.wasAdded) records[slot] = [copyValue(record)]
else records[slot].push(copyValue(record))`,
      fire: `const records = table.values[0][slot], timeMs = window.end - 1
fn(key, window, ${records}, (result) => { output.emit(result, timeMs) })`,
      bindings: { fn, copyValue },
    }),
  })
}
