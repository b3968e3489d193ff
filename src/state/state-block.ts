/**
 * One block of a state file: the entries of one section and key group, mostly those of one part.
 * Threads: any.
 */
import { checksumOf } from '../storage/checksum.ts'
import { type Compression, compressed, uncompressed } from './compression.ts'
import type { StatePart } from './snapshot-contract.ts'
import {
  BLOCK_CRC_BYTE,
  BLOCK_ENTRIES_BYTE,
  BLOCK_FLAGS_BYTE,
  BLOCK_HEADER_BYTES,
  BLOCK_KEY_GROUP_BYTE,
  BLOCK_RAW_BYTE,
  BLOCK_SECTION_BYTE,
  BLOCK_STORED_BYTE,
} from './state-file-layout.ts'

/** What the header says, and the index repeats. */
export interface BlockInfo {
  readonly section: number
  readonly keyGroup: number
  readonly entries: number
  readonly flags: number
  readonly storedBytes: number
  readonly rawBytes: number
}

export interface PackedBlock {
  readonly info: BlockInfo
  readonly header: Uint8Array
  readonly payload: Uint8Array
}

export function packBlock(part: StatePart, compression: Compression | undefined): PackedBlock {
  const { bytes: payload, flags } = compressed(part.bytes, compression)
  const info: BlockInfo = {
    section: part.section,
    keyGroup: part.keyGroup,
    entries: part.entries,
    flags,
    storedBytes: payload.length,
    rawBytes: part.bytes.length,
  }
  return { info, header: headerOf(info, payload), payload }
}

/** The part in the block, or in words what is wrong with it. Borrows the bytes. */
export function unpackBlock(block: Uint8Array, info: BlockInfo): StatePart | string {
  const payload = block.subarray(BLOCK_HEADER_BYTES)
  const crc = checksumOf([block.subarray(0, BLOCK_CRC_BYTE), payload])
  if (crc !== headerView(block).getUint32(BLOCK_CRC_BYTE, true))
    return 'does not match its checksum'
  return unpackCheckedBlock(block, info)
}

/** The same for a block of a file whose own checksum was right. */
export function unpackCheckedBlock(block: Uint8Array, info: BlockInfo): StatePart | string {
  const payload = block.subarray(BLOCK_HEADER_BYTES)
  if (!saysTheSame(headerView(block), info)) return 'is not the one that the index names'
  const bytes = uncompressed({ bytes: payload, flags: info.flags })
  if (bytes.length !== info.rawBytes) return `has ${bytes.length} of ${info.rawBytes} bytes`
  return { section: info.section, keyGroup: info.keyGroup, entries: info.entries, bytes }
}

function headerView(block: Uint8Array): DataView {
  return new DataView(block.buffer, block.byteOffset, BLOCK_HEADER_BYTES)
}

function headerOf(info: BlockInfo, payload: Uint8Array): Uint8Array {
  const header = new Uint8Array(BLOCK_HEADER_BYTES)
  const view = new DataView(header.buffer)
  view.setUint32(BLOCK_SECTION_BYTE, info.section, true)
  view.setUint32(BLOCK_KEY_GROUP_BYTE, info.keyGroup, true)
  view.setUint32(BLOCK_ENTRIES_BYTE, info.entries, true)
  view.setUint32(BLOCK_FLAGS_BYTE, info.flags, true)
  view.setUint32(BLOCK_STORED_BYTE, info.storedBytes, true)
  view.setUint32(BLOCK_RAW_BYTE, info.rawBytes, true)
  const crc = checksumOf([header.subarray(0, BLOCK_CRC_BYTE), payload])
  view.setUint32(BLOCK_CRC_BYTE, crc, true)
  return header
}

function saysTheSame(header: DataView, info: BlockInfo): boolean {
  return (
    header.getUint32(BLOCK_SECTION_BYTE, true) === info.section &&
    header.getUint32(BLOCK_KEY_GROUP_BYTE, true) === info.keyGroup &&
    header.getUint32(BLOCK_ENTRIES_BYTE, true) === info.entries &&
    header.getUint32(BLOCK_FLAGS_BYTE, true) === info.flags &&
    header.getUint32(BLOCK_STORED_BYTE, true) === info.storedBytes &&
    header.getUint32(BLOCK_RAW_BYTE, true) === info.rawBytes
  )
}
