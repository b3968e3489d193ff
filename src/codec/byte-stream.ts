/**
 * Bytes written and read one value after the other: entries of state in snapshots.
 * Threads: the one that made it.
 */
import { SluiceError } from '../base/errors.ts'
import type { ValueCodec } from './blob.ts'

const BYTES_MIN = 1 << 8
const VARINT_BYTES_MAX = 5
const TEXT = new TextEncoder()
/** From these lengths on a call into native code is worth it. */
const NATIVE_BYTES_MIN = 40
const NATIVE_CHARS_MIN = 13
const { latin1Slice, utf8Write } = Buffer.prototype as unknown as {
  latin1Slice: { call(bytes: Uint8Array, from: number, to: number): string }
  utf8Write: { call(bytes: Uint8Array, text: string, at: number, bytesMax: number): number }
}

export class ByteWriter {
  bytes = new Uint8Array(0)
  length = 0
  /** Up to here there is room. */
  protected limit = 0
  #view = new DataView(this.bytes.buffer)

  byte(value: number): void {
    if (this.length === this.limit) this.grow(1)
    this.bytes[this.length++] = value
  }

  /** A whole number from 0 to 2^32 - 1, small ones in fewer bytes. */
  varint(value: number): void {
    let left = value
    for (; left > 0x7f; left >>>= 7) this.byte((left & 0x7f) | 0x80)
    this.byte(left)
  }

  float64(value: number): void {
    this.reserve(8)
    this.#view.setFloat64(this.length, value, true)
    this.length += 8
  }

  /** A byte, and a number behind it. */
  tagged64(tag: number, value: number): void {
    this.reserve(9)
    const at = this.length
    this.bytes[at] = tag
    this.#view.setFloat64(at + 1, value, true)
    this.length = at + 9
  }

  /** The bytes [from, to) behind their number. */
  sized(bytes: Uint8Array, from: number, to: number): void {
    const size = to - from
    if (size >= NATIVE_BYTES_MIN) {
      this.varint(size)
      return this.raw(bytes, from, to)
    }
    // Most keys: one look for room, and their number is one byte.
    this.reserve(size + 1)
    const own = this.bytes
    let at = this.length
    own[at++] = size
    for (let i = from; i < to; i++) own[at++] = bytes[i]!
    this.length = at
  }

  raw(bytes: Uint8Array, from: number, to: number): void {
    this.reserve(to - from)
    const own = this.bytes
    let at = this.length
    if (to - from >= NATIVE_BYTES_MIN) {
      own.set(bytes.subarray(from, to), at)
      this.length = at + to - from
      return
    }
    for (let i = from; i < to; i++) own[at++] = bytes[i]!
    this.length = at
  }

  text(value: string): void {
    const bytes = TEXT.encode(value)
    this.sized(bytes, 0, bytes.length)
  }

  /** The text, sized, if all of it is ASCII; else nothing is written, and the result is false. */
  ascii(text: string): boolean {
    const chars = text.length
    // All of it at once: where there is no room, what was written moves.
    this.reserve(VARINT_BYTES_MAX + (chars < NATIVE_BYTES_MIN ? chars : 3 * chars))
    const from = this.length
    this.varint(chars)
    const isAscii = chars < NATIVE_BYTES_MIN ? this.#units(text) : this.#utf8(text) === chars
    if (!isAscii) this.length = from
    return isAscii
  }

  #units(text: string): boolean {
    const chars = text.length
    const { bytes, length } = this
    for (let i = 0; i < chars; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) return false
      bytes[length + i] = unit
    }
    this.length = length + chars
    return true
  }

  #utf8(text: string): number {
    // Three bytes a code unit is the most, surrogate pairs included.
    const written = utf8Write.call(this.bytes, text, this.length, 3 * text.length)
    this.length += written
    return written
  }

  /** Room for so many more bytes. */
  reserve(more: number): void {
    if (this.length + more > this.limit) this.grow(more)
  }

  /** Gives away what was written and begins anew with no memory. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.length)
    this.length = 0
    this.moveTo(new Uint8Array(0))
    return taken
  }

  /** Makes room, whatever there is already. */
  protected grow(more: number): void {
    const grown = new Uint8Array(Math.max(BYTES_MIN, 2 * (this.length + more)))
    grown.set(this.bytes.subarray(0, this.length))
    this.moveTo(grown)
  }

  protected moveTo(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes
    this.limit = bytes.length
    this.#view = new DataView(bytes.buffer)
  }
}

/** Throws CHECKPOINT_DAMAGED where the bytes end before a value does. */
export class ByteReader {
  readonly bytes: Uint8Array
  at = 0
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw endsEarly()
    return this.bytes[this.at++]!
  }

  varint(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      if (factor > 2 ** 28) throw endsEarly()
    }
  }

  float64(): number {
    const at = this.#advance(8)
    return this.#view.getFloat64(at, true)
  }

  /** Where sized bytes begin; they end at `this.at` afterwards. */
  sized(): number {
    return this.#advance(this.varint())
  }

  text(): string {
    const from = this.sized()
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + from, this.at - from).toString()
  }

  /** What `ByteWriter.ascii` wrote. */
  ascii(): string {
    const from = this.sized()
    if (this.at - from >= NATIVE_CHARS_MIN) return latin1Slice.call(this.bytes, from, this.at)
    let text = ''
    for (let i = from; i < this.at; i++) text += String.fromCharCode(this.bytes[i]!)
    return text
  }

  /** A value that `ValueCodec.encode` wrote, sized. */
  value(codec: ValueCodec): unknown {
    const from = this.sized()
    return codec.decode(this.bytes, from, this.at)
  }

  #advance(count: number): number {
    const from = this.at
    if (from + count > this.bytes.length) throw endsEarly()
    this.at = from + count
    return from
  }
}

function endsEarly(): SluiceError {
  return new SluiceError('CHECKPOINT_DAMAGED', 'encoded state ends in the middle of a value', {
    hint: 'restore an earlier checkpoint: sluice checkpoints verify names the damaged file',
  })
}
