/**
 * The keys of one keyed operator subtask: each gets a dense slot number by which every state's
 * column is addressed, so that a record costs one lookup however many states it touches. A key
 * is held as its canonical bytes alone; as a value it is decoded where somebody asks for it.
 * A slot lives as long as something holds it: a value, a list, an entry, a timer.
 * Threads: the task that owns the subtask.
 */
import { assert } from '../../base/assert.ts'
import type { ByteWriter } from '../../codec/byte-stream.ts'
import { decodeKey, KeyEncoder } from '../../codec/canonical-key.ts'
import type { CodedTexts } from '../../codec/coded-texts.ts'
import type { KeyBatch } from '../../codec/key-batch.ts'
import { KEY_BATCH_MAX } from '../../codec/key-batch.ts'
import { keyGroupOf } from '../../codec/key-groups.ts'
import { murmur3 } from '../../codec/murmur.ts'
import { NOT_SHORT, ShortKey } from '../../codec/short-key.ts'
import { ByteTable } from '../byte-table.ts'
import type { KeyedStateOptions } from '../contract.ts'
import { withRoom } from '../growing-array.ts'

/** A column addressed by key slot: told before slots are used for which it may have no room. */
export interface SlotColumn {
  grow(slots: number): void
  /** Reads what it holds of slots that will be asked for soon (-1: none); returns anything. */
  fetch?(slots: Int32Array, count: number): number
}

/** Has state of keys that are not in the table yet. */
export interface KeyLoader {
  /** Before a key of the group is looked for that may not be in the table. */
  load(keyGroup: number): void
}

/** Decoded keys are kept for the first slots only, so that millions of keys are no heap objects. */
const DECODED_KEYS_MAX = 1 << 16
/** Columns are told of so many slots at a time: some must write what they begin with. */
const ROOM_MIN = 64
const ROOM_STEP = 1 << 14
/** Equal to no key. */
const UNKNOWN = Symbol('unknown')
const NONE = -1
/** What so many slots hold is in a processor's cache as likely as not. */
const CACHED_SLOTS_MAX = 1 << 16

export class HeapKeys {
  /** The current key's slot, -1 while there is none. */
  slot = NONE
  loader: KeyLoader | undefined
  readonly #options: KeyedStateOptions
  readonly #encoder = new KeyEncoder()
  readonly #short = new ShortKey()
  readonly #table: ByteTable
  readonly #columns: SlotColumn[] = []
  readonly #decoded: unknown[] = []
  #room = ROOM_MIN
  /** How many states, entries and pins need the slot. */
  #holds = new Int32Array(ROOM_MIN)
  #keyGroups = new Uint16Array(ROOM_MIN)
  /** How often a slot was given back: whoever remembers one can see that it is another key's. */
  #generations = new Int32Array(ROOM_MIN)
  /** The current key where it is a known primitive: the next one is compared with it first. */
  #key: unknown = UNKNOWN
  /** Of the keys that were looked up ahead. */
  readonly #ahead = new Int32Array(KEY_BATCH_MAX)
  /** The slot of the key that will be set next, where it is known. */
  #next = NONE
  /** Whether the current key may hold nothing: it is new, or has dropped what it held. */
  #mayBeIdle = false
  #fetched = 0
  /** Slots that were given back: what was looked up before is not sure any more. */
  #frees = 0
  #freesBeforeAhead = 0

  constructor(options: KeyedStateOptions) {
    this.#options = options
    this.#table = new ByteTable(options.growth)
  }

  /** Slots below it have room in all columns. */
  get room(): number {
    return this.#room
  }

  /** All slots in use are below this. */
  get slotEnd(): number {
    return this.#table.slotEnd
  }

  get keyGroupFrom(): number {
    return this.#options.keyGroupFrom
  }

  get keyGroupTo(): number {
    return this.#options.keyGroupTo
  }

  /** Keys that hold something. The current one has a slot even while it holds nothing. */
  get count(): number {
    const isIdle = this.slot >= 0 && this.#holds[this.slot] === 0
    return this.#table.size - (isIdle ? 1 : 0)
  }

  /** The current key. An object is decoded anew each time: it belongs to who asked. */
  get key(): unknown {
    if (this.#key === UNKNOWN) {
      const key = this.keyOf(this.slot)
      if (typeof key === 'object') return key
      this.#key = key
    }
    return this.#key === 0 ? 0 : this.#key
  }

  addColumn(column: SlotColumn): void {
    this.#columns.push(column)
    column.grow(this.#room)
  }

  setKey(key: unknown): void {
    const next = this.#next
    if (next >= 0) {
      this.#next = NONE
      this.#moveTo(next)
      this.#key = key
      return
    }
    if (key === this.#key) return
    if (this.#moveToKnown(key)) return
    const encoder = this.#encoder
    encoder.encode(key)
    const hash = murmur3(encoder.bytes, 0, encoder.length)
    this.loader?.load(this.keyGroupOfHash(hash))
    const slot = this.#table.findOrAdd(0, encoder.bytes, 0, encoder.length, hash)
    if (this.#table.wasAdded) this.#moveToNew(slot, this.keyGroupOfHash(hash))
    else this.#moveTo(slot)
    this.#key = typeof key === 'object' ? UNKNOWN : key
  }

  /** A number or a short ASCII key that is there: no bytes are written to find it. */
  #moveToKnown(key: unknown): boolean {
    const slot = this.#shortSlotOf(key)
    if (slot < 0) return false
    this.#moveTo(slot)
    this.#key = key
    return true
  }

  /** Of a text that is in the table; else -1. */
  #slotOf(text: string): number {
    const slot = this.#shortSlotOf(text)
    if (slot >= 0) return slot
    const encoder = this.#encoder
    encoder.encode(text)
    const hash = murmur3(encoder.bytes, 0, encoder.length)
    return this.#table.find(0, encoder.bytes, 0, encoder.length, hash)
  }

  #shortSlotOf(key: unknown): number {
    const short = this.#short
    let hash = NOT_SHORT
    if (typeof key === 'string') hash = short.read(key)
    else if (typeof key === 'number') hash = short.readNumber(key)
    return hash === NOT_SHORT ? NONE : this.#table.findWords(0, short.words, short.length, hash)
  }

  /** These keys will be set soon, in about this order. */
  lookAhead(batch: KeyBatch): void {
    if (batch.texts === undefined) this.#table.findBatch(batch, this.#ahead)
    else this.#findCoded(batch, batch.texts)
    this.#freesBeforeAhead = this.#frees
    if (this.#room > CACHED_SLOTS_MAX) this.#fetchColumns(batch.count)
  }

  /** All of them at once, so that the waits for memory overlap. */
  #fetchColumns(count: number): void {
    for (const column of this.#columns) this.#fetched ^= column.fetch?.(this.#ahead, count) ?? 0
  }

  /** A text's slot is looked up once, and remembered for as long as it is that key's. */
  #findCoded({ count, codes }: KeyBatch, texts: CodedTexts): void {
    const ahead = this.#ahead
    const slotGenerations = this.#generations
    const { slots, generations } = texts
    for (let k = 0; k < count; k++) {
      const code = codes[k]!
      let slot = code < 0 ? NONE : slots[code]!
      if (slot < 0 || slotGenerations[slot] !== generations[code]) {
        slot = code < 0 ? NONE : this.#remembered(texts, code)
      }
      ahead[k] = slot
    }
  }

  #remembered(texts: CodedTexts, code: number): number {
    const text = texts.list[code]!
    const slot = this.#slotOf(text)
    texts.slots[code] = slot
    if (slot >= 0) texts.generations[code] = this.#generations[slot]!
    return slot
  }

  /** The next key that is set is the batch's k-th; -1 for any. */
  expect(k: number): void {
    this.#next = k < 0 || this.#frees !== this.#freesBeforeAhead ? NONE : this.#ahead[k]!
  }

  setExpected(): boolean {
    const next = this.#next
    if (next < 0) return false
    this.#next = NONE
    this.#moveTo(next)
    this.#key = UNKNOWN
    return true
  }

  /** Makes room for so many keys at once. Columns follow as keys come. */
  reserve(count: number): void {
    this.#table.reserve(count)
  }

  setSlot(slot: number): void {
    if (!this.#table.isUsed(slot)) assert(false, `key slot ${slot} is not in use`)
    this.#moveTo(slot)
    this.#key = UNKNOWN
  }

  /** Makes current the key with these canonical bytes, which is of that group. */
  setBytes(bytes: Uint8Array, from: number, to: number, hash: number, keyGroup: number): void {
    const slot = this.#table.findOrAdd(0, bytes, from, to, hash)
    if (this.#table.wasAdded) this.#moveToNew(slot, keyGroup)
    else this.#moveTo(slot)
    this.#key = UNKNOWN
  }

  /** Whether the slot's key has these canonical bytes. */
  holds(slot: number, bytes: Uint8Array, from: number, to: number): boolean {
    return this.#table.holds(slot, 0, bytes, from, to)
  }

  /** The slot of the key with these canonical bytes, or -1. */
  find(bytes: Uint8Array, from: number, to: number, hash: number): number {
    return this.#table.find(0, bytes, from, to, hash)
  }

  keyGroupOfHash(hash: number): number {
    return keyGroupOf(hash, this.#options.maxParallelism)
  }

  /** Keys with these hashes will be looked up next. */
  fetch(hashes: Int32Array, count: number): void {
    this.#table.fetch(hashes, count)
  }

  /** Appends the canonical bytes of a slot's key, sized. */
  writeKey(slot: number, out: ByteWriter): void {
    const table = this.#table
    out.sized(table.keyBytes(slot), table.keyFrom(slot), table.keyTo(slot))
  }

  /** No key is current any more. */
  leave(): void {
    const left = this.slot
    this.slot = NONE
    this.#key = UNKNOWN
    if (left >= 0 && this.#holds[left] === 0) this.#free(left)
  }

  keyOf(slot: number): unknown {
    if (slot >= DECODED_KEYS_MAX) return this.#decode(slot)
    let key = this.#decoded[slot]
    if (key === undefined) {
      key = this.#decode(slot)
      // An object would be shared between all that ask for it.
      if (typeof key === 'object') return key
      this.#remember(slot, key)
    }
    return key
  }

  keyGroupOf(slot: number): number {
    return this.#keyGroups[slot]!
  }

  hold(slot: number): void {
    this.#holds[slot]!++
  }

  drop(slot: number): void {
    const left = --this.#holds[slot]!
    if (left < 0) assert(false, `key slot ${slot} was dropped more often than held`)
    if (left > 0) return
    if (slot === this.slot) this.#mayBeIdle = true
    else this.#free(slot)
  }

  #added(slot: number, group: number): void {
    const { keyGroupFrom, keyGroupTo } = this.#options
    if (slot >= this.#room) this.#grow(slot)
    if (group < keyGroupFrom || group >= keyGroupTo) {
      const own = `[${keyGroupFrom}, ${keyGroupTo})`
      assert(false, `a key of group ${group} came to the subtask of groups ${own}`)
    }
    this.#keyGroups[slot] = group
    this.#holds[slot] = 0
  }

  #grow(slot: number): void {
    const room = slot + Math.min(slot, ROOM_STEP)
    this.#holds = withRoom(this.#holds, room)
    this.#keyGroups = withRoom(this.#keyGroups, room)
    this.#generations = withRoom(this.#generations, room)
    for (const column of this.#columns) column.grow(room)
    this.#room = room
  }

  #moveTo(slot: number): void {
    const left = this.slot
    this.slot = slot
    if (this.#mayBeIdle && left !== slot) this.#leaveIdle(left)
  }

  /** It holds nothing yet. */
  #moveToNew(slot: number, keyGroup: number): void {
    this.#added(slot, keyGroup)
    this.#moveTo(slot)
    this.#mayBeIdle = true
  }

  #leaveIdle(left: number): void {
    this.#mayBeIdle = false
    if (left >= 0 && this.#holds[left] === 0) this.#free(left)
  }

  #free(slot: number): void {
    // An int32, whatever comes: see PairTable.firstOf.
    this.#frees = (this.#frees + 1) | 0
    this.#generations[slot]!++
    this.#table.remove(slot)
    if (slot < this.#decoded.length) this.#decoded[slot] = undefined
  }

  #decode(slot: number): unknown {
    const table = this.#table
    if (!table.isUsed(slot)) assert(false, `key slot ${slot} is not in use`)
    return decodeKey(table.keyBytes(slot), table.keyFrom(slot), table.keyTo(slot))
  }

  #remember(slot: number, key: unknown): void {
    while (this.#decoded.length < slot) this.#decoded.push(undefined)
    this.#decoded[slot] = key
  }
}
