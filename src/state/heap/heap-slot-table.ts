/**
 * Entries addressed by (key slot, namespace) with columns of numbers and values: what windows and
 * aggregates keep. The columns are read and written by code generated per operator.
 * Threads: the task that owns the subtask.
 */
import type { ByteReader, ByteWriter } from '../../codec/byte-stream.ts'
import type { ColumnKind, KeyedStore, SlotTable } from '../contract.ts'
import { withRoom } from '../growing-array.ts'
import { PairTable } from '../pair-table.ts'
import { damaged } from '../state-errors.ts'
import type { StateValues } from '../state-values.ts'
import type { HeapKeys } from './heap-keys.ts'
import type { HeapParts } from './heap-parts.ts'
import type { TrackedStore } from './tracked-store.ts'

export class HeapSlotTable implements SlotTable, KeyedStore {
  readonly name: string
  readonly detail: string
  readonly #keys: HeapKeys
  readonly #codec: StateValues
  readonly #snapshots: TrackedStore
  readonly #pairs: PairTable
  readonly #numbers: Float64Array[]
  readonly #values: unknown[][]

  constructor(parts: HeapParts, name: string, columns: readonly ColumnKind[]) {
    this.name = name
    this.detail = columns.join(', ')
    this.#keys = parts.keys
    this.#pairs = new PairTable(parts.growth)
    this.#codec = parts.values
    this.#snapshots = parts.track('table', this)
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
    else this.#snapshots.changing(slot)
    return slot
  }

  find(namespace: number): number {
    const slot = this.#pairs.find(this.#keys.slot, namespace)
    if (slot >= 0) this.touch(slot)
    return slot
  }

  touch(slot: number): void {
    this.#snapshots.changing(slot)
  }

  remove(slot: number): void {
    this.touch(slot)
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

  forEach(visit: (slot: number) => void): void {
    for (let slot = 0; slot < this.#pairs.slotEnd; slot++) {
      if (!this.#pairs.isUsed(slot)) continue
      this.#keys.setSlot(this.#pairs.firstOf(slot))
      visit(slot)
    }
    this.#keys.leave()
  }

  get slotEnd(): number {
    return this.#pairs.slotEnd
  }

  isUsed(slot: number): boolean {
    return this.#pairs.isUsed(slot)
  }

  keySlotOf(slot: number): number {
    return this.#pairs.firstOf(slot)
  }

  write(slot: number, out: ByteWriter): void {
    out.float64(this.#pairs.secondOf(slot))
    for (const column of this.#numbers) out.float64(column[slot]!)
    for (const column of this.#values) this.#codec.write(out, column[slot], this.name)
  }

  read(from: ByteReader): void {
    const slot = this.slot(from.float64())
    if (!this.#pairs.wasAdded) throw damaged(`table '${this.name}' has an entry twice`)
    for (const column of this.#numbers) column[slot] = from.float64()
    for (const column of this.#values) column[slot] = this.#codec.read(from)
  }

  skip(from: ByteReader): void {
    for (let left = 1 + this.#numbers.length; left > 0; left--) from.float64()
    for (let left = this.#values.length; left > 0; left--) this.#codec.skip(from)
  }

  #added(keySlot: number, slot: number): void {
    this.#snapshots.added(slot)
    this.#keys.hold(keySlot)
    const capacity = this.#pairs.capacity
    for (let c = 0; c < this.#numbers.length; c++) {
      this.#numbers[c] = withRoom(this.#numbers[c]!, capacity)
    }
    for (const column of this.#values) if (slot === column.length) column.push(undefined)
  }
}
