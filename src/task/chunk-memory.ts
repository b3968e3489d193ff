/**
 * Memory for encoded state on its way to the disk. It is shared with the thread that writes it, not
 * transferred: the first `ArrayBuffer` that is detached in a thread makes V8 throw away all code
 * there that reads typed arrays, and check each of them at every access from then on. What was
 * written is used again.
 * Threads: the task.
 */

/** About as much as is on its way at a time. */
const FREE_BYTES_MAX = 40 << 20
/** Memories a little larger than a chunk can serve for any. */
const ROUNDED_TO_BYTES = 256 << 10

export class ChunkMemory {
  /** The smallest first. */
  readonly #free: SharedArrayBuffer[] = []

  /** Shared: whoever gets the bytes may pass them on to another thread. */
  take(bytes: number): Uint8Array {
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= bytes)
    const memory = at < 0 ? newMemory(bytes) : this.#free.splice(at, 1)[0]!
    return new Uint8Array(memory, 0, bytes)
  }

  /** Nobody reads what was taken any more. */
  give(memories: readonly SharedArrayBuffer[]): void {
    const free = this.#free
    free.push(...memories)
    free.sort((a, b) => a.byteLength - b.byteLength)
    let bytes = free.reduce((sum, { byteLength }) => sum + byteLength, 0)
    while (bytes > FREE_BYTES_MAX) bytes -= free.pop()!.byteLength
  }
}

function newMemory(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(Math.ceil(bytes / ROUNDED_TO_BYTES) * ROUNDED_TO_BYTES)
}
