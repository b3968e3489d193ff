/**
 * Where the entries of one snapshot collect, by section and key group, until there are enough of
 * them for a chunk. The buffers of one chunk serve for the next.
 * Threads: the task that owns the subtask.
 */
import { ByteWriter } from '../../codec/byte-stream.ts'
import type { ChunkSink, SectionHeader, StateChunk, StatePart } from '../snapshot-contract.ts'

const CHUNK_BYTES = 4 << 20

export interface ChunkBuffersOptions {
  readonly sink: ChunkSink
  readonly sections: readonly SectionHeader[]
  readonly keyGroupFrom: number
  readonly keyGroupTo: number
}

class PartBuffer extends ByteWriter {
  entries = 0
}

export class ChunkBuffers {
  readonly #options: ChunkBuffersOptions
  /** By section, then by key group. */
  readonly #parts: (PartBuffer | undefined)[][]
  /** By section: parts of an earlier snapshot, copied when the chunk is made. */
  readonly #whole: StatePart[][]
  #bytes = 0
  #begun: PartBuffer | undefined
  #begunAt = 0

  constructor(options: ChunkBuffersOptions) {
    this.#options = options
    const groups = options.keyGroupTo - options.keyGroupFrom
    this.#parts = options.sections.map(() => new Array(groups).fill(undefined))
    this.#whole = options.sections.map(() => [])
  }

  /** Where the next entry goes. */
  begin(section: number, keyGroup: number): ByteWriter {
    const parts = this.#parts[section]!
    const index = keyGroup - this.#options.keyGroupFrom
    let part = parts[index]
    if (part === undefined) parts[index] = part = new PartBuffer()
    this.#begun = part
    this.#begunAt = part.length
    return part
  }

  /** The entry that was begun is complete. Returns its bytes. */
  end(): number {
    const part = this.#begun!
    const bytes = part.length - this.#begunAt
    part.entries++
    this.#bytes += bytes
    if (this.#bytes >= CHUNK_BYTES) this.flush()
    return bytes
  }

  /** Takes over entries of an earlier snapshot: a part of their own. */
  whole(section: number, part: StatePart): void {
    this.#whole[section]!.push(part)
    this.#bytes += part.bytes.length
    if (this.#bytes >= CHUNK_BYTES) this.flush()
  }

  /** Hands over what there is. */
  flush(): void {
    if (this.#bytes === 0) return
    const chunk = this.#takeChunk()
    this.#bytes = 0
    this.#options.sink.chunk(chunk)
  }

  #takeChunk(): StateChunk {
    const { sections, keyGroupFrom, sink } = this.#options
    // One memory for all parts: another thread is given it as a whole.
    const bytes = sink.memory?.(this.#bytes) ?? new Uint8Array(this.#bytes)
    const used: SectionHeader[] = []
    const taken: StatePart[] = []
    let at = 0
    const take = (keyGroup: number, entries: number, from: Uint8Array) => {
      bytes.set(from, at)
      const own = bytes.subarray(at, at + from.length)
      taken.push({ section: used.length, keyGroup, entries, bytes: own })
      at += from.length
    }
    for (let s = 0; s < sections.length; s++) {
      const before = taken.length
      for (const part of this.#whole[s]!.splice(0)) take(part.keyGroup, part.entries, part.bytes)
      this.#parts[s]!.forEach((part, index) => {
        if (part === undefined || part.entries === 0) return
        take(keyGroupFrom + index, part.entries, part.bytes.subarray(0, part.length))
        part.length = 0
        part.entries = 0
      })
      if (taken.length > before) used.push(sections[s]!)
    }
    return { sections: used, parts: taken }
  }
}
