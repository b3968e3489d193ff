/**
 * Operator state: lists that belong to a subtask, not to a key, and are dealt out anew when the
 * parallelism changes.
 * Threads: the task that owns the subtask.
 */
import { copyValue } from '../codec/copy.ts'
import type { ListState, OperatorState } from './contract.ts'

export class HeapOperatorState implements OperatorState {
  readonly #lists = new Map<string, OperatorList<unknown>>()

  /** The list of that name, the same one at every call. */
  list<T>(name: string): ListState<T> {
    let list = this.#lists.get(name)
    if (list === undefined) this.#lists.set(name, (list = new OperatorList()))
    return list as ListState<unknown> as ListState<T>
  }
}

class OperatorList<T> implements ListState<T> {
  #values: T[] = []

  get size(): number {
    return this.#values.length
  }

  add(value: T): void {
    this.#values.push(copyValue(value) as T)
  }

  clear(): void {
    this.#values = []
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#values[Symbol.iterator]()
  }
}
