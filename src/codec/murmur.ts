/**
 * MurmurHash3 (x86, 32 bits) over a range of bytes. Partitioning and state tables depend on its
 * exact results: they are part of every checkpoint.
 * Threads: any.
 */

const C1 = 0xcc9e2d51 | 0
const C2 = 0x1b873593

/** The int32 hash of the bytes in [from, to). */
export function murmur3(bytes: Uint8Array, from: number, to: number, seed = 0): number {
  const length = to - from
  const tail = from + (length & ~3)
  let hash = seed | 0
  for (let at = from; at < tail; at += 4) {
    const word =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    hash = murmurWord(hash, word)
  }
  const rest = length & 3
  let word = 0
  if (rest > 2) word = bytes[tail + 2]! << 16
  if (rest > 1) word |= bytes[tail + 1]! << 8
  if (rest > 0) word |= bytes[tail]!
  return murmurEnd(hash, word, length)
}

/** Takes in four bytes as one little-endian word. */
export function murmurWord(hash: number, word: number): number {
  const h = hash ^ scrambled(word)
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

/** The last one to three bytes (none: 0, which changes nothing), and the length of all. */
export function murmurEnd(hash: number, tail: number, length: number): number {
  let h = hash ^ scrambled(tail) ^ length
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function scrambled(word: number): number {
  const k = Math.imul(word, C1)
  return Math.imul((k << 15) | (k >>> 17), C2)
}
