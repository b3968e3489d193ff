/**
 * The one encoding of keys. Key groups, state tables and every stored format use these bytes, so
 * that equal keys are equal bytes whatever page, shape, thread or version they came through.
 * Bytes compare as the values do within a type: numbers by value, strings by code point, dates by
 * time, arrays element by element. An instance of a class is a record of its own fields.
 * Threads: one encoder a task.
 */
import { SluiceError } from '../base/errors.ts'
import { KeyScratch } from './key-scratch.ts'
import {
  ARRAY_TAG,
  BIGINT_TAG,
  BYTES_TAG,
  DATE_TAG,
  END_BYTE,
  FALSE_TAG,
  FIELD_BYTE,
  NULL_TAG,
  NUMBER_TAG,
  RECORD_TAG,
  STRING_TAG,
  TRUE_TAG,
  UNDEFINED_TAG,
} from './key-tags.ts'
import { isRecord } from './value-kind.ts'

export { decodeKey } from './key-decoder.ts'
export { murmur3 } from './murmur.ts'

/** Arrays and records within each other; what is deeper is taken for cyclic. */
const DEPTH_MAX = 64

export class KeyEncoder {
  readonly #scratch = new KeyScratch()

  /** The bytes of the last key are the first `length` of these, until the next call. */
  get bytes(): Uint8Array {
    return this.#scratch.bytes
  }

  get length(): number {
    return this.#scratch.length
  }

  /** Throws `KEY_NOT_ENCODABLE`. */
  encode(value: unknown): void {
    const scratch = this.#scratch
    scratch.length = 0
    if (typeof value === 'string') scratch.putText(STRING_TAG, value)
    else this.#put(value, 0)
  }

  #put(value: unknown, depth: number): void {
    const scratch = this.#scratch
    switch (typeof value) {
      case 'string':
        return scratch.putEscapedText(STRING_TAG, value)
      case 'number':
        scratch.putTag(NUMBER_TAG)
        return scratch.putNumber(value)
      case 'boolean':
        return scratch.putTag(value ? TRUE_TAG : FALSE_TAG)
      case 'undefined':
        return scratch.putTag(UNDEFINED_TAG)
      case 'bigint':
        scratch.putTag(BIGINT_TAG)
        return scratch.putBigint(value)
      case 'object':
        return value === null ? scratch.putTag(NULL_TAG) : this.#putObject(value, depth)
      default:
        throw notEncodable(`a ${typeof value}`)
    }
  }

  #putObject(value: object, depth: number): void {
    const scratch = this.#scratch
    if (depth === DEPTH_MAX) throw notEncodable('a cyclic or very deep value')
    if (Array.isArray(value)) return this.#putArray(value, depth)
    if (value instanceof Date) {
      scratch.putTag(DATE_TAG)
      return scratch.putNumber(value.getTime())
    }
    if (value instanceof Uint8Array) {
      scratch.putTag(BYTES_TAG)
      return depth === 0 ? scratch.putBytes(value) : scratch.putEscapedBytes(value)
    }
    if (!isRecord(value)) throw notEncodable(`a ${typeName(value)}`)
    this.#putRecord(value as Record<string, unknown>, depth)
  }

  #putArray(items: readonly unknown[], depth: number): void {
    this.#scratch.putTag(ARRAY_TAG)
    for (let i = 0; i < items.length; i++) this.#put(items[i], depth + 1)
    this.#scratch.putTag(END_BYTE)
  }

  #putRecord(fields: Record<string, unknown>, depth: number): void {
    this.#scratch.putTag(RECORD_TAG)
    for (const name of Object.keys(fields).sort()) {
      this.#scratch.putEscapedText(FIELD_BYTE, name)
      this.#put(fields[name], depth + 1)
    }
    this.#scratch.putTag(END_BYTE)
  }
}

function typeName(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}

function notEncodable(what: string): SluiceError {
  return new SluiceError('KEY_NOT_ENCODABLE', `a key cannot be ${what}, nor hold one`, {
    hint: 'key by strings, numbers, booleans, bigints, dates, bytes, or arrays and records of them',
  })
}
