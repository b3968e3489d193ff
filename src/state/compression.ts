/**
 * How blocks of state files are compressed: Snappy for what operators keep, LZ4 for records that
 * were on their way, which somebody waits for.
 * Threads: any.
 */
import { createRequire } from 'node:module'
import { FLAG_LZ4, FLAG_SNAPPY } from './state-file-layout.ts'

export type Compression = 'snappy' | 'lz4'

interface Compressor {
  readonly flag: number
  readonly compress: (bytes: Uint8Array) => Buffer
  readonly uncompress: (bytes: Uint8Array) => Buffer
}

/** Native modules: loaded by those only who need them. */
const load = createRequire(import.meta.url)
const snappy = () => load('snappy') as typeof import('snappy')
const lz4 = () => load('lz4-napi') as typeof import('lz4-napi')

const compressors: Readonly<Record<Compression, Compressor>> = {
  snappy: {
    flag: FLAG_SNAPPY,
    compress: (bytes) => snappy().compressSync(bytes, { copyOutputData: true }),
    uncompress: (bytes) =>
      snappy().uncompressSync(bytes, { asBuffer: true, copyOutputData: true }) as Buffer,
  },
  lz4: {
    flag: FLAG_LZ4,
    compress: (bytes) => lz4().compressSync(unshared(bytes)),
    uncompress: (bytes) => lz4().uncompressSync(unshared(bytes)),
  },
}

export interface Compressed {
  readonly bytes: Uint8Array
  /** For the block's header; 0 for bytes as they were. */
  readonly flags: number
}

/** What compression makes longer is left alone. */
export function compressed(bytes: Uint8Array, by: Compression | undefined): Compressed {
  if (by === undefined) return { bytes, flags: 0 }
  const { compress, flag } = compressors[by]
  const shorter = compress(bytes)
  return shorter.length < bytes.length
    ? { bytes: plain(shorter), flags: flag }
    : { bytes, flags: 0 }
}

/** Throws whatever the library throws of bytes that it cannot read. */
export function uncompressed({ bytes, flags }: Compressed): Uint8Array {
  const by = Object.values(compressors).find(({ flag }) => flags === flag)
  return by === undefined ? bytes : plain(by.uncompress(bytes))
}

/** Decoders would give Buffers out of a Buffer. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}

/** The library takes no memory that others may write to. */
function unshared(bytes: Uint8Array): Buffer {
  const { buffer, byteOffset, length } = bytes
  return buffer instanceof SharedArrayBuffer
    ? Buffer.from(bytes)
    : Buffer.from(buffer as ArrayBuffer, byteOffset, length)
}
