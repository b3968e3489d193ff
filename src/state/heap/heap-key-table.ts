/**
 * A slot table with one entry a key: its slots are those of the keys, so that no second lookup is
 * needed. What running aggregates keep. Stored as any other table, under the namespace 0.
 * Threads: the task that owns the subtask.
 */
import { assert } from '../../base/assert.ts'
import type { ByteReader, ByteWriter } from '../../codec/byte-stream.ts'
import type { ColumnKind, KeyedStore, KeyTable } from '../contract.ts'
import { withRoom } from '../growing-array.ts'
import { damaged } from '../state-errors.ts'
import type { StateValues } from '../state-values.ts'
import { grownColumn } from './grown-column.ts'
import type { HeapKeys, SlotColumn } from './heap-keys.ts'
import type { HeapParts } from './heap-parts.ts'
import type { TrackedStore } from './tracked-store.ts'

const ONLY = 0
const NONE = -1

export class HeapKeyTable implements KeyTable, SlotColumn, KeyedStore {
  readonly name: string
  readonly detail: string
  readonly comesLate = true
  wasAdded = false
  readonly numbers: Float64Array[]
  readonly values: unknown[][]
  readonly #keys: HeapKeys
  readonly #codec: StateValues
  readonly #snapshots: TrackedStore
  #isUsed = new Uint8Array(0)

  constructor(parts: HeapParts, name: string, columns: readonly ColumnKind[]) {
    this.name = name
    this.detail = columns.join(', ')
    this.#keys = parts.keys
    this.#codec = parts.values
    this.numbers = columns.filter((kind) => kind === 'number').map(() => new Float64Array(0))
    this.values = columns.filter((kind) => kind === 'value').map(() => [])
    this.#snapshots = parts.track('table', this)
    parts.keys.addColumn(this)
  }

  slot(namespace: number): number {
    if (namespace !== ONLY) assert(false, 'a table of keys has the namespace 0 only')
    const slot = this.#keys.slot
    this.wasAdded = this.#isUsed[slot] !== 1
    if (this.wasAdded) this.#add(slot)
    else this.#snapshots.changing(slot)
    return slot
  }

  find(namespace: number): number {
    const slot = this.#keys.slot
    if (namespace !== ONLY || this.#isUsed[slot] !== 1) return NONE
    this.#snapshots.changing(slot)
    return slot
  }

  touch(slot: number): void {
    this.#snapshots.changing(slot)
  }

  remove(slot: number): void {
    if (!this.isUsed(slot)) assert(false, `slot ${slot} is not in use`)
    this.#snapshots.changing(slot)
    this.#isUsed[slot] = 0
    for (const column of this.numbers) column[slot] = 0
    for (const column of this.values) column[slot] = undefined
    this.#keys.drop(slot)
  }

  namespaceOf(): number {
    return ONLY
  }

  keyOf(slot: number): unknown {
    return this.#keys.keyOf(slot)
  }

  get slotEnd(): number {
    return this.#keys.slotEnd
  }

  isUsed(slot: number): boolean {
    return this.#isUsed[slot] === 1
  }

  keySlotOf(slot: number): number {
    return slot
  }

  write(slot: number, out: ByteWriter): void {
    out.float64(ONLY)
    for (const column of this.numbers) out.float64(column[slot]!)
    for (const column of this.values) this.#codec.write(out, column[slot], this.name)
  }

  read(from: ByteReader): void {
    if (from.float64() !== ONLY) throw damaged(`table '${this.name}' has a window`)
    const slot = this.slot(ONLY)
    if (!this.wasAdded) throw damaged(`table '${this.name}' has an entry twice`)
    for (const column of this.numbers) column[slot] = from.float64()
    for (const column of this.values) column[slot] = this.#codec.read(from)
  }

  skip(from: ByteReader): void {
    for (let left = 1 + this.numbers.length; left > 0; left--) from.float64()
    for (let left = this.values.length; left > 0; left--) this.#codec.skip(from)
  }

  fetch(slots: Int32Array, count: number): number {
    const isUsed = this.#isUsed
    let seen = 0
    for (let k = 0; k < count; k++) if (slots[k]! >= 0) seen ^= isUsed[slots[k]!]!
    for (const column of this.numbers) {
      for (let k = 0; k < count; k++) if (slots[k]! >= 0) seen ^= column[slots[k]!]! | 0
    }
    return seen
  }

  grow(slots: number): void {
    this.#isUsed = withRoom(this.#isUsed, slots)
    for (let c = 0; c < this.numbers.length; c++) {
      this.numbers[c] = withRoom(this.numbers[c]!, slots)
    }
    for (let c = 0; c < this.values.length; c++) {
      this.values[c] = grownColumn(this.values[c]!, slots)
    }
  }

  #add(slot: number): void {
    this.#snapshots.added(slot)
    this.#isUsed[slot] = 1
    this.#keys.hold(slot)
  }
}
