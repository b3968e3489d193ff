/**
 * Entries addressed by (key slot, namespace) with columns of numbers and values: what windows and
 * aggregates keep. The columns are read and written by code generated per operator.
 * Threads: the task that owns the subtask.
 */
import type { ColumnKind, SlotTable } from '../contract.ts'
import { PairTable } from '../pair-table.ts'
import type { HeapKeys } from './heap-keys.ts'

export class HeapSlotTable implements SlotTable {
  readonly #keys: HeapKeys
  readonly #pairs = new PairTable()
  readonly #numbers: Float64Array[]
  readonly #values: unknown[][]

  constructor(keys: HeapKeys, columns: readonly ColumnKind[]) {
    this.#keys = keys
    const capacity = this.#pairs.capacity
    const numbers = columns.filter((kind) => kind === 'number')
    const values = columns.filter((kind) => kind === 'value')
    this.#numbers = numbers.map(() => new Float64Array(capacity))
    this.#values = values.map(() => [])
  }

  get size(): number {
    return this.#pairs.size
  }

  get numbers(): readonly Float64Array[] {
    return this.#numbers
  }

  get values(): readonly unknown[][] {
    return this.#values
  }

  get wasAdded(): boolean {
    return this.#pairs.wasAdded
  }

  slot(namespace: number): number {
    const keySlot = this.#keys.slot
    const slot = this.#pairs.findOrAdd(keySlot, namespace)
    if (this.#pairs.wasAdded) this.#added(keySlot, slot)
    return slot
  }

  find(namespace: number): number {
    return this.#pairs.find(this.#keys.slot, namespace)
  }

  remove(slot: number): void {
    const keySlot = this.#pairs.firstOf(slot)
    this.#pairs.remove(slot)
    for (const column of this.#numbers) column[slot] = 0
    for (const column of this.#values) column[slot] = undefined
    this.#keys.drop(keySlot)
  }

  namespaceOf(slot: number): number {
    return this.#pairs.secondOf(slot)
  }

  keyOf(slot: number): unknown {
    return this.#keys.keyOf(this.#pairs.firstOf(slot))
  }

  #added(keySlot: number, slot: number): void {
    this.#keys.hold(keySlot)
    const capacity = this.#pairs.capacity
    for (let c = 0; c < this.#numbers.length; c++) {
      if (this.#numbers[c]!.length < capacity) this.#numbers[c] = grown(this.#numbers[c]!, capacity)
    }
    for (const column of this.#values) if (slot === column.length) column.push(undefined)
  }
}

function grown(column: Float64Array, capacity: number): Float64Array {
  const copy = new Float64Array(capacity)
  copy.set(column)
  return copy
}
