/**
 * Values out of the bytes of keys. What the encoding made equal comes back as one of the equals:
 * 0 for -0, a plain object for an instance of a class, fields in sorted order.
 * Threads: any.
 */
import { assert, unreachable } from '../base/assert.ts'
import {
  ARRAY_TAG,
  BIGINT_LENGTH_BIAS,
  BIGINT_TAG,
  BYTES_TAG,
  DATE_TAG,
  END_BYTE,
  ESCAPE_BYTE,
  FALSE_TAG,
  FIELD_BYTE,
  NULL_TAG,
  NUMBER_TAG,
  RECORD_TAG,
  STRING_TAG,
  TRUE_TAG,
  UNDEFINED_TAG,
} from './key-tags.ts'
import { NUMBER_KEY_BYTES } from './number-key.ts'

/** From this length on the call into native code is worth it. */
const NATIVE_CHARS_MIN = 16
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice: { call(bytes: Uint8Array, from: number, to: number): string }
}

/** One for all: a key that is decoded for each record must allocate no buffer. */
const HALVES = new Int32Array(2)
const NUMBER = new Float64Array(HALVES.buffer)

/** The key whose bytes are [from, to). */
export function decodeKey(bytes: Uint8Array, from: number, to: number): unknown {
  const tag = bytes[from]
  if (tag === STRING_TAG) return decodeText(bytes, from + 1, to)
  if (tag === NUMBER_TAG && to - from === NUMBER_KEY_BYTES) return numberAt(bytes, from + 1)
  if (tag === BYTES_TAG) return plainBytes(bytes, from + 1, to)
  const decoder = new KeyDecoder(bytes, from)
  const value = decoder.value()
  assert(decoder.at === to, 'a key ends where its bytes end')
  return value
}

class KeyDecoder {
  at: number
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array, from: number) {
    this.#bytes = bytes
    this.at = from
  }

  value(): unknown {
    const tag = this.#bytes[this.at++]
    switch (tag) {
      case UNDEFINED_TAG:
        return undefined
      case NULL_TAG:
        return null
      case FALSE_TAG:
        return false
      case TRUE_TAG:
        return true
      case NUMBER_TAG:
        return this.#takeNumber()
      case DATE_TAG:
        return new Date(this.#takeNumber())
      case BIGINT_TAG:
        return this.#takeBigint()
      case STRING_TAG:
        return this.#takeText()
      case BYTES_TAG:
        return this.#takeEscaped()
      case ARRAY_TAG:
        return this.#takeArray()
      case RECORD_TAG:
        return this.#takeRecord()
      default:
        return unreachable(`key tag ${tag}` as never)
    }
  }

  #takeNumber(): number {
    const { at } = this
    this.at += 8
    assert(this.at <= this.#bytes.length, 'a number of a key has no end')
    return numberAt(this.#bytes, at)
  }

  #takeBigint(): bigint {
    const count = (wordAt(this.#bytes, this.at) >>> 0) - BIGINT_LENGTH_BIAS
    this.at += 4
    const flip = count < 0 ? 0xff : 0
    let digits = ''
    for (let i = 0; i < Math.abs(count); i++) {
      digits += ((this.#bytes[this.at++]! ^ flip) & 0xff).toString(16).padStart(2, '0')
    }
    const magnitude = BigInt(digits === '' ? 0 : `0x${digits}`)
    return count < 0 ? -magnitude : magnitude
  }

  #takeText(): string {
    const bytes = this.#takeEscaped()
    return decodeText(bytes, 0, bytes.length)
  }

  #takeEscaped(): Uint8Array {
    const bytes = this.#bytes
    const taken: number[] = []
    for (;;) {
      const byte = bytes[this.at++]!
      if (byte === END_BYTE && bytes[this.at] !== ESCAPE_BYTE) return Uint8Array.from(taken)
      if (byte === END_BYTE) this.at++
      assert(this.at <= bytes.length, 'a part of a key has no end')
      taken.push(byte)
    }
  }

  #takeArray(): unknown[] {
    const items: unknown[] = []
    while (this.#bytes[this.at] !== END_BYTE) items.push(this.value())
    this.at++
    return items
  }

  #takeRecord(): object {
    const fields: [string, unknown][] = []
    while (this.#bytes[this.at] !== END_BYTE) {
      assert(this.#bytes[this.at++] === FIELD_BYTE, 'a field of a key begins with its mark')
      const name = this.#takeText()
      fields.push([name, this.value()])
    }
    this.at++
    return Object.fromEntries(fields)
  }
}

/** Eight bytes that are in the order of their numbers, see `NumberKey`. */
function numberAt(bytes: Uint8Array, at: number): number {
  const hi = wordAt(bytes, at)
  const lo = wordAt(bytes, at + 4)
  const isNegative = hi >= 0
  HALVES[0] = isNegative ? ~lo : lo
  HALVES[1] = isNegative ? ~hi : hi & 0x7fffffff
  return NUMBER[0]!
}

/** Big-endian. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

function plainBytes(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return new Uint8Array(bytes.subarray(from, to))
}

function decodeText(bytes: Uint8Array, from: number, to: number): string {
  for (let at = from; at < to; at++) if (bytes[at]! > 0x7f) return decodeWideText(bytes, from, to)
  if (to - from > NATIVE_CHARS_MIN) return latin1Slice.call(bytes, from, to)
  let text = ''
  for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at]!)
  return text
}

function decodeWideText(bytes: Uint8Array, from: number, to: number): string {
  let text = ''
  for (let at = from; at < to; ) {
    const lead = bytes[at]!
    const more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3
    let point = more === 0 ? lead : lead & (0x3f >> more)
    for (let k = 1; k <= more; k++) point = (point << 6) | (bytes[at + k]! & 0x3f)
    text += String.fromCodePoint(point)
    at += more + 1
  }
  return text
}
