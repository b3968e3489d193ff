/**
 * The checksum of everything that a checkpoint writes.
 * Threads: any.
 */
import { crc32 } from 'node:zlib'

/** CRC-32 of the parts as if they were one. */
export function checksumOf(parts: readonly Uint8Array[]): number {
  // Of no bytes at all Node sometimes gives 0, whatever the sum was before.
  return parts.reduce((sum, part) => (part.length === 0 ? sum : crc32(part, sum)), 0)
}
