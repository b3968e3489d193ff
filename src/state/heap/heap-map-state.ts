/**
 * A map state. All entries of all keys lie in one byte table under (owner, map key), and each
 * owner's entries are linked in the order of their insertion. The owner is the key's slot, which
 * stands for (key group, key); map state of windows will give a slot of (key, namespace) instead.
 * Threads: the task that owns the subtask.
 */
import { decodeKey, KeyEncoder } from '../../codec/canonical-key.ts'
import { copyValue, detachStrings } from '../../codec/copy.ts'
import { murmur3 } from '../../codec/murmur.ts'
import { ByteTable } from '../byte-table.ts'
import type { MapState } from '../contract.ts'
import { EntryLists } from '../entry-lists.ts'
import type { HeapKeys, SlotColumn } from './heap-keys.ts'

export class HeapMapState<K, V> implements MapState<K, V>, SlotColumn {
  readonly #keys: HeapKeys
  readonly #encoder = new KeyEncoder()
  readonly #table = new ByteTable()
  readonly #values: unknown[] = []
  readonly #lists = new EntryLists()

  constructor(keys: HeapKeys) {
    this.#keys = keys
    keys.addColumn(this)
  }

  get size(): number {
    return this.#lists.count(this.#keys.slot)
  }

  get(key: K): V | undefined {
    const entry = this.#find(key)
    return entry < 0 ? undefined : (this.#values[entry] as V)
  }

  has(key: K): boolean {
    return this.#find(key) >= 0
  }

  set(key: K, value: V): void {
    const owner = this.#keys.slot
    const encoder = this.#encoder
    encoder.encode(key)
    const hash = this.#hash(owner)
    const entry = this.#table.findOrAdd(owner, encoder.bytes, 0, encoder.length, hash)
    if (this.#table.wasAdded) this.#added(owner, entry)
    // An object that is held already, changed in place, is not copied again.
    if (typeof value === 'object' && this.#values[entry] === value) detachStrings(value)
    else this.#values[entry] = copyValue(value)
  }

  delete(key: K): void {
    const entry = this.#find(key)
    if (entry >= 0) this.#remove(this.#keys.slot, entry)
  }

  clear(): void {
    const owner = this.#keys.slot
    for (let left = this.#lists.count(owner); left > 0; left--) {
      this.#remove(owner, this.#lists.first(owner))
    }
  }

  /**
   * In order of insertion. Changes on the way are allowed, as with a Map: what is removed before
   * it is reached is not visited; what is added on the way may or may not be.
   */
  *[Symbol.iterator](): Iterator<[K, V]> {
    const owner = this.#keys.slot
    for (const entry of this.#lists.entries(owner)) {
      if (!this.#table.isUsed(entry) || this.#table.prefixOf(entry) !== owner) continue
      yield [this.#keyOf(entry), this.#values[entry] as V]
    }
  }

  grow(capacity: number): void {
    this.#lists.growLists(capacity)
  }

  #find(key: K): number {
    const owner = this.#keys.slot
    const encoder = this.#encoder
    encoder.encode(key)
    return this.#table.find(owner, encoder.bytes, 0, encoder.length, this.#hash(owner))
  }

  #hash(owner: number): number {
    const hash = murmur3(this.#encoder.bytes, 0, this.#encoder.length)
    return (hash ^ Math.imul(owner + 1, 0x85ebca6b)) | 0
  }

  #keyOf(entry: number): K {
    const table = this.#table
    return decodeKey(table.keyBytes(entry), table.keyFrom(entry), table.keyTo(entry)) as K
  }

  #added(owner: number, entry: number): void {
    if (entry === this.#values.length) this.#values.push(undefined)
    this.#lists.growEntries(this.#table.capacity)
    this.#lists.append(owner, entry)
    if (this.#lists.count(owner) === 1) this.#keys.hold(owner)
  }

  #remove(owner: number, entry: number): void {
    this.#table.remove(entry)
    this.#values[entry] = undefined
    this.#lists.remove(owner, entry)
    if (this.#lists.count(owner) === 0) this.#keys.drop(owner)
  }
}
