/**
 * The buckets of an open-addressing hash table, which doubles in steps: no addition pays for all
 * that were before it.
 *
 * A bucket is [hash, slot + 1]; an entry's home is the high bits of its hash, and it lies in the
 * first bucket from there on that was free. So the order of homes is that of hashes, whatever
 * their number, and doubling moves entries upwards only: it goes from the last to the first, in
 * the same array, some buckets with every addition. Until it is through, homes below `unmoved` are
 * halved: those entries lie where they were. There is no way round from the last bucket to the
 * first: behind the last home are some more buckets, and the last of these is always free.
 * Threads: the task that owns the table.
 */
import { grown } from './growing-array.ts'

const BUCKETS_LOG2_MAX = 30
const SPARE_MIN = 16
/** At least, of the half as many: a doubling is through before a tenth of the next one's keys. */
const MOVED_AN_ADDITION = 16
/** Fewer buckets are moved at once: it takes less than a millisecond. */
const STEPWISE_LOG2_MIN = 14

/** When a doubling is done in steps, and how small they are: tests have small tables. */
export interface TableGrowth {
  readonly stepwiseLog2Min?: number
  readonly movedAnAddition?: number
}

const NOTHING = new Int32Array(0)

export abstract class HashBuckets {
  protected buckets: Int32Array
  /** A home is `hash >>> shift`. */
  protected shift: number
  /** Homes below this, as `shift` gives them, are halved. */
  protected unmoved = 0
  #spare = SPARE_MIN
  /** Holds entries while they are moved. */
  #lifted = NOTHING
  readonly #stepwiseLog2Min: number
  readonly #movedAnAddition: number

  constructor(bucketsLog2: number, growth: TableGrowth) {
    this.buckets = new Int32Array(2 * ((1 << bucketsLog2) + SPARE_MIN))
    this.shift = 32 - bucketsLog2
    this.#stepwiseLog2Min = growth.stepwiseLog2Min ?? STEPWISE_LOG2_MIN
    this.#movedAnAddition = growth.movedAnAddition ?? MOVED_AN_ADDITION
  }

  /** How many slots all buckets are for, those of a doubling under way too. */
  protected get slotsMax(): number {
    return slotsOf(32 - this.shift)
  }

  /** The bucket where a search for the hash begins. */
  protected homeOf(hash: number): number {
    const home = hash >>> this.shift
    return home < this.unmoved ? home >>> 1 : home
  }

  protected insertBucket(slot: number, hash: number): void {
    const buckets = this.buckets
    let bucket = this.homeOf(hash)
    while (buckets[2 * bucket + 1] !== 0) bucket++
    this.fillBucket(bucket, slot, hash)
  }

  protected fillBucket(bucket: number, slot: number, hash: number): void {
    const buckets = this.buckets
    buckets[2 * bucket] = hash
    buckets[2 * bucket + 1] = slot + 1
    if (2 * bucket + 2 === buckets.length) this.#addSpare()
  }

  /** Closes the gap by moving back what had been pushed past it, so no tombstones pile up. */
  protected removeBucket(slot: number, hash: number): void {
    const buckets = this.buckets
    let gap = this.homeOf(hash)
    while (buckets[2 * gap + 1] !== slot + 1) gap++
    for (let next = gap + 1; buckets[2 * next + 1] !== 0; next++) {
      if (this.homeOf(buckets[2 * next]!) > gap) continue
      buckets[2 * gap] = buckets[2 * next]!
      buckets[2 * gap + 1] = buckets[2 * next + 1]!
      gap = next
    }
    buckets[2 * gap + 1] = 0
  }

  /** Twice as many buckets. While some are `unmoved`, additions are to call `moveSome`. */
  protected doubleBuckets(): void {
    while (this.unmoved > 0) this.moveSome()
    const bucketsLog2 = 33 - this.shift
    const words = 2 * ((1 << bucketsLog2) + this.#spare)
    this.shift--
    if (bucketsLog2 < this.#stepwiseLog2Min) this.#moveAll(new Int32Array(words))
    else {
      this.buckets = grown(this.buckets, words)
      this.unmoved = 1 << bucketsLog2
    }
  }

  /** Room for so many slots at once, in a table that has `size` entries. */
  protected reserveBuckets(count: number, size: number): void {
    while (this.slotsMax < count && 32 - this.shift < BUCKETS_LOG2_MAX) {
      this.doubleBuckets()
      if (size === 0) this.unmoved = 0
    }
  }

  #moveAll(buckets: Int32Array): void {
    const old = this.buckets
    this.buckets = buckets
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] !== 0) this.insertBucket(old[i + 1]! - 1, old[i]!)
    }
  }

  /** Lifts out all entries that lie with those of the next homes, and puts them in anew. */
  protected moveSome(): void {
    const buckets = this.buckets
    let end = this.unmoved >>> 1
    let begin = Math.max(0, end - this.#movedAnAddition)
    while (begin > 0 && buckets[2 * begin - 1] !== 0) begin--
    while (buckets[2 * end + 1] !== 0) end++
    const words = 2 * (end - begin)
    if (words > this.#lifted.length) this.#lifted = new Int32Array(2 * words)
    const lifted = this.#lifted
    for (let i = 0; i < words; i++) lifted[i] = buckets[2 * begin + i]!
    buckets.fill(0, 2 * begin, 2 * end)
    this.unmoved = 2 * begin
    for (let i = 0; i < words; i += 2) {
      if (lifted[i + 1] !== 0) this.insertBucket(lifted[i + 1]! - 1, lifted[i]!)
    }
    if (begin === 0) this.#lifted = NOTHING
  }

  #addSpare(): void {
    this.buckets = grown(this.buckets, this.buckets.length + 2 * this.#spare)
    this.#spare *= 2
  }
}

/** A table is five eighths full before it grows. */
function slotsOf(bucketsLog2: number): number {
  return ((1 << bucketsLog2) / 8) * 5
}
