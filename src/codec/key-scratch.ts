/**
 * The bytes of one key as they grow: each kind of payload in its order-preserving form.
 * Strings are UTF-8; a lone surrogate takes the three bytes that its number would have.
 * Threads: one task.
 */
import { BIGINT_LENGTH_BIAS, END_BYTE, ESCAPE_BYTE } from './key-tags.ts'

const BYTES_MIN = 64
const NAN_HI = 0x7ff80000
const SIGN_BIT = 0x80000000

export class KeyScratch {
  bytes = new Uint8Array(BYTES_MIN)
  length = 0
  readonly #number = new DataView(new ArrayBuffer(8))

  putTag(tag: number): void {
    this.#reserve(1)
    this.bytes[this.length++] = tag
  }

  /** As the last part of a key: nothing marks its end. */
  putText(tag: number, text: string): void {
    const chars = text.length
    // Three bytes a code unit is the most, surrogate pairs included.
    this.#reserve(1 + 3 * chars)
    const { bytes } = this
    const at = this.length + 1
    bytes[at - 1] = tag
    for (let i = 0; i < chars; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) return this.#putWideText(text, i, at + i)
      bytes[at + i] = unit
    }
    this.length = at + chars
  }

  putBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** Within a composite: zero bytes are escaped, and a zero byte ends it. */
  putEscapedText(tag: number, text: string): void {
    const from = this.length + 1
    this.putText(tag, text)
    this.#escape(from)
  }

  putEscapedBytes(bytes: Uint8Array): void {
    const from = this.length
    this.putBytes(bytes)
    this.#escape(from)
  }

  /** The bits of the float64, so changed that they compare as unsigned: NaN last, -0 as 0. */
  putNumber(value: number): void {
    this.#reserve(8)
    this.#number.setFloat64(0, value === 0 ? 0 : value)
    let hi = this.#number.getUint32(0)
    let lo = this.#number.getUint32(4)
    if (Number.isNaN(value)) {
      hi = NAN_HI
      lo = 0
    }
    const isNegative = hi >= SIGN_BIT
    this.#putUint32(isNegative ? ~hi : hi | SIGN_BIT)
    this.#putUint32(isNegative ? ~lo : lo)
  }

  /** The count of its bytes, then the bytes of the magnitude, all inverted if it is negative. */
  putBigint(value: bigint): void {
    const isNegative = value < 0n
    const hex = (isNegative ? -value : value).toString(16)
    const digits = value === 0n ? '' : hex.length % 2 === 0 ? hex : `0${hex}`
    const count = digits.length / 2
    this.#reserve(4 + count)
    this.#putUint32(BIGINT_LENGTH_BIAS + (isNegative ? -count : count))
    const flip = isNegative ? 0xff : 0
    for (let i = 0; i < count; i++) {
      this.bytes[this.length++] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16) ^ flip
    }
  }

  /** The rest of a text from its first character that is not ASCII, which goes to byte `at`. */
  #putWideText(text: string, from: number, at: number): void {
    const { bytes } = this
    let to = at
    for (let i = from; i < text.length; i++) {
      const point = text.codePointAt(i)!
      if (point < 0x80) {
        bytes[to++] = point
        continue
      }
      if (point > 0xffff) {
        // A pair has two code units.
        i++
        bytes[to++] = 0xf0 | (point >> 18)
        bytes[to++] = 0x80 | ((point >> 12) & 0x3f)
      } else if (point > 0x7ff) {
        bytes[to++] = 0xe0 | (point >> 12)
      }
      bytes[to++] = point > 0x7ff ? 0x80 | ((point >> 6) & 0x3f) : 0xc0 | (point >> 6)
      bytes[to++] = 0x80 | (point & 0x3f)
    }
    this.length = to
  }

  #escape(from: number): void {
    const zeros = this.#countZeros(from)
    this.#reserve(zeros + 1)
    const { bytes, length } = this
    let to = length + zeros
    bytes[to] = END_BYTE
    this.length = to + 1
    // From the end backwards, until nothing that follows is moved.
    for (let at = length - 1; to > at + 1; at--) {
      if (bytes[at] === END_BYTE) bytes[--to] = ESCAPE_BYTE
      bytes[--to] = bytes[at]!
    }
  }

  #countZeros(from: number): number {
    let zeros = 0
    for (let i = from; i < this.length; i++) if (this.bytes[i] === END_BYTE) zeros++
    return zeros
  }

  #putUint32(value: number): void {
    const { bytes, length } = this
    bytes[length] = value >>> 24
    bytes[length + 1] = value >>> 16
    bytes[length + 2] = value >>> 8
    bytes[length + 3] = value
    this.length = length + 4
  }

  #reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const grown = new Uint8Array(2 * (this.length + more))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}
