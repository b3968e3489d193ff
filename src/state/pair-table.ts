/**
 * An open-addressing hash table from pairs (int32, float64) to dense slot numbers: (key slot,
 * namespace) for windows and aggregates, (key slot, bucket) for timers. As `ByteTable`, it makes no
 * JavaScript object an entry. The second half of a pair may be any number but NaN.
 * Threads: the task that owns it.
 */
import { assert } from '../base/assert.ts'
import { grown } from './growing-array.ts'
import { HashBuckets, type TableGrowth } from './hash-buckets.ts'

const FREE = -1
const NONE = -1
const BUCKETS_LOG2_MIN = 5

export class PairTable extends HashBuckets {
  #capacity: number
  /** [first, second] a slot; in a free slot [FREE, next free slot]. */
  #pairs: Float64Array
  #free = NONE
  #slotEnd = 0
  #size = 0
  #wasAdded = false

  constructor(growth: TableGrowth = {}) {
    super(BUCKETS_LOG2_MIN, growth)
    this.#capacity = this.slotsMax
    this.#pairs = new Float64Array(2 * this.#capacity)
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

  /** The slot of the pair, or -1. `first` is an int32 >= 0. */
  find(first: number, second: number): number {
    const buckets = this.buckets
    const pairs = this.#pairs
    const hash = hashOf(first, second)
    let bucket = hash >>> this.shift
    if (bucket < this.unmoved) bucket >>>= 1
    for (; ; bucket++) {
      const slot = buckets[2 * bucket + 1]! - 1
      if (slot < 0) return NONE
      if (buckets[2 * bucket] === hash && isPair(pairs, slot, first, second)) return slot
    }
  }

  /** As `find`, but makes the slot where there is none. `wasAdded` tells which. */
  findOrAdd(first: number, second: number): number {
    const buckets = this.buckets
    const pairs = this.#pairs
    const hash = hashOf(first, second)
    let bucket = hash >>> this.shift
    if (bucket < this.unmoved) bucket >>>= 1
    for (; ; bucket++) {
      const slot = buckets[2 * bucket + 1]! - 1
      if (slot < 0) break
      if (buckets[2 * bucket] === hash && isPair(pairs, slot, first, second)) {
        this.#wasAdded = false
        return slot
      }
    }
    this.#wasAdded = true
    // Growing is out of the way: inlined, it makes finding slower by a half.
    if (this.#size === this.#capacity || this.unmoved > 0) {
      return this.#addAndGrow(first, second, hash)
    }
    const slot = this.#put(first, second)
    this.fillBucket(bucket, slot, hash)
    return slot
  }

  remove(slot: number): void {
    if (!this.isUsed(slot)) assert(false, `slot ${slot} is not in use`)
    const pairs = this.#pairs
    this.removeBucket(slot, hashOf(this.firstOf(slot), this.secondOf(slot)))
    pairs[2 * slot] = FREE
    pairs[2 * slot + 1] = this.#free
    this.#free = slot
    this.#size--
  }

  isUsed(slot: number): boolean {
    return slot >= 0 && slot < this.#slotEnd && this.#pairs[2 * slot] !== FREE
  }

  firstOf(slot: number): number {
    // A double to V8, as all that comes out of a Float64Array. The first one that is put into an
    // integer field changes the class of its object, and all code for that class is thrown away.
    return this.#pairs[2 * slot]! | 0
  }

  secondOf(slot: number): number {
    return this.#pairs[2 * slot + 1]!
  }

  #addAndGrow(first: number, second: number, hash: number): number {
    this.#makeRoom()
    const slot = this.#put(first, second)
    this.insertBucket(slot, hash)
    return slot
  }

  /** Takes a slot, which has no bucket yet. */
  #put(first: number, second: number): number {
    const slot = this.#takeSlot()
    this.#pairs[2 * slot] = first
    this.#pairs[2 * slot + 1] = second
    this.#size++
    return slot
  }

  #takeSlot(): number {
    const slot = this.#free
    if (slot === NONE) return this.#slotEnd++
    this.#free = this.secondOf(slot) | 0
    return slot
  }

  #makeRoom(): void {
    if (this.#size === this.#capacity) {
      this.doubleBuckets()
      this.#capacity = this.slotsMax
      this.#pairs = grown(this.#pairs, 2 * this.#capacity)
    }
    if (this.unmoved > 0) this.moveSome()
  }
}

function isPair(pairs: Float64Array, slot: number, first: number, second: number): boolean {
  return pairs[2 * slot + 1] === second && pairs[2 * slot] === first
}

/** Fractions of `second` are not hashed: those that differ only there share a bucket. */
function hashOf(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second | 0, 0x85ebca6b)
  hash ^= Math.imul((second / 4294967296) | 0, 0xc2b2ae35)
  hash ^= hash >>> 15
  return Math.imul(hash, 0x2c1b3c6d)
}
