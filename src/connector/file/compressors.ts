/**
 * What decompresses Parquet pages: zlib's native code where Node has it, and the package of
 * decompressors, loaded only for files that need it.
 * Threads: the task.
 */
import * as zlib from 'node:zlib'
import type { Compressors } from 'hyparquet'

/** Node has Zstandard from 22.15 on. */
const zstd = (zlib as { zstdDecompressSync?: (bytes: Uint8Array) => Uint8Array }).zstdDecompressSync

const native: Compressors = {
  GZIP: (bytes) => zlib.gunzipSync(bytes),
  BROTLI: (bytes) => zlib.brotliDecompressSync(bytes),
  ...(zstd === undefined ? {} : { ZSTD: (bytes) => zstd(bytes) }),
}

/** Decompressors for these codecs. */
export async function loadCompressors(codecs: ReadonlySet<string>): Promise<Compressors> {
  const known: ReadonlySet<string> = new Set(['UNCOMPRESSED', ...Object.keys(native)])
  if ([...codecs].every((codec) => known.has(codec))) return native
  const { compressors } = await import('hyparquet-compressors')
  return { ...compressors, ...native }
}
