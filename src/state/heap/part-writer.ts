/**
 * Entries of many parts, written in any order into one memory. Each part has a segment of it, and
 * the next one where that is full: what is read and written for an entry besides its bytes fits
 * into the processor's first cache, and the memory serves for the next chunk and snapshot.
 * Threads: the task that owns the subtask.
 */
import { ByteWriter } from '../../codec/byte-stream.ts'

/** A part's first segment; each further one is twice as long, up to the longest. */
const SEGMENT_BYTES_MIN = 64
const SEGMENT_BYTES_MAX = 2 << 10
const BYTES_MIN = 64 << 10

export class PartWriter extends ByteWriter {
  /** By part: where the last segment begins and ends, and what of it is written. */
  #from = new Uint32Array(0)
  #to = new Uint32Array(0)
  #end = new Uint32Array(0)
  /** By part: how long its next segment is, at least. */
  #next = new Uint16Array(0)
  /** By part, since the last `clear`. */
  #entries = new Uint32Array(0)
  /** By part: begin and end of what segments before the last hold. */
  #full: (number[] | undefined)[] = []
  /** Up to here the memory is dealt out. */
  #dealt = 0
  #begun = 0
  #begunAt = 0

  /** Parts are numbered from 0 to `parts` - 1, and all of them are empty. */
  open(parts: number): void {
    this.#from = new Uint32Array(parts)
    this.#to = new Uint32Array(parts)
    this.#end = new Uint32Array(parts)
    this.#next = new Uint16Array(parts).fill(SEGMENT_BYTES_MIN)
    this.#entries = new Uint32Array(parts)
    this.#full = new Array(parts).fill(undefined)
    this.#dealt = 0
  }

  /** The next entry is one of that part. One that was begun and not ended is forgotten. */
  begin(part: number): void {
    this.#begun = part
    this.#begunAt = this.length = this.#to[part]!
    this.limit = this.#end[part]!
  }

  /** The entry that was begun is complete. Returns its bytes. */
  end(): number {
    const part = this.#begun
    this.#to[part] = this.length
    this.#entries[part]!++
    return this.length - this.#begunAt
  }

  entriesOf(part: number): number {
    return this.#entries[part]!
  }

  /** Copies the part's entries. Returns where they end. */
  copy(part: number, to: Uint8Array, at: number): number {
    const full = this.#full[part] ?? []
    let end = at
    for (let i = 0; i < full.length; i += 2) {
      to.set(this.bytes.subarray(full[i], full[i + 1]), end)
      end += full[i + 1]! - full[i]!
    }
    to.set(this.bytes.subarray(this.#from[part], this.#to[part]), end)
    return end + this.#to[part]! - this.#from[part]!
  }

  /** All parts are empty. */
  clear(): void {
    this.open(this.#from.length)
  }

  /** The segment is full: it becomes longer, or the entry goes on in another. */
  protected override grow(more: number): void {
    const part = this.#begun
    const needed = this.length - this.#begunAt + more
    const isLast = this.#end[part] === this.#dealt && this.#dealt > 0
    const bytes = this.#next[part]!
    const next = this.#deal(bytes * Math.ceil(needed / bytes))
    this.#next[part] = Math.min(2 * bytes, SEGMENT_BYTES_MAX)
    if (!isLast) this.#moveEntry(next)
    this.limit = this.#end[part] = this.#dealt
  }

  #moveEntry(to: number): void {
    const part = this.#begun
    const from = this.#begunAt
    this.bytes.copyWithin(to, from, this.length)
    if (from > this.#from[part]!) (this.#full[part] ??= []).push(this.#from[part]!, from)
    this.#from[part] = this.#to[part] = this.#begunAt = to
    this.length += to - from
  }

  #deal(bytes: number): number {
    const from = this.#dealt
    this.#dealt = from + bytes
    if (this.#dealt > this.bytes.length) {
      const grown = new Uint8Array(Math.max(BYTES_MIN, 2 * this.#dealt))
      grown.set(this.bytes.subarray(0, from))
      this.moveTo(grown)
    }
    return from
  }
}
