/**
 * State files that travel inside the acknowledgement, since they are short: no other thread, no
 * file and no further message then has to do with them. In-flight data is mostly short once it is
 * compressed, so that is tried here, where it lies in the cache; what stays long is left to the
 * side pool, which compresses again.
 * Threads: the task.
 */
import type { StateFile } from '../protocol/snapshot.ts'
import type { StateChunk } from '../state/snapshot-contract.ts'
import { chunkBytes, packStateFile } from '../state/state-file.ts'

/** LZ4 takes a millisecond or less for it: the task processes no records meanwhile. */
const COMPRESSED_HERE_MAX = 1 << 20
/** What comes may be of another kind: what was too long is tried again after some time. */
const FORGETS = 0.9

type Pack = typeof packStateFile

export class InlineFiles {
  readonly #bytesMax: number
  readonly #pack: Pack
  /** How much of in-flight data was left of it where that was too long; else 0. */
  #ratio = 0

  constructor(bytesMax: number, pack: Pack = packStateFile) {
    this.#bytesMax = bytesMax
    this.#pack = pack
  }

  /** Undefined where it is too long. */
  ofState(chunk: StateChunk): StateFile | undefined {
    if (chunkBytes(chunk) > this.#bytesMax) return undefined
    return inline(this.#pack(chunk, { compress: false }))
  }

  /** Undefined where it is too long, or likely to be, or the side pool is to say what is wrong. */
  ofInFlight(chunk: StateChunk): StateFile | undefined {
    const bytes = chunkBytes(chunk)
    if (bytes > COMPRESSED_HERE_MAX) return undefined
    if (bytes * this.#ratio > this.#bytesMax) {
      this.#ratio *= FORGETS
      return undefined
    }
    const parts = this.#compressed(chunk)
    if (parts === undefined) return undefined
    const packedBytes = parts.reduce((sum, { length }) => sum + length, 0)
    const isLong = packedBytes > this.#bytesMax
    this.#ratio = isLong ? packedBytes / bytes : 0
    return isLong ? undefined : inline(parts)
  }

  /** What fails here fails in the side pool as well, where it costs the checkpoint alone. */
  #compressed(chunk: StateChunk): readonly Uint8Array[] | undefined {
    try {
      return this.#pack(chunk, { compress: false, compressInFlight: true })
    } catch {
      return undefined
    }
  }
}

/** In memory of its own: a Buffer may be part of a larger one, all of which would be sent. */
function inline(parts: readonly Uint8Array[]): StateFile {
  return { kind: 'inline', bytes: new Uint8Array(Buffer.concat(parts)) }
}
