/**
 * A chunk of a snapshot as the file that keeps it. `state-file-reader.ts` reads it.
 * Threads: any; mostly the side pool's.
 */
import { assert } from '../base/assert.ts'
import { checksumOf } from '../storage/checksum.ts'
import type { BlobHandle } from '../storage/contract.ts'
import type { Compression } from './compression.ts'
import type { SectionHeader, StateChunk, StatePart } from './snapshot-contract.ts'
import { packBlock } from './state-block.ts'
import { encodeEnd, encodeHeader } from './state-file-index.ts'

export interface PackOptions {
  /** Snappy, a block at a time. */
  readonly compress: boolean
  /** In-flight data by LZ4, whatever `compress` says. Default: as it is. */
  readonly compressInFlight?: boolean
}

/** Of its entries. */
export function chunkBytes({ parts }: StateChunk): number {
  return parts.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

/** What it shares with whoever made it, each once. */
export function chunkMemories({ parts }: StateChunk): readonly SharedArrayBuffer[] {
  // Mostly it is one.
  const memories = new Set(parts.map(({ bytes }) => bytes.buffer))
  return [...memories].filter((memory) => memory instanceof SharedArrayBuffer)
}

/** The file's bytes in order, for `BlobStore.put`. Borrows the chunk's. */
export function packStateFile(chunk: StateChunk, options: PackOptions): readonly Uint8Array[] {
  const { sections, parts } = chunk
  assert(
    parts.every(({ section }) => section < sections.length),
    'a part of a section that is not in its chunk',
  )
  const by = sections.map(({ kind }) => compressionOf(kind, options))
  const blocks = parts.toSorted(bySectionAndGroup).map((part) => packBlock(part, by[part.section]))
  return [
    encodeHeader(),
    ...blocks.flatMap(({ header, payload }) => [header, payload]),
    ...encodeEnd(
      sections,
      blocks.map(({ info }) => info),
    ),
  ]
}

export interface PackedFile {
  readonly parts: readonly Uint8Array[]
  readonly blob: BlobHandle
}

/** The file's bytes, and what whoever reads it later must know. */
export function packStateBlob(name: string, chunk: StateChunk, options: PackOptions): PackedFile {
  const parts = packStateFile(chunk, options)
  const bytes = parts.reduce((sum, { length }) => sum + length, 0)
  return { parts, blob: { name, bytes, crc32: checksumOf(parts) } }
}

function compressionOf(kind: SectionHeader['kind'], options: PackOptions): Compression | undefined {
  if (kind === 'channel') return options.compressInFlight === true ? 'lz4' : undefined
  return options.compress ? 'snappy' : undefined
}

function bySectionAndGroup(a: StatePart, b: StatePart): number {
  return a.section - b.section || a.keyGroup - b.keyGroup
}
