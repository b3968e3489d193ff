/**
 * Reads Parquet's hybrid of run-length and bit-packed integers piece by piece, so that a page of
 * a quarter of a million rows costs as much per batch as the batch has rows.
 * Threads: the task that owns the split.
 */
export interface RleRange {
  readonly start: number
  readonly end: number
  /** Bits of a value, 0 to 32. */
  readonly width: number
  /** Values must be below this; a value that is not means a damaged page. */
  readonly limit: number
}

export class RleCursor {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #end: number
  readonly #width: number
  readonly #mask: number
  readonly #limit: number
  #offset: number
  #left = 0
  #packed = false
  #value = 0
  /** Of the next packed value, counted from the start of its run. */
  #bit = 0

  constructor(bytes: Uint8Array, range: RleRange) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, range.end)
    this.#offset = range.start
    this.#end = range.end
    this.#width = range.width
    this.#mask = range.width === 32 ? -1 : (1 << range.width) - 1
    this.#limit = range.limit
  }

  /** The value that the next `count` values all have, if one run says so; nothing is consumed. */
  constantFor(count: number): number | undefined {
    if (this.#left === 0) this.#nextRun()
    return !this.#packed && this.#left >= count ? this.#value : undefined
  }

  /** Puts the next `count` values into `out`, from its start on. */
  read(out: Int32Array | Uint8Array, count: number): void {
    let done = 0
    while (done < count) {
      if (this.#left === 0) this.#nextRun()
      const n = Math.min(this.#left, count - done)
      if (this.#packed) this.#unpack(out, done, n)
      else out.fill(this.#value, done, done + n)
      this.#left -= n
      done += n
    }
  }

  skip(count: number): void {
    let left = count
    while (left > 0) {
      if (this.#left === 0) this.#nextRun()
      const n = Math.min(this.#left, left)
      if (this.#packed) this.#bit += n * this.#width
      this.#left -= n
      left -= n
    }
  }

  #nextRun(): void {
    if (this.#width === 0) {
      this.#left = Number.MAX_SAFE_INTEGER
      return
    }
    if (this.#packed) this.#offset += this.#bit >>> 3
    const header = this.#varInt()
    this.#packed = (header & 1) === 1
    this.#bit = 0
    if (this.#packed) {
      this.#left = (header >>> 1) * 8
    } else {
      this.#left = header >>> 1
      this.#value = this.#repeated()
    }
    if (this.#left === 0) throw new RangeError('an empty run of values')
  }

  #repeated(): number {
    let value = 0
    for (let shift = 0; shift < this.#width; shift += 8) value |= this.#byte() << shift
    this.#check(value)
    return value
  }

  #varInt(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new RangeError('a run length that is too long')
  }

  #byte(): number {
    if (this.#offset >= this.#end) throw new RangeError('the page ends before its last value')
    return this.#bytes[this.#offset++]!
  }

  #unpack(out: Int32Array | Uint8Array, from: number, count: number): void {
    const view = this.#view
    const mask = this.#mask
    const width = this.#width
    const start = this.#offset
    // A 32-bit read at any bit of a byte holds 25 further bits; the page's last bytes go slowly.
    const lastWordBit = width > 25 ? -1 : (this.#end - 4 - start) * 8 + 7
    const to = from + count
    let bit = this.#bit
    let i = from
    let highest = 0
    for (; i < to && bit <= lastWordBit; i++) {
      const value = (view.getUint32(start + (bit >>> 3), true) >>> (bit & 7)) & mask
      if (value > highest) highest = value
      out[i] = value
      bit += width
    }
    this.#check(highest)
    for (; i < to; i++) {
      out[i] = this.#carefully(bit)
      bit += width
    }
    this.#bit = bit
  }

  #carefully(bit: number): number {
    const at = this.#offset + (bit >>> 3)
    const shift = bit & 7
    if (at + ((shift + this.#width + 7) >>> 3) > this.#end) {
      throw new RangeError('the page ends before its last value')
    }
    const bytes = this.#bytes
    const word =
      (at < this.#end ? bytes[at]! : 0) |
      (at + 1 < this.#end ? bytes[at + 1]! << 8 : 0) |
      (at + 2 < this.#end ? bytes[at + 2]! << 16 : 0) |
      (at + 3 < this.#end ? bytes[at + 3]! << 24 : 0)
    const rest = shift === 0 || at + 4 >= this.#end ? 0 : bytes[at + 4]! << (32 - shift)
    const value = ((word >>> shift) | rest) & this.#mask
    this.#check(value)
    return value
  }

  #check(value: number): void {
    if (value >>> 0 >= this.#limit) {
      throw new RangeError(`a value refers to entry ${value >>> 0} of ${this.#limit}`)
    }
  }
}
