/**
 * The end of a state file: which sections it holds and where the block of each key group is.
 * Threads: any.
 */
import { ByteReader, ByteWriter } from '../codec/byte-stream.ts'
import { checksumOf } from '../storage/checksum.ts'
import { checkpointDamaged, checkpointVersion } from '../storage/storage-errors.ts'
import type { SectionHeader, SectionKind } from './snapshot-contract.ts'
import type { BlockInfo } from './state-block.ts'
import {
  BLOCK_HEADER_BYTES,
  HEADER_BYTES,
  HEADER_CRC_BYTE,
  HEADER_VERSION_BYTE,
  MAGIC,
  TAIL_BYTES,
  TAIL_CRC_BYTE,
  TAIL_INDEX_BYTE,
  TAIL_MAGIC_BYTE,
  TAIL_VERSION_BYTE,
  VERSION,
} from './state-file-layout.ts'

export interface IndexedBlock extends BlockInfo {
  /** Bytes [from, to) of the file, header included. */
  readonly from: number
  readonly to: number
}

export interface StateFileIndex {
  readonly sections: readonly SectionHeader[]
  readonly blocks: readonly IndexedBlock[]
}

export function encodeHeader(): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES)
  const view = new DataView(header.buffer)
  header.set(MAGIC)
  view.setUint32(HEADER_VERSION_BYTE, VERSION, true)
  view.setUint32(HEADER_CRC_BYTE, checksumOf([header.subarray(0, HEADER_CRC_BYTE)]), true)
  return header
}

/** Index and tail. */
export function encodeEnd(
  sections: readonly SectionHeader[],
  blocks: readonly BlockInfo[],
): readonly Uint8Array[] {
  const index = encodeIndex(sections, blocks)
  const tail = new Uint8Array(TAIL_BYTES)
  const view = new DataView(tail.buffer)
  view.setUint32(TAIL_INDEX_BYTE, index.length, true)
  view.setUint32(TAIL_VERSION_BYTE, VERSION, true)
  tail.set(MAGIC, TAIL_MAGIC_BYTE)
  view.setUint32(TAIL_CRC_BYTE, checksumOf([index, tail.subarray(0, TAIL_CRC_BYTE)]), true)
  return [index, tail]
}

export function checkHeader(header: Uint8Array, place: string): void {
  const view = new DataView(header.buffer, header.byteOffset, header.length)
  if (!startsWithMagic(header)) throw checkpointDamaged(place, 'does not begin as a state file')
  if (checksumOf([header.subarray(0, HEADER_CRC_BYTE)]) !== view.getUint32(HEADER_CRC_BYTE, true)) {
    throw checkpointDamaged(place, 'has a header that does not match its checksum')
  }
  checkVersion(view.getUint32(HEADER_VERSION_BYTE, true), place)
}

/** How many bytes the index and the tail have together. Given is at least the tail. */
export function endBytes(end: Uint8Array, place: string): number {
  const tail = end.subarray(end.length - TAIL_BYTES)
  if (!startsWithMagic(tail.subarray(TAIL_MAGIC_BYTE))) {
    throw checkpointDamaged(place, 'does not end as a state file: it may be cut off')
  }
  const view = new DataView(tail.buffer, tail.byteOffset, TAIL_BYTES)
  return view.getUint32(TAIL_INDEX_BYTE, true) + TAIL_BYTES
}

/** `end` is exactly the index and the tail of a file of so many bytes. */
export function decodeEnd(end: Uint8Array, fileBytes: number, place: string): StateFileIndex {
  const index = end.subarray(0, end.length - TAIL_BYTES)
  const view = new DataView(end.buffer, end.byteOffset + index.length, TAIL_BYTES)
  const crc = checksumOf([end.subarray(0, index.length + TAIL_CRC_BYTE)])
  if (crc !== view.getUint32(TAIL_CRC_BYTE, true)) {
    throw checkpointDamaged(place, 'has an index that does not match its checksum')
  }
  checkVersion(view.getUint32(TAIL_VERSION_BYTE, true), place)
  const decoded = decodeIndex(index)
  const blocksEnd = decoded.blocks.at(-1)?.to ?? HEADER_BYTES
  if (blocksEnd + end.length !== fileBytes) {
    const expected = blocksEnd + end.length
    throw checkpointDamaged(place, `has ${fileBytes} bytes where its index tells of ${expected}`)
  }
  return decoded
}

function checkVersion(version: number, place: string): void {
  if (version !== VERSION) throw checkpointVersion(place, version, VERSION)
}

function startsWithMagic(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte)
}

function encodeIndex(sections: readonly SectionHeader[], blocks: readonly BlockInfo[]): Uint8Array {
  const out = new ByteWriter()
  out.varint(sections.length)
  for (const { operatorId, name, kind, detail } of sections) {
    for (const text of [operatorId, name, kind, detail]) out.text(text)
  }
  out.varint(blocks.length)
  for (const block of blocks) {
    out.varint(block.section)
    out.varint(block.keyGroup)
    out.varint(block.entries)
    out.varint(block.flags)
    out.varint(block.storedBytes)
    out.varint(block.rawBytes)
  }
  return out.take()
}

/** The index is known to be whole: its checksum was right. */
function decodeIndex(bytes: Uint8Array): StateFileIndex {
  const from = new ByteReader(bytes)
  const sections = Array.from({ length: from.varint() }, () => readSection(from))
  const blocks: IndexedBlock[] = []
  const count = from.varint()
  for (let at = HEADER_BYTES; blocks.length < count; at = blocks.at(-1)!.to) {
    blocks.push(readBlock(from, at))
  }
  return { sections, blocks }
}

function readSection(from: ByteReader): SectionHeader {
  return {
    operatorId: from.text(),
    name: from.text(),
    kind: from.text() as SectionKind,
    detail: from.text(),
  }
}

function readBlock(from: ByteReader, at: number): IndexedBlock {
  const section = from.varint()
  const keyGroup = from.varint()
  const entries = from.varint()
  const flags = from.varint()
  const storedBytes = from.varint()
  const rawBytes = from.varint()
  const to = at + BLOCK_HEADER_BYTES + storedBytes
  return { section, keyGroup, entries, flags, storedBytes, rawBytes, from: at, to }
}
