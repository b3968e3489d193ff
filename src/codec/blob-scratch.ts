/**
 * Bytes that grow: where a page's byte values are collected until the place behind its strings
 * is known.
 * Threads: one task.
 */
const BYTES_MIN = 256
/** A single large record must not hold its bytes for ever. */
const BYTES_KEPT_MAX = 1 << 20

export class BlobScratch {
  bytes = new Uint8Array(0)
  length = 0

  clear(): void {
    this.length = 0
    if (this.bytes.length > BYTES_KEPT_MAX) this.bytes = new Uint8Array(0)
  }

  appendByte(byte: number): void {
    this.#reserve(1)
    this.bytes[this.length++] = byte
  }

  appendBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** Writes the first `length` bytes to `to` at byte `at`. */
  copyTo(to: Uint8Array, at: number, length: number): void {
    to.set(this.bytes.subarray(0, length), at)
  }

  #reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(BYTES_MIN, 2 * needed))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}
