/**
 * Reads state files: the index first, then the blocks that are asked for, few reads for many
 * blocks, and the whole file at once where most of it is needed. Whatever is not as it was written
 * ends in CHECKPOINT_DAMAGED, which names the file.
 * Threads: any.
 */
import type { SluiceError } from '../base/errors.ts'
import { checksumOf } from '../storage/checksum.ts'
import type { BlobHandle, BlobStore } from '../storage/contract.ts'
import { checkpointDamaged } from '../storage/storage-errors.ts'
import type { SectionHeader, StatePart } from './snapshot-contract.ts'
import { unpackBlock, unpackCheckedBlock } from './state-block.ts'
import {
  checkHeader,
  decodeEnd,
  endBytes,
  type IndexedBlock,
  type StateFileIndex,
} from './state-file-index.ts'
import { HEADER_BYTES, TAIL_BYTES } from './state-file-layout.ts'

export interface StateFileSource {
  /** Names the file in errors. */
  readonly place: string
  readonly bytes: number
  /** The bytes [from, to), or fewer where the file ends early. */
  read(from: number, to: number): Promise<Uint8Array>
  readAll(): Promise<Uint8Array>
  /** Whether `readAll` throws CHECKPOINT_DAMAGED where it is not what was written. */
  readonly checksAll: boolean
}

export interface PartsWanted {
  /** Undefined: all. */
  readonly operatorIds?: readonly string[]
  /** Key groups [from, to). */
  readonly from: number
  readonly to: number
}

/** Parts that are fetched by one read: at most 8 MB, or a whole file. */
interface PartsRead {
  /** `section` of each is an index of the reader's `sections`. */
  fetch(): Promise<Iterable<StatePart>>
}

/** Blocks that are fetched by one read. */
interface Run {
  readonly from: number
  readonly blocks: IndexedBlock[]
  to: number
}

/** The first read: mostly the whole index, often the whole file. */
const END_BYTES = 64 << 10
/** It is quicker to read over a small gap than to read twice. */
const GAP_BYTES_MAX = 64 << 10
const RUN_BYTES_MAX = 8 << 20

export class StateFileReader {
  readonly sections: readonly SectionHeader[]
  readonly #blocks: readonly IndexedBlock[]
  readonly #source: StateFileSource
  /** Of a small file, which was read as a whole for its index. */
  readonly #whole: Uint8Array | undefined

  constructor(source: StateFileSource, index: StateFileIndex, whole: Uint8Array | undefined) {
    this.sections = index.sections
    this.#blocks = index.blocks
    this.#source = source
    this.#whole = whole
  }

  /** In the order of sections, then key groups. */
  reads(wanted: PartsWanted): readonly PartsRead[] {
    const blocks = this.#blocks.filter((block) => this.#isWanted(block, wanted))
    if (blocks.length === 0) return []
    const bytes = blocks.reduce((sum, { from, to }) => sum + to - from, 0)
    if (this.#whole === undefined && 2 * bytes < this.#source.bytes) {
      return runsOf(blocks).map((run) => ({ fetch: () => this.#fetch(run) }))
    }
    return [{ fetch: () => this.#fetchWhole(blocks) }]
  }

  /** How many entries each section has, by its index. */
  entries(wanted: PartsWanted): readonly number[] {
    const counts = this.sections.map(() => 0)
    for (const block of this.#blocks) {
      if (this.#isWanted(block, wanted)) counts[block.section]! += block.entries
    }
    return counts
  }

  /** Reads every block; tells what is wrong with each that is damaged. */
  async damages(): Promise<readonly SluiceError[]> {
    const whole = this.#whole ?? (await readWhole(this.#source))
    return this.#blocks.flatMap((block) => {
      const part = unpackBlock(whole.subarray(block.from, block.to), block)
      return typeof part === 'string' ? [this.#damaged(block, part)] : []
    })
  }

  #isWanted({ section, keyGroup }: IndexedBlock, wanted: PartsWanted): boolean {
    if (keyGroup < wanted.from || keyGroup >= wanted.to) return false
    const ids = wanted.operatorIds
    return ids === undefined || ids.includes(this.sections[section]!.operatorId)
  }

  async #fetch(run: Run): Promise<Iterable<StatePart>> {
    return this.#unpack(await readExactly(this.#source, run.from, run.to), run, unpackBlock)
  }

  async #fetchWhole(blocks: IndexedBlock[]): Promise<Iterable<StatePart>> {
    const whole = this.#whole ?? (await readWhole(this.#source))
    const unpack = this.#source.checksAll ? unpackCheckedBlock : unpackBlock
    return this.#unpack(whole, { from: 0, to: whole.length, blocks }, unpack)
  }

  *#unpack(bytes: Uint8Array, run: Run, unpack: typeof unpackBlock): Generator<StatePart> {
    for (const block of run.blocks) {
      const part = unpack(bytes.subarray(block.from - run.from, block.to - run.from), block)
      if (typeof part === 'string') throw this.#damaged(block, part)
      yield part
    }
  }

  #damaged(block: IndexedBlock, what: string): SluiceError {
    const { name, operatorId } = this.sections[block.section]!
    const which = `key group ${block.keyGroup} of '${name}' (operator ${operatorId})`
    return checkpointDamaged(this.#source.place, `has a block, ${which}, that ${what}`)
  }
}

/** A file that lies within the metadata. */
export function inlineStateFile(bytes: Uint8Array, place: string): StateFileSource {
  return {
    place,
    bytes: bytes.length,
    read: async (from, to) => bytes.subarray(from, to),
    readAll: async () => bytes,
    checksAll: false,
  }
}

export function blobStateFile(store: BlobStore, blob: BlobHandle): StateFileSource {
  return {
    place: blob.name,
    bytes: blob.bytes,
    read: (from, to) => store.get(blob.name, { from, to }),
    checksAll: true,
    async readAll() {
      const bytes = await store.get(blob.name)
      checkWhole(bytes, blob)
      return bytes
    },
  }
}

/** Throws CHECKPOINT_DAMAGED unless these are the bytes that the handle was made of. */
export function checkWhole(bytes: Uint8Array, blob: BlobHandle): void {
  if (bytes.length !== blob.bytes) {
    throw checkpointDamaged(blob.name, `has ${bytes.length} bytes instead of ${blob.bytes}`)
  }
  if (checksumOf([bytes]) !== blob.crc32) {
    throw checkpointDamaged(blob.name, 'does not match its checksum')
  }
}

/** Reads the index. */
export async function openStateFile(source: StateFileSource): Promise<StateFileReader> {
  const { bytes, place } = source
  if (bytes < HEADER_BYTES + TAIL_BYTES) {
    throw checkpointDamaged(place, `has ${bytes} bytes: too few for a state file`)
  }
  const whole = bytes <= END_BYTES ? await readWhole(source) : undefined
  let end = whole ?? (await readExactly(source, bytes - END_BYTES, bytes))
  const needed = endBytes(end, place)
  if (needed > bytes - HEADER_BYTES) throw checkpointDamaged(place, 'has an index that is too long')
  if (needed > end.length) end = await readExactly(source, bytes - needed, bytes)
  const index = decodeEnd(end.subarray(end.length - needed), bytes, place)
  return new StateFileReader(source, index, whole)
}

async function readWhole(source: StateFileSource): Promise<Uint8Array> {
  const bytes = await source.readAll()
  checkHeader(bytes.subarray(0, HEADER_BYTES), source.place)
  return bytes
}

async function readExactly(source: StateFileSource, from: number, to: number) {
  const bytes = await source.read(from, to)
  if (bytes.length === to - from) return bytes
  const ends = from + bytes.length
  throw checkpointDamaged(source.place, `ends after ${ends} of ${source.bytes} bytes`)
}

function runsOf(blocks: readonly IndexedBlock[]): readonly Run[] {
  const runs: Run[] = []
  for (const block of blocks) {
    const run = runs.at(-1)
    if (run === undefined || !canJoin(run, block)) {
      runs.push({ from: block.from, to: block.to, blocks: [block] })
    } else {
      run.to = block.to
      run.blocks.push(block)
    }
  }
  return runs
}

function canJoin(run: Run, block: IndexedBlock): boolean {
  return block.from - run.to <= GAP_BYTES_MAX && block.to - run.from <= RUN_BYTES_MAX
}
