/**
 * An open-addressing hash table from byte keys to dense slot numbers, on typed arrays alone: no
 * JavaScript object a key, no limit of 2^24 entries, nothing for the garbage collector to walk.
 * A key is (prefix, bytes); callers keep columns of their own, indexed by slot.
 * Threads: the task that owns it.
 *
 * Buckets hold the whole hash, so that a probe touches a slot only where it is equal. A slot is
 * one record of 32 bytes: [hash, length, prefix, key bytes], with keys of more than 20 bytes in an
 * arena at `word 3 * 4`. A hit costs one cache line for its bucket and one for its slot.
 */
import { assert } from '../base/assert.ts'
import type { KeyBatch } from '../codec/key-batch.ts'
import { LEFT_OUT } from '../codec/key-batch.ts'
import { grown, withRoom } from './growing-array.ts'
import { HashBuckets, type TableGrowth } from './hash-buckets.ts'

const RECORD_WORDS = 8
const RECORD_BYTES = 4 * RECORD_WORDS
const HASH = 0
const LENGTH = 1
const PREFIX = 2
const KEY = 3
const KEY_BYTE = 4 * KEY
const INLINE_BYTES = RECORD_BYTES - KEY_BYTE
/** In a free record `LENGTH` is this and `HASH` the next free slot. */
const FREE = -1
const NONE = -1
const BUCKETS_LOG2_MIN = 6
/** Fewer than there are behind the last home. */
const FETCHED_FURTHER = 3
/** Spreads hashes: key groups have used up the entropy of the low bits. */
const GOLDEN = 0x9e3779b1 | 0

export class ByteTable extends HashBuckets {
  #records: Int32Array
  #bytes: Uint8Array
  #arena = new Uint8Array(0)
  #arenaUsed = 0
  #arenaUnused = 0
  #free = NONE
  #slotEnd = 0
  #size = 0
  #capacity: number
  #wasAdded = false
  // biome-ignore lint/correctness/noUnusedPrivateClassMembers: unused, it would not be read at all
  #fetched = 0

  constructor(growth: TableGrowth = {}) {
    super(BUCKETS_LOG2_MIN, growth)
    this.#capacity = this.slotsMax
    this.#records = new Int32Array(RECORD_WORDS * this.#capacity)
    this.#bytes = new Uint8Array(this.#records.buffer)
  }

  get size(): number {
    return this.#size
  }

  /** Slots are below this; it grows with `findOrAdd`. */
  get capacity(): number {
    return this.#capacity
  }

  /** All slots in use are below this: the end of a walk, which an emptied table is spared. */
  get slotEnd(): number {
    return this.#size === 0 ? 0 : this.#slotEnd
  }

  /** Whether the last `findOrAdd` made the slot. */
  get wasAdded(): boolean {
    return this.#wasAdded
  }

  /** The slot of (prefix, bytes[from, to)), or -1. `hash` must be a function of both. */
  find(prefix: number, bytes: Uint8Array, from: number, to: number, hash: number): number {
    const buckets = this.buckets
    const spread = Math.imul(hash, GOLDEN)
    let bucket = spread >>> this.shift
    if (bucket < this.unmoved) bucket >>>= 1
    for (; ; bucket++) {
      const slot = buckets[2 * bucket + 1]! - 1
      if (slot < 0) return NONE
      if (buckets[2 * bucket] === spread && this.#equals(slot, prefix, bytes, from, to)) return slot
    }
  }

  /**
   * Looks at the buckets of hashes that will be searched for next, and a bit further, where most
   * of those end that are not at home. Nothing is compared and nothing depends on what was read
   * before, so that the waits for memory overlap.
   */
  fetch(hashes: Int32Array, count: number): void {
    const buckets = this.buckets
    const shift = this.shift
    const unmoved = this.unmoved
    let seen = 0
    for (let i = 0; i < count; i++) {
      let bucket = Math.imul(hashes[i]!, GOLDEN) >>> shift
      if (bucket < unmoved) bucket >>>= 1
      seen ^= buckets[2 * bucket]! ^ buckets[2 * (bucket + FETCHED_FURTHER)]!
    }
    this.#fetched = seen
  }

  /** `find` for a key of at most 20 bytes that is there as little-endian words, padded with 0. */
  findWords(prefix: number, words: Int32Array, length: number, hash: number): number {
    const buckets = this.buckets
    const records = this.#records
    const spread = Math.imul(hash, GOLDEN)
    let bucket = spread >>> this.shift
    if (bucket < this.unmoved) bucket >>>= 1
    for (; ; bucket++) {
      const slot = buckets[2 * bucket + 1]! - 1
      if (slot < 0) return NONE
      if (buckets[2 * bucket] !== spread) continue
      const at = RECORD_WORDS * slot
      if (records[at + LENGTH] !== length || records[at + PREFIX] !== prefix) continue
      let w = (length + 3) >> 2
      while (w > 0 && records[at + KEY + w - 1] === words[w - 1]) w--
      if (w === 0) return slot
    }
  }

  /**
   * `find` for all keys of a batch under prefix 0: -1 for one that is not there, was left out, or
   * stands behind another of the same hash. First all buckets are read, then all slots, and only
   * then are keys compared: each loop has its memory there, or waits for many lines at a time. Done
   * together, a wrong guess of one key's branch held up what the next ones wait for.
   */
  findBatch(batch: KeyBatch, slots: Int32Array): void {
    const { count, lengths, hashes } = batch
    this.fetch(hashes, count)
    for (let k = 0; k < count; k++) {
      slots[k] = lengths[k] === LEFT_OUT ? NONE : this.#firstOfHash(hashes[k]!)
    }
    this.#fetchSlots(slots, count)
    this.#compareBatch(batch, slots)
  }

  #firstOfHash(hash: number): number {
    const buckets = this.buckets
    const spread = Math.imul(hash, GOLDEN)
    let bucket = spread >>> this.shift
    if (bucket < this.unmoved) bucket >>>= 1
    for (; ; bucket++) {
      const slot = buckets[2 * bucket + 1]! - 1
      if (slot < 0 || buckets[2 * bucket] === spread) return slot
    }
  }

  /** Both ends of a slot, since half of them lie in two cache lines. */
  #fetchSlots(slots: Int32Array, count: number): void {
    const records = this.#records
    let seen = 0
    for (let k = 0; k < count; k++) {
      const at = RECORD_WORDS * Math.max(0, slots[k]!)
      seen ^= records[at]! ^ records[at + RECORD_WORDS - 1]!
    }
    this.#fetched = seen
  }

  /** Without a branch for each word: all behind a key's end are 0. */
  #compareBatch(batch: KeyBatch, slots: Int32Array): void {
    const records = this.#records
    const { count, lengths, wordsIn, wordsStride } = batch
    let word = batch.wordsAt
    for (let k = 0; k < count; k++, word += wordsStride) {
      const slot = slots[k]!
      if (slot < 0) continue
      const at = RECORD_WORDS * slot
      const differs =
        (records[at + LENGTH]! ^ lengths[k]!) |
        records[at + PREFIX]! |
        (records[at + KEY]! ^ wordsIn[word]!) |
        (records[at + KEY + 1]! ^ wordsIn[word + 1]!) |
        (records[at + KEY + 2]! ^ wordsIn[word + 2]!) |
        (records[at + KEY + 3]! ^ wordsIn[word + 3]!) |
        (records[at + KEY + 4]! ^ wordsIn[word + 4]!)
      if (differs !== 0) slots[k] = NONE
    }
  }

  /** As `find`, but makes the slot where there is none. `wasAdded` tells which. */
  findOrAdd(prefix: number, bytes: Uint8Array, from: number, to: number, hash: number): number {
    const buckets = this.buckets
    const spread = Math.imul(hash, GOLDEN)
    let bucket = spread >>> this.shift
    if (bucket < this.unmoved) bucket >>>= 1
    for (; ; bucket++) {
      const slot = buckets[2 * bucket + 1]! - 1
      if (slot < 0) break
      if (buckets[2 * bucket] === spread && this.#equals(slot, prefix, bytes, from, to)) {
        this.#wasAdded = false
        return slot
      }
    }
    this.#wasAdded = true
    if (this.#size < this.#capacity && this.unmoved === 0) {
      const slot = this.#add(prefix, bytes, from, to, hash)
      this.fillBucket(bucket, slot, spread)
      return slot
    }
    this.#makeRoom()
    const slot = this.#add(prefix, bytes, from, to, hash)
    this.insertBucket(slot, spread)
    return slot
  }

  /** Whether the slot is the one of (prefix, bytes[from, to)): for whoever can guess it. */
  holds(slot: number, prefix: number, bytes: Uint8Array, from: number, to: number): boolean {
    return this.isUsed(slot) && this.#equals(slot, prefix, bytes, from, to)
  }

  remove(slot: number): void {
    if (!this.isUsed(slot)) assert(false, `slot ${slot} is not in use`)
    const records = this.#records
    const at = RECORD_WORDS * slot
    const length = records[at + LENGTH]!
    this.removeBucket(slot, Math.imul(records[at + HASH]!, GOLDEN))
    if (length > INLINE_BYTES) this.#arenaUnused += aligned(length)
    records[at + LENGTH] = FREE
    records[at + HASH] = this.#free
    this.#free = slot
    this.#size--
  }

  isUsed(slot: number): boolean {
    return slot >= 0 && slot < this.#slotEnd && this.#records[RECORD_WORDS * slot + LENGTH] !== FREE
  }

  hashOf(slot: number): number {
    return this.#records[RECORD_WORDS * slot + HASH]!
  }

  prefixOf(slot: number): number {
    return this.#records[RECORD_WORDS * slot + PREFIX]!
  }

  /** The array in which the slot's key lies, from `keyFrom` to `keyTo`, until the next change. */
  keyBytes(slot: number): Uint8Array {
    return this.#lengthOf(slot) > INLINE_BYTES ? this.#arena : this.#bytes
  }

  keyFrom(slot: number): number {
    const isLong = this.#lengthOf(slot) > INLINE_BYTES
    return isLong ? this.#arenaOffset(slot) : RECORD_BYTES * slot + KEY_BYTE
  }

  keyTo(slot: number): number {
    return this.keyFrom(slot) + this.#lengthOf(slot)
  }

  #lengthOf(slot: number): number {
    return this.#records[RECORD_WORDS * slot + LENGTH]!
  }

  #arenaOffset(slot: number): number {
    return 4 * (this.#records[RECORD_WORDS * slot + KEY]! >>> 0)
  }

  #equals(slot: number, prefix: number, bytes: Uint8Array, from: number, to: number): boolean {
    const at = RECORD_WORDS * slot
    const length = this.#records[at + LENGTH]!
    if (length !== to - from || this.#records[at + PREFIX] !== prefix) return false
    if (length > INLINE_BYTES) {
      return sameBytes(this.#arena, this.#arenaOffset(slot), bytes, from, to)
    }
    return sameWords(this.#records, at + KEY, bytes, from, to)
  }

  /** Takes a slot, which has no bucket yet. */
  #add(prefix: number, bytes: Uint8Array, from: number, to: number, hash: number): number {
    const length = to - from
    // Before the slot is taken, since it may rewrite the arena of all slots in use.
    const offset = length > INLINE_BYTES ? this.#takeArena(length) : 0
    const slot = this.#takeSlot()
    const at = RECORD_WORDS * slot
    this.#records[at + HASH] = hash
    this.#records[at + LENGTH] = length
    this.#records[at + PREFIX] = prefix
    if (length > INLINE_BYTES) {
      this.#records[at + KEY] = offset / 4
      copyBytes(this.#arena, offset, bytes, from, to)
    } else {
      for (let i = from, word = at + KEY; word < at + RECORD_WORDS; i += 4)
        this.#records[word++] = wordAt(bytes, i, to)
    }
    this.#size++
    return slot
  }

  #takeSlot(): number {
    const slot = this.#free
    if (slot === NONE) return this.#slotEnd++
    this.#free = this.#records[RECORD_WORDS * slot + HASH]!
    return slot
  }

  /** Makes room for so many keys at once. */
  reserve(count: number): void {
    this.reserveBuckets(count, this.#size)
    this.#growRecords()
  }

  #makeRoom(): void {
    if (this.#size === this.#capacity) {
      this.doubleBuckets()
      this.#growRecords()
    }
    if (this.unmoved > 0) this.moveSome()
  }

  #growRecords(): void {
    if (this.slotsMax === this.#capacity) return
    this.#capacity = this.slotsMax
    const records = grown(this.#records, RECORD_WORDS * this.#capacity)
    this.#records = records
    this.#bytes = new Uint8Array(records.buffer, records.byteOffset, records.byteLength)
  }

  /** Room for a long key. What removed keys leave behind is dropped when it is more than half. */
  #takeArena(length: number): number {
    const needed = aligned(length)
    if (this.#arenaUsed + needed > this.#arena.length) {
      if (2 * this.#arenaUnused > this.#arenaUsed) this.#rewriteArena(needed)
      else this.#arena = withRoom(this.#arena, Math.max(1024, this.#arenaUsed + needed))
    }
    const offset = this.#arenaUsed
    this.#arenaUsed += needed
    return offset
  }

  #rewriteArena(needed: number): void {
    const kept = this.#arenaUsed - this.#arenaUnused
    const arena = new Uint8Array(Math.max(1024, 2 * (kept + needed)))
    let used = 0
    for (let slot = 0; slot < this.#slotEnd; slot++) {
      const at = RECORD_WORDS * slot
      const length = this.#records[at + LENGTH]!
      if (length <= INLINE_BYTES) continue
      const offset = this.#arenaOffset(slot)
      arena.set(this.#arena.subarray(offset, offset + length), used)
      this.#records[at + KEY] = used / 4
      used += aligned(length)
    }
    this.#arena = arena
    this.#arenaUsed = used
    this.#arenaUnused = 0
  }
}

/** Arena offsets are multiples of 4, so that one word reaches 16 GB. */
function aligned(length: number): number {
  return (length + 3) & ~3
}

/** Four bytes of a key, little-endian; what is past its end counts as 0. */
function wordAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) {
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  }
  let word = 0
  for (let i = end - 1; i >= at; i--) word = (word << 8) | bytes[i]!
  return word
}

/** Half the loads and a quarter of the branches of a comparison by bytes. */
function sameWords(
  held: Int32Array,
  at: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  for (let i = from, word = at; i < to; i += 4, word++) {
    if (held[word] !== wordAt(bytes, i, to)) return false
  }
  return true
}

function sameBytes(
  held: Uint8Array,
  at: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  for (let i = from, j = at; i < to; i++, j++) {
    if (held[j] !== bytes[i]) return false
  }
  return true
}

function copyBytes(
  target: Uint8Array,
  at: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): void {
  for (let i = from, j = at; i < to; i++, j++) target[j] = bytes[i]!
}
