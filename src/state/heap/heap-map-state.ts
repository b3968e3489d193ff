/**
 * A map state. All entries of all keys lie in one byte table under (owner, map key), and each
 * owner's entries are linked in the order of their insertion. The owner is the key's slot, which
 * stands for (key group, key); map state of windows will give a slot of (key, namespace) instead.
 * Threads: the task that owns the subtask.
 */
import type { ByteReader, ByteWriter } from '../../codec/byte-stream.ts'
import { decodeKey, KeyEncoder } from '../../codec/canonical-key.ts'
import { copyValue, detachStrings } from '../../codec/copy.ts'
import { murmur3 } from '../../codec/murmur.ts'
import { ByteTable } from '../byte-table.ts'
import type { KeyedStore, MapState } from '../contract.ts'
import { EntryLists } from '../entry-lists.ts'
import { withRoom } from '../growing-array.ts'
import { damaged } from '../state-errors.ts'
import type { StateValues } from '../state-values.ts'
import type { HeapKeys, SlotColumn } from './heap-keys.ts'
import type { HeapParts } from './heap-parts.ts'
import type { TrackedStore } from './tracked-store.ts'

export class HeapMapState<K, V> implements MapState<K, V>, SlotColumn, KeyedStore {
  readonly name: string
  readonly detail = ''
  readonly comesLate = true
  readonly #keys: HeapKeys
  readonly #codec: StateValues
  readonly #snapshots: TrackedStore
  readonly #encoder = new KeyEncoder()
  readonly #table: ByteTable
  readonly #values: unknown[] = []
  readonly #lists = new EntryLists()
  /** When an entry was inserted, as a number that only grows: so its order survives a restore. */
  #sequences = new Float64Array(0)
  #nextSequence = 0
  /** Owners whose restored entries are not linked in their order yet. */
  readonly #unsorted = new Set<number>()

  constructor(parts: HeapParts, name: string) {
    this.name = name
    this.#keys = parts.keys
    this.#table = new ByteTable(parts.growth)
    this.#codec = parts.values
    this.#snapshots = parts.track('map', this)
    parts.keys.addColumn(this)
  }

  get size(): number {
    return this.#lists.count(this.#keys.slot)
  }

  get(key: K): V | undefined {
    const entry = this.#find(key)
    return entry < 0 ? undefined : this.#handOut(entry)
  }

  has(key: K): boolean {
    return this.#find(key) >= 0
  }

  set(key: K, value: V): void {
    const owner = this.#keys.slot
    const encoder = this.#encoder
    encoder.encode(key)
    const hash = hashOf(encoder.bytes, 0, encoder.length, owner)
    const entry = this.#table.findOrAdd(owner, encoder.bytes, 0, encoder.length, hash)
    if (this.#table.wasAdded) this.#added(owner, entry)
    else this.#snapshots.changing(entry)
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
    if (this.#unsorted.delete(owner)) this.#sort(owner)
    for (const entry of this.#lists.entries(owner)) {
      if (!this.#table.isUsed(entry) || this.#table.prefixOf(entry) !== owner) continue
      yield [this.#keyOf(entry), this.#handOut(entry)]
    }
  }

  get slotEnd(): number {
    return this.#table.slotEnd
  }

  isUsed(entry: number): boolean {
    return this.#table.isUsed(entry)
  }

  keySlotOf(entry: number): number {
    return this.#table.prefixOf(entry)
  }

  write(entry: number, out: ByteWriter): void {
    const table = this.#table
    out.float64(this.#sequences[entry]!)
    out.sized(table.keyBytes(entry), table.keyFrom(entry), table.keyTo(entry))
    this.#codec.write(out, this.#values[entry], this.name)
  }

  read(from: ByteReader): void {
    const owner = this.#keys.slot
    const sequence = from.float64()
    const keyFrom = from.sized()
    const hash = hashOf(from.bytes, keyFrom, from.at, owner)
    const entry = this.#table.findOrAdd(owner, from.bytes, keyFrom, from.at, hash)
    if (!this.#table.wasAdded) throw damaged(`map '${this.name}' has two values of one key`)
    this.#snapshots.added(entry)
    if (!this.#follows(owner, sequence)) this.#unsorted.add(owner)
    this.#link(owner, entry, sequence)
    this.#values[entry] = this.#codec.read(from)
    this.#nextSequence = Math.max(this.#nextSequence, sequence + 1)
  }

  skip(from: ByteReader): void {
    from.float64()
    from.sized()
    this.#codec.skip(from)
  }

  /** Whether an entry inserted then comes after all that the owner has. */
  #follows(owner: number, sequence: number): boolean {
    const lists = this.#lists
    return lists.count(owner) === 0 || sequence > this.#sequences[lists.last(owner)]!
  }

  #sort(owner: number): void {
    const sequences = this.#sequences
    const entries = this.#lists.entries(owner)
    this.#lists.reorder(
      owner,
      entries.sort((a, b) => sequences[a]! - sequences[b]!),
    )
  }

  #handOut(entry: number): V {
    const value = this.#values[entry]
    if (typeof value === 'object') this.#snapshots.changing(entry)
    return value as V
  }

  grow(slots: number): void {
    this.#lists.growLists(slots)
  }

  #find(key: K): number {
    const owner = this.#keys.slot
    const encoder = this.#encoder
    encoder.encode(key)
    const hash = hashOf(encoder.bytes, 0, encoder.length, owner)
    return this.#table.find(owner, encoder.bytes, 0, encoder.length, hash)
  }

  #keyOf(entry: number): K {
    const table = this.#table
    return decodeKey(table.keyBytes(entry), table.keyFrom(entry), table.keyTo(entry)) as K
  }

  #added(owner: number, entry: number): void {
    this.#snapshots.added(entry)
    this.#link(owner, entry, this.#nextSequence++)
  }

  #link(owner: number, entry: number, sequence: number): void {
    if (entry === this.#values.length) this.#values.push(undefined)
    if (this.#sequences.length < this.#table.capacity) this.#growEntries()
    this.#sequences[entry] = sequence
    this.#lists.append(owner, entry)
    if (this.#lists.count(owner) === 1) this.#keys.hold(owner)
  }

  #growEntries(): void {
    const { capacity } = this.#table
    this.#lists.growEntries(capacity)
    this.#sequences = withRoom(this.#sequences, capacity)
  }

  #remove(owner: number, entry: number): void {
    this.#snapshots.changing(entry)
    this.#table.remove(entry)
    this.#values[entry] = undefined
    this.#lists.remove(owner, entry)
    if (this.#lists.count(owner) === 0) this.#keys.drop(owner)
  }
}

function hashOf(bytes: Uint8Array, from: number, to: number, owner: number): number {
  return (murmur3(bytes, from, to) ^ Math.imul(owner + 1, 0x85ebca6b)) | 0
}
