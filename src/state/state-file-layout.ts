/**
 * The bytes of a state file. Every byte is under some checksum. The index is at the end, so that a
 * file is written in one go, and who needs a part of it reads the end and then that part.
 * Threads: any.
 */
//  | header | block | block ... | index | tail |
//
//  header: magic, version, crc32 of both
//  block:  header (below), payload; sorted by section, then key group; one follows the other
//  index:  sections and blocks (state-file-index.ts)
//  tail:   bytes of the index, version, magic, crc32 of the index and of the tail before it
export const MAGIC = new TextEncoder().encode('SluiceKS')
export const VERSION = 1

export const HEADER_BYTES = 16
export const HEADER_VERSION_BYTE = 8
export const HEADER_CRC_BYTE = 12

export const BLOCK_HEADER_BYTES = 28
export const BLOCK_SECTION_BYTE = 0
export const BLOCK_KEY_GROUP_BYTE = 4
export const BLOCK_ENTRIES_BYTE = 8
/** 1: the payload is compressed by Snappy; 2: by LZ4. */
export const BLOCK_FLAGS_BYTE = 12
/** The payload in the file, and what becomes of it. */
export const BLOCK_STORED_BYTE = 16
export const BLOCK_RAW_BYTE = 20
/** Of the header before it and of the payload. */
export const BLOCK_CRC_BYTE = 24

export const FLAG_SNAPPY = 1
export const FLAG_LZ4 = 2

export const TAIL_BYTES = 20
export const TAIL_INDEX_BYTE = 0
export const TAIL_VERSION_BYTE = 4
export const TAIL_MAGIC_BYTE = 8
export const TAIL_CRC_BYTE = 16

if (MAGIC.length !== 8) throw new Error('the magic has its place of eight bytes')
if (HEADER_CRC_BYTE + 4 !== HEADER_BYTES) throw new Error('a header ends with its checksum')
if (BLOCK_CRC_BYTE + 4 !== BLOCK_HEADER_BYTES) throw new Error('a block header ends with it, too')
if (TAIL_CRC_BYTE + 4 !== TAIL_BYTES) throw new Error('and so does the tail')
