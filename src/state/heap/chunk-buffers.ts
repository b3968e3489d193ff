/**
 * Where the entries of one snapshot collect, by section and key group, until there are enough of
 * them for a chunk.
 * Threads: the task that owns the subtask.
 */
import type { ByteWriter } from '../../codec/byte-stream.ts'
import type { ChunkSink, SectionHeader, StateChunk, StatePart } from '../snapshot-contract.ts'
import type { PartWriter } from './part-writer.ts'

const CHUNK_BYTES = 4 << 20

export interface ChunkBuffersOptions {
  readonly sink: ChunkSink
  readonly sections: readonly SectionHeader[]
  readonly keyGroupFrom: number
  readonly keyGroupTo: number
  /** Nobody else's for as long as the snapshot is written. */
  readonly writer: PartWriter
}

export class ChunkBuffers {
  readonly #options: ChunkBuffersOptions
  readonly #groups: number
  readonly #keyGroupFrom: number
  /** A part is a section's number times that of key groups, and the key group. */
  readonly #writer: PartWriter
  /** By section: parts of an earlier snapshot, copied when the chunk is made. */
  readonly #whole: StatePart[][]
  #bytes = 0

  constructor(options: ChunkBuffersOptions) {
    this.#options = options
    this.#groups = options.keyGroupTo - options.keyGroupFrom
    this.#keyGroupFrom = options.keyGroupFrom
    this.#writer = options.writer
    this.#writer.open(options.sections.length * this.#groups)
    this.#whole = options.sections.map(() => [])
  }

  /** Where the next entry goes. */
  begin(section: number, keyGroup: number): ByteWriter {
    const writer = this.#writer
    writer.begin(section * this.#groups + keyGroup - this.#keyGroupFrom)
    return writer
  }

  /** The entry that was begun is complete. Returns its bytes. */
  end(): number {
    const bytes = this.#writer.end()
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
    const { sections, sink } = this.#options
    const writer = this.#writer
    // One memory for all parts: another thread is given it as a whole.
    const bytes = sink.memory?.(this.#bytes) ?? new Uint8Array(this.#bytes)
    const used: SectionHeader[] = []
    const taken: StatePart[] = []
    let at = 0
    const take = (keyGroup: number, entries: number, end: number) => {
      const own = bytes.subarray(at, end)
      taken.push({ section: used.length, keyGroup, entries, bytes: own })
      at = end
    }
    for (let s = 0; s < sections.length; s++) {
      const before = taken.length
      for (const part of this.#whole[s]!.splice(0)) {
        bytes.set(part.bytes, at)
        take(part.keyGroup, part.entries, at + part.bytes.length)
      }
      for (let group = 0; group < this.#groups; group++) {
        const part = s * this.#groups + group
        const entries = writer.entriesOf(part)
        if (entries > 0) take(this.#keyGroupFrom + group, entries, writer.copy(part, bytes, at))
      }
      if (taken.length > before) used.push(sections[s]!)
    }
    writer.clear()
    return { sections: used, parts: taken }
  }
}
