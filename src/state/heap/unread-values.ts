/**
 * Values of a restored state, left in the bytes of the checkpoint until somebody asks for them:
 * to restore a million texts takes the time of finding where each begins. What is never asked for
 * is read by the next snapshot, which goes over all of it anyhow; then the bytes are let go.
 * Threads: the task that owns the subtask.
 */
import type { ByteReader, ByteWriter } from '../../codec/byte-stream.ts'
import { withRoom } from '../growing-array.ts'
import type { StateValues } from '../state-values.ts'

/** Stands where a value is that was not read yet. */
export const UNREAD = Symbol('unread')

export class UnreadValues {
  readonly #codec: StateValues
  #parts: ByteReader[] = []
  /** By slot: the part, and where in it the value begins. */
  #partOf = new Uint32Array(0)
  #from = new Uint32Array(0)
  #count = 0

  constructor(codec: StateValues) {
    this.#codec = codec
  }

  /** The next value is that of `slot`: goes over it. The bytes are held from now on. */
  leave(slot: number, from: ByteReader, capacity: number): void {
    if (this.#from.length < capacity) this.#grow(capacity)
    if (this.#parts.at(-1) !== from) this.#parts.push(from)
    this.#partOf[slot] = this.#parts.length - 1
    this.#from[slot] = from.at
    this.#count++
    this.#codec.skip(from)
  }

  /** Reads the slot's value, once. */
  take(slot: number): unknown {
    const value = this.#codec.read(this.#at(slot))
    this.drop()
    return value
  }

  /** Appends the slot's value as it was written. */
  write(slot: number, out: ByteWriter): void {
    const at = this.#at(slot)
    const from = at.at
    this.#codec.skip(at)
    out.raw(at.bytes, from, at.at)
  }

  /** Nobody will ask for the value of one of the slots any more. */
  drop(): void {
    if (--this.#count > 0) return
    this.#parts = []
    this.#partOf = new Uint32Array(0)
    this.#from = new Uint32Array(0)
  }

  #at(slot: number): ByteReader {
    const part = this.#parts[this.#partOf[slot]!]!
    part.at = this.#from[slot]!
    return part
  }

  #grow(capacity: number): void {
    this.#partOf = withRoom(this.#partOf, capacity)
    this.#from = withRoom(this.#from, capacity)
  }
}
