/**
 * Reads values of Parquet's PLAIN encoding a run at a time, straight into what a record holds:
 * numbers, strings, booleans, epoch milliseconds. No Date and no bigint is made on the way.
 * Threads: the task that owns the split.
 */

/** How a flat column's values become those of a record. */
export type ValueKind =
  | 'boolean'
  | 'int32'
  | 'uint32'
  | 'days'
  /** 64-bit integers that statistics prove to fit 32 bits. */
  | 'int64-small'
  /** A number up to 2^53 either way, a bigint beyond. */
  | 'int64'
  /** Always a bigint: statistics show values beyond 2^53. */
  | 'bigint'
  | 'millis'
  | 'micros'
  | 'nanos'
  | 'float'
  | 'double'
  | 'string'
  | 'bytes'

export interface PlainCursor {
  /** The next `count` values in a fresh array. */
  take(count: number): ArrayLike<unknown>
  skip(count: number): void
}

/** A cursor over `bytes` from `start` on. */
export function plainCursor(kind: ValueKind, bytes: Uint8Array, start: number): PlainCursor {
  if (kind === 'boolean') return new BitCursor(bytes, start)
  if (kind === 'string' || kind === 'bytes') return new SizedCursor(kind, bytes, start)
  return new FixedCursor(fixed[kind], bytes, start)
}

type FixedKind = Exclude<ValueKind, 'boolean' | 'string' | 'bytes'>

interface FixedReader {
  readonly stride: number
  /** Reads `count` values from byte `at` on. */
  read(view: DataView, at: number, count: number): ArrayLike<unknown>
}

const TWO_32 = 2 ** 32
const DAY_MS = 86_400_000

const fixed: Readonly<Record<FixedKind, FixedReader>> = {
  int32: {
    stride: 4,
    read: (view, at, count) => fill(new Int32Array(count), (i) => view.getInt32(at + 4 * i, true)),
  },
  uint32: {
    stride: 4,
    read: (view, at, count) =>
      fill(new Float64Array(count), (i) => view.getUint32(at + 4 * i, true)),
  },
  days: {
    stride: 4,
    read: (view, at, count) =>
      fill(new Float64Array(count), (i) => view.getInt32(at + 4 * i, true) * DAY_MS),
  },
  'int64-small': {
    stride: 8,
    read: (view, at, count) => fill(new Int32Array(count), (i) => smallInt64(view, at + 8 * i)),
  },
  int64: {
    stride: 8,
    read: (view, at, count) => {
      const out = new Array<unknown>(count)
      for (let i = 0; i < count; i++) out[i] = int64(view, at + 8 * i)
      return out
    },
  },
  bigint: {
    stride: 8,
    read: (view, at, count) => {
      const out = new Array<unknown>(count)
      for (let i = 0; i < count; i++) out[i] = view.getBigInt64(at + 8 * i, true)
      return out
    },
  },
  millis: {
    stride: 8,
    read: (view, at, count) => fill(new Float64Array(count), (i) => asDouble(view, at + 8 * i)),
  },
  micros: {
    stride: 8,
    read: (view, at, count) =>
      fill(new Float64Array(count), (i) => Math.floor(asDouble(view, at + 8 * i) / 1000)),
  },
  nanos: {
    stride: 8,
    read: (view, at, count) =>
      fill(new Float64Array(count), (i) => nanosToMs(view.getBigInt64(at + 8 * i, true))),
  },
  float: {
    stride: 4,
    read: (view, at, count) =>
      fill(new Float64Array(count), (i) => view.getFloat32(at + 4 * i, true)),
  },
  double: {
    stride: 8,
    read: (view, at, count) =>
      fill(new Float64Array(count), (i) => view.getFloat64(at + 8 * i, true)),
  },
}

/** Nanoseconds as whole milliseconds, towards the past: a double could not hold them exactly. */
export function nanosToMs(nanos: bigint): number {
  return Number((nanos - (((nanos % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n)
}

function fill<A extends Int32Array | Float64Array>(out: A, value: (index: number) => number): A {
  for (let i = 0; i < out.length; i++) out[i] = value(i)
  return out
}

function asDouble(view: DataView, at: number): number {
  return view.getInt32(at + 4, true) * TWO_32 + view.getUint32(at, true)
}

function int64(view: DataView, at: number): number | bigint {
  const low = view.getInt32(at, true)
  if (view.getInt32(at + 4, true) === low >> 31) return low
  const value = asDouble(view, at)
  return Number.isSafeInteger(value) ? value : view.getBigInt64(at, true)
}

function smallInt64(view: DataView, at: number): number {
  const low = view.getInt32(at, true)
  if (view.getInt32(at + 4, true) !== low >> 31) {
    throw new RangeError(`${view.getBigInt64(at, true)} lies outside the column's own statistics`)
  }
  return low
}

class FixedCursor implements PlainCursor {
  readonly #reader: FixedReader
  readonly #view: DataView
  #at: number

  constructor(reader: FixedReader, bytes: Uint8Array, start: number) {
    this.#reader = reader
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = start
  }

  take(count: number): ArrayLike<unknown> {
    const values = this.#reader.read(this.#view, this.#at, count)
    this.skip(count)
    return values
  }

  skip(count: number): void {
    this.#at += count * this.#reader.stride
  }
}

class BitCursor implements PlainCursor {
  readonly #bytes: Uint8Array
  #bit: number

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes
    this.#bit = start * 8
  }

  take(count: number): ArrayLike<unknown> {
    const from = this.#bit
    this.skip(count)
    if (this.#bit > this.#bytes.length * 8) throw new RangeError('the page ends early')
    const bitAt = (bit: number) => ((this.#bytes[bit >>> 3]! >>> (bit & 7)) & 1) === 1
    return Array.from({ length: count }, (_, i) => bitAt(from + i))
  }

  skip(count: number): void {
    this.#bit += count
  }
}

/** Byte arrays with their length in front. */
class SizedCursor implements PlainCursor {
  readonly #asText: boolean
  readonly #buffer: Buffer
  #at: number

  constructor(kind: 'string' | 'bytes', bytes: Uint8Array, start: number) {
    this.#asText = kind === 'string'
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = start
  }

  take(count: number): ArrayLike<unknown> {
    const out = new Array<unknown>(count)
    for (let i = 0; i < count; i++) {
      const from = this.#at + 4
      const to = this.#next()
      out[i] = this.#asText
        ? this.#buffer.toString('utf8', from, to)
        : new Uint8Array(this.#buffer.subarray(from, to))
    }
    return out
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.#next()
  }

  #next(): number {
    const end = this.#at + 4 + this.#buffer.readUInt32LE(this.#at)
    if (end > this.#buffer.length) {
      throw new RangeError('a string reaches beyond the end of its page')
    }
    this.#at = end
    return end
  }
}
