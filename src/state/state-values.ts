/**
 * Values of states as bytes: what is most common (numbers, ASCII text, booleans) has a tag and its
 * plain bytes, all else goes through `ValueCodec`.
 * Threads: the task that owns the subtask.
 */
import { ValueCodec } from '../codec/blob.ts'
import { BlobScratch } from '../codec/blob-scratch.ts'
import type { ByteReader, ByteWriter } from '../codec/byte-stream.ts'
import { damaged, notEncodable } from './state-errors.ts'

// These are part of every stored format and never change.
const NUMBER_TAG = 1
const ASCII_TAG = 2
const TRUE_TAG = 3
const FALSE_TAG = 4
const UNDEFINED_TAG = 5
const NULL_TAG = 6
const BLOB_TAG = 7

export class StateValues {
  readonly #codec = new ValueCodec()
  readonly #scratch = new BlobScratch()

  /** Appends a value of the state of that name. Throws STATE_NOT_ENCODABLE. */
  write(out: ByteWriter, value: unknown, state: string): void {
    switch (typeof value) {
      case 'number':
        return writeNumber(out, value)
      case 'string':
        return this.#writeText(out, value, state)
      case 'boolean':
        return out.byte(value ? TRUE_TAG : FALSE_TAG)
      case 'undefined':
        return out.byte(UNDEFINED_TAG)
      default:
        return value === null ? out.byte(NULL_TAG) : this.#writeBlob(out, value, state)
    }
  }

  /** The value that `write` wrote. Throws CHECKPOINT_DAMAGED. */
  read(from: ByteReader): unknown {
    const tag = from.byte()
    switch (tag) {
      case NUMBER_TAG:
        return from.float64()
      case ASCII_TAG:
        return from.ascii()
      case TRUE_TAG:
        return true
      case FALSE_TAG:
        return false
      case UNDEFINED_TAG:
        return undefined
      case NULL_TAG:
        return null
      case BLOB_TAG:
        return this.#readBlob(from)
      default:
        throw damaged(`a value begins with ${tag}, which no value does`)
    }
  }

  /** Whether the value that comes next is a text or an object: one that takes memory of its own. */
  isLong(from: ByteReader): boolean {
    const tag = from.bytes[from.at]
    return tag === ASCII_TAG || tag === BLOB_TAG
  }

  /** Goes over a value that `write` wrote. Throws CHECKPOINT_DAMAGED. */
  skip(from: ByteReader): void {
    if (!this.isLong(from)) {
      this.read(from)
      return
    }
    from.byte()
    from.sized()
  }

  #writeText(out: ByteWriter, text: string, state: string): void {
    out.byte(ASCII_TAG)
    if (out.ascii(text)) return
    out.length--
    this.#writeBlob(out, text, state)
  }

  #writeBlob(out: ByteWriter, value: unknown, state: string): void {
    const scratch = this.#scratch
    scratch.clear()
    try {
      this.#codec.encodeTo(scratch, value, '')
    } catch (cause) {
      throw notEncodable(state, cause as Error)
    }
    out.byte(BLOB_TAG)
    out.sized(scratch.bytes, 0, scratch.length)
  }

  #readBlob(from: ByteReader): unknown {
    try {
      return from.value(this.#codec)
    } catch (cause) {
      throw damaged((cause as Error).message, cause)
    }
  }
}

/** As `StateValues.write` does, for what is known to be a number. */
export function writeNumber(out: ByteWriter, value: number): void {
  out.tagged64(NUMBER_TAG, value)
}
