/**
 * MurmurHash3 (x86, 32 bits) over a range of bytes. Partitioning and state tables depend on its
 * exact results: they are part of every checkpoint.
 * Threads: any.
 */

const C1 = 0xcc9e2d51 | 0
const C2 = 0x1b873593

/** The int32 hash of the bytes in [from, to). */
export function murmur3(bytes: Uint8Array, from: number, to: number, seed = 0): number {
  let h = seed | 0
  let at = from
  for (const end = to - 3; at < end; at += 4) {
    const word =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    h ^= mixWord(word)
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
  }
  let tail = 0
  for (let shift = 0; at < to; at++, shift += 8) tail |= bytes[at]! << shift
  h ^= mixWord(tail) ^ (to - from)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function mixWord(word: number): number {
  const k = Math.imul(word, C1)
  return Math.imul((k << 15) | (k >>> 17), C2)
}
