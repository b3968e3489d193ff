/**
 * An open-addressing hash table from pairs (int32, float64) to dense slot numbers: (key slot,
 * namespace) for windows and aggregates, (key slot, bucket) for timers. As `ByteTable`, it makes no
 * JavaScript object an entry. The second half of a pair may be any number but NaN.
 * Threads: the task that owns it.
 */
import { assert } from '../base/assert.ts'

const FREE = -1
const NONE = -1
const BUCKETS_LOG2_MIN = 5

export class PairTable {
  /** [hash, slot + 1]: a probe, or closing a gap, touches no pair but the one that is meant. */
  #buckets = new Int32Array(2 << BUCKETS_LOG2_MIN)
  #mask = (1 << BUCKETS_LOG2_MIN) - 1
  #shift = 32 - BUCKETS_LOG2_MIN
  #capacity = slotsOf(1 << BUCKETS_LOG2_MIN)
  /** [first, second] a slot; in a free slot [FREE, next free slot]. */
  #pairs = new Float64Array(2 * this.#capacity)
  #free = NONE
  #slotEnd = 0
  #size = 0
  #wasAdded = false

  get size(): number {
    return this.#size
  }

  /** Slots are below this; it grows with `findOrAdd`. */
  get capacity(): number {
    return this.#capacity
  }

  /** All slots in use are below this: the end of a walk. */
  get slotEnd(): number {
    return this.#slotEnd
  }

  /** Whether the last `findOrAdd` made the slot. */
  get wasAdded(): boolean {
    return this.#wasAdded
  }

  /** The slot of the pair, or -1. `first` is an int32 >= 0. */
  find(first: number, second: number): number {
    const buckets = this.#buckets
    const pairs = this.#pairs
    const hash = hashOf(first, second)
    let bucket = hash >>> this.#shift
    for (;;) {
      const slot = buckets[2 * bucket + 1]! - 1
      if (slot < 0) return NONE
      if (buckets[2 * bucket] === hash && isPair(pairs, slot, first, second)) return slot
      bucket = (bucket + 1) & this.#mask
    }
  }

  /** As `find`, but makes the slot where there is none. `wasAdded` tells which. */
  findOrAdd(first: number, second: number): number {
    const found = this.find(first, second)
    this.#wasAdded = found < 0
    return found < 0 ? this.#add(first, second) : found
  }

  remove(slot: number): void {
    if (!this.isUsed(slot)) assert(false, `slot ${slot} is not in use`)
    const pairs = this.#pairs
    this.#removeBucket(slot, hashOf(this.firstOf(slot), this.secondOf(slot)))
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

  #add(first: number, second: number): number {
    if (this.#size === this.#capacity) this.#grow()
    const slot = this.#takeSlot()
    this.#pairs[2 * slot] = first
    this.#pairs[2 * slot + 1] = second
    this.#insertBucket(slot, hashOf(first, second))
    this.#size++
    return slot
  }

  #takeSlot(): number {
    const slot = this.#free
    if (slot === NONE) return this.#slotEnd++
    this.#free = this.secondOf(slot) | 0
    return slot
  }

  #insertBucket(slot: number, hash: number): void {
    const buckets = this.#buckets
    let bucket = hash >>> this.#shift
    while (buckets[2 * bucket + 1] !== 0) bucket = (bucket + 1) & this.#mask
    buckets[2 * bucket] = hash
    buckets[2 * bucket + 1] = slot + 1
  }

  /** Closes the gap by moving back what had been pushed past it, so no tombstones pile up. */
  #removeBucket(slot: number, hash: number): void {
    const buckets = this.#buckets
    const mask = this.#mask
    let gap = hash >>> this.#shift
    while (buckets[2 * gap + 1] !== slot + 1) gap = (gap + 1) & mask
    let next = (gap + 1) & mask
    while (buckets[2 * next + 1] !== 0) {
      const home = buckets[2 * next]! >>> this.#shift
      if (((next - home) & mask) >= ((next - gap) & mask)) {
        buckets[2 * gap] = buckets[2 * next]!
        buckets[2 * gap + 1] = buckets[2 * next + 1]!
        gap = next
      }
      next = (next + 1) & mask
    }
    buckets[2 * gap + 1] = 0
  }

  #grow(): void {
    const old = this.#buckets
    const bucketCount = old.length
    this.#buckets = new Int32Array(2 * bucketCount)
    this.#mask = bucketCount - 1
    this.#shift--
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] !== 0) this.#insertBucket(old[i + 1]! - 1, old[i]!)
    }
    this.#capacity = slotsOf(bucketCount)
    const pairs = new Float64Array(2 * this.#capacity)
    pairs.set(this.#pairs)
    this.#pairs = pairs
  }
}

function isPair(pairs: Float64Array, slot: number, first: number, second: number): boolean {
  return pairs[2 * slot + 1] === second && pairs[2 * slot] === first
}

function slotsOf(bucketCount: number): number {
  return (bucketCount / 8) * 5
}

/** Fractions of `second` are not hashed: those that differ only there share a bucket. */
function hashOf(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second | 0, 0x85ebca6b)
  hash ^= Math.imul((second / 4294967296) | 0, 0xc2b2ae35)
  hash ^= hash >>> 15
  return Math.imul(hash, 0x2c1b3c6d)
}
