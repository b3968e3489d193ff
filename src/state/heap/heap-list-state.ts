/**
 * A list state: one array a key that holds any.
 * Threads: the task that owns the subtask.
 */
import type { ByteReader, ByteWriter } from '../../codec/byte-stream.ts'
import { copyValue } from '../../codec/copy.ts'
import type { KeyedStore, ListState } from '../contract.ts'
import { damaged } from '../state-errors.ts'
import type { StateValues } from '../state-values.ts'
import { grownColumn } from './grown-column.ts'
import type { HeapKeys, SlotColumn } from './heap-keys.ts'
import type { HeapParts } from './heap-parts.ts'
import type { TrackedStore } from './tracked-store.ts'

export class HeapListState<T> implements ListState<T>, SlotColumn, KeyedStore {
  readonly name: string
  readonly detail = ''
  readonly comesLate = true
  readonly #keys: HeapKeys
  readonly #codec: StateValues
  readonly #snapshots: TrackedStore
  #lists: (T[] | undefined)[] = []

  constructor(parts: HeapParts, name: string) {
    this.name = name
    this.#keys = parts.keys
    this.#codec = parts.values
    this.#snapshots = parts.track('list', this)
    parts.keys.addColumn(this)
  }

  get size(): number {
    return this.#lists[this.#keys.slot]?.length ?? 0
  }

  add(value: T): void {
    const slot = this.#keys.slot
    const list = this.#lists[slot]
    if (list !== undefined) {
      this.#snapshots.changing(slot)
      list.push(copyValue(value) as T)
      return
    }
    this.#snapshots.added(slot)
    this.#lists[slot] = [copyValue(value) as T]
    this.#keys.hold(slot)
  }

  clear(): void {
    const slot = this.#keys.slot
    if (this.#lists[slot] === undefined) return
    this.#snapshots.changing(slot)
    this.#lists[slot] = undefined
    this.#keys.drop(slot)
  }

  [Symbol.iterator](): Iterator<T> {
    const slot = this.#keys.slot
    const list = this.#lists[slot]
    if (list === undefined) return [][Symbol.iterator]()
    this.#snapshots.changing(slot)
    return list[Symbol.iterator]()
  }

  get slotEnd(): number {
    return this.#keys.slotEnd
  }

  isUsed(slot: number): boolean {
    return this.#lists[slot] !== undefined
  }

  keySlotOf(slot: number): number {
    return slot
  }

  write(slot: number, out: ByteWriter): void {
    const list = this.#lists[slot]!
    out.varint(list.length)
    for (let i = 0; i < list.length; i++) this.#codec.write(out, list[i], this.name)
  }

  read(from: ByteReader): void {
    const slot = this.#keys.slot
    if (this.#lists[slot] !== undefined) throw damaged(`state '${this.name}' has a list twice`)
    this.#snapshots.added(slot)
    const list: T[] = []
    for (let left = from.varint(); left > 0; left--) list.push(this.#codec.read(from) as T)
    this.#lists[slot] = list
    this.#keys.hold(slot)
  }

  skip(from: ByteReader): void {
    for (let left = from.varint(); left > 0; left--) this.#codec.skip(from)
  }

  grow(slots: number): void {
    this.#lists = grownColumn(this.#lists, slots)
  }
}
