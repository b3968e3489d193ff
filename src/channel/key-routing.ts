/**
 * From a key to its key group, and from a key group to the subtask that owns it: the same canonical
 * bytes and the same hash as keyed state uses, so that a record finds its state.
 * Threads: the producing task.
 */
import { KeyEncoder, murmur3 } from '../codec/canonical-key.ts'
import { keyGroupOf, subtaskOfKeyGroup } from '../codec/key-groups.ts'
import { STRING_TAG } from '../codec/key-tags.ts'

/** A function of its own for each edge, with an encoder of its own. */
export function keyGroupHasher(maxParallelism: number): (key: unknown) => number {
  const encoder = new KeyEncoder()
  const hashOfAny = (key: unknown) => {
    encoder.encode(key)
    return murmur3(encoder.bytes, 0, encoder.length)
  }
  const hashOf = (key: unknown) => {
    const hash = typeof key === 'string' ? hashOfAscii(key) : NOT_ASCII
    return hash === NOT_ASCII ? hashOfAny(key) : hash
  }
  const mask = maxParallelism - 1
  if ((maxParallelism & mask) !== 0) return (key) => keyGroupOf(hashOf(key), maxParallelism)
  return (key) => {
    const hash = hashOf(key)
    // `keyGroupOf` for powers of two: no division, and no branch that guesses a hash's sign.
    const sign = hash >> 31
    return ((hash ^ sign) - sign) & mask
  }
}

/** The owner of each key group, of `parallelism` subtasks. */
export function ownersOfKeyGroups(maxParallelism: number, parallelism: number): readonly number[] {
  return Array.from({ length: maxParallelism }, (_, group) =>
    subtaskOfKeyGroup(group, maxParallelism, parallelism),
  )
}

/** No int32. */
export const NOT_ASCII = 0.5

/**
 * The murmur3 of an ASCII string's canonical bytes, straight from its characters: half the time
 * of writing the bytes first. `NOT_ASCII` for any other string. A test holds it against the codec.
 */
export function hashOfAscii(text: string): number {
  const chars = text.length
  let hash = 0
  let seen = 0
  // The tag is the first byte, so that words begin at characters 3, 7, 11, ...
  let tail = STRING_TAG
  let at = 0
  let shift = 8
  if (chars >= 3) {
    const a = text.charCodeAt(0)
    const b = text.charCodeAt(1)
    const c = text.charCodeAt(2)
    seen = a | b | c
    hash = mix(STRING_TAG | (a << 8) | (b << 16) | (c << 24))
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0
    tail = 0
    shift = 0
    for (at = 3; at + 4 <= chars; at += 4) {
      const d = text.charCodeAt(at)
      const e = text.charCodeAt(at + 1)
      const f = text.charCodeAt(at + 2)
      const g = text.charCodeAt(at + 3)
      seen |= d | e | f | g
      hash ^= mix(d | (e << 8) | (f << 16) | (g << 24))
      hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0
    }
  }
  for (; at < chars; at++, shift += 8) {
    const d = text.charCodeAt(at)
    seen |= d
    tail |= d << shift
  }
  return seen > 0x7f ? NOT_ASCII : finished(hash ^ mix(tail) ^ (chars + 1))
}

function mix(word: number): number {
  const k = Math.imul(word, 0xcc9e2d51)
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593)
}

function finished(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
