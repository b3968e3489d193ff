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
  let h = seed | 0
  for (let at = from; at < tail; at += 4) {
    const word =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    h ^= mixWord(word)
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
  }
  const rest = length & 3
  if (rest !== 0) {
    let word = bytes[tail]!
    if (rest > 1) word |= bytes[tail + 1]! << 8
    if (rest > 2) word |= bytes[tail + 2]! << 16
    h ^= mixWord(word)
  }
  h ^= length
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function mixWord(word: number): number {
  const k = Math.imul(word, C1)
  return Math.imul((k << 15) | (k >>> 17), C2)
}
