/**
 * A list state: one array a key that holds any.
 * Threads: the task that owns the subtask.
 */
import { copyValue } from '../../codec/copy.ts'
import type { ListState } from '../contract.ts'
import type { HeapKeys, SlotColumn } from './heap-keys.ts'

export class HeapListState<T> implements ListState<T>, SlotColumn {
  readonly #keys: HeapKeys
  readonly #lists: (T[] | undefined)[] = []

  constructor(keys: HeapKeys) {
    this.#keys = keys
    keys.addColumn(this)
  }

  get size(): number {
    return this.#lists[this.#keys.slot]?.length ?? 0
  }

  add(value: T): void {
    const slot = this.#keys.slot
    const list = this.#lists[slot]
    if (list !== undefined) {
      list.push(copyValue(value) as T)
      return
    }
    this.#lists[slot] = [copyValue(value) as T]
    this.#keys.hold(slot)
  }

  clear(): void {
    const slot = this.#keys.slot
    if (this.#lists[slot] === undefined) return
    this.#lists[slot] = undefined
    this.#keys.drop(slot)
  }

  [Symbol.iterator](): Iterator<T> {
    return (this.#lists[this.#keys.slot] ?? [])[Symbol.iterator]()
  }

  grow(capacity: number): void {
    while (this.#lists.length < capacity) this.#lists.push(undefined)
  }
}
