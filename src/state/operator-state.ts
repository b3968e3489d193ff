/**
 * Operator state: lists that belong to a subtask, not to a key, and are dealt out anew when the
 * parallelism changes.
 * Threads: the task that owns the subtask.
 */
import { ValueCodec } from '../codec/blob.ts'
import { copyValue } from '../codec/copy.ts'
import type { ListState, OperatorListSnapshot, OperatorState } from './contract.ts'
import { damaged, notEncodable } from './state-errors.ts'

export class HeapOperatorState implements OperatorState {
  readonly #lists = new Map<string, OperatorList<unknown>>()
  readonly #codec = new ValueCodec()

  /** The list of that name, the same one at every call. */
  list<T>(name: string): ListState<T> {
    return this.#listOf(name) as ListState<unknown> as ListState<T>
  }

  snapshot(): readonly OperatorListSnapshot[] {
    return Array.from(this.#lists, ([name, list]) => ({
      name,
      items: Array.from(list, (item) => this.#encode(name, item)),
    }))
  }

  restore({ name, items }: OperatorListSnapshot): void {
    const list = this.#listOf(name)
    for (const item of items) list.take(this.#decode(name, item))
  }

  #listOf(name: string): OperatorList<unknown> {
    let list = this.#lists.get(name)
    if (list === undefined) this.#lists.set(name, (list = new OperatorList()))
    return list
  }

  #encode(name: string, item: unknown): Uint8Array {
    try {
      return this.#codec.encode(item)
    } catch (cause) {
      throw notEncodable(name, cause as Error)
    }
  }

  #decode(name: string, item: Uint8Array): unknown {
    // A Buffer would make items that are bytes come back as Buffers.
    const bytes = new Uint8Array(item.buffer, item.byteOffset, item.byteLength)
    try {
      return this.#codec.decode(bytes, 0, bytes.length)
    } catch (cause) {
      throw damaged(`an item of list '${name}': ${(cause as Error).message}`, cause)
    }
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

  /** An item that nobody else has. */
  take(value: T): void {
    this.#values.push(value)
  }

  clear(): void {
    this.#values = []
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#values[Symbol.iterator]()
  }
}
