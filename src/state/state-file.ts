/**
 * A chunk of a snapshot as the file that keeps it. `state-file-reader.ts` reads it.
 * Threads: any; mostly the side pool's.
 */
import { assert } from '../base/assert.ts'
import type { StateChunk, StatePart } from './snapshot-contract.ts'
import { packBlock } from './state-block.ts'
import { encodeEnd, encodeHeader } from './state-file-index.ts'

export interface PackOptions {
  /** Snappy, a block at a time. */
  readonly compress: boolean
}

/** The file's bytes in order, for `BlobStore.put`. Borrows the chunk's. */
export function packStateFile(chunk: StateChunk, options: PackOptions): readonly Uint8Array[] {
  const { sections, parts } = chunk
  assert(
    parts.every(({ section }) => section < sections.length),
    'a part of a section that is not in its chunk',
  )
  const blocks = parts.toSorted(bySectionAndGroup).map((part) => packBlock(part, options.compress))
  return [
    encodeHeader(),
    ...blocks.flatMap(({ header, payload }) => [header, payload]),
    ...encodeEnd(
      sections,
      blocks.map(({ info }) => info),
    ),
  ]
}

function bySectionAndGroup(a: StatePart, b: StatePart): number {
  return a.section - b.section || a.keyGroup - b.keyGroup
}
