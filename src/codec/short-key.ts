/**
 * The fast path of most keys: a short ASCII string as the words of its canonical bytes and their
 * hash, in one pass over its characters and without writing a byte. A test holds it against
 * `KeyEncoder` and `murmur3`.
 * Threads: one task.
 */
import { STRING_TAG } from './key-tags.ts'

/** The tag and nineteen characters. */
export const SHORT_KEY_BYTES = 20
/** Not an int32: the key takes the general way. */
export const NOT_SHORT = 0.5

export class ShortKey {
  /** Little-endian, what is past the end 0. */
  readonly words = new Int32Array(SHORT_KEY_BYTES / 4)
  /** Canonical bytes, the tag included. */
  length = 0

  /** Takes the key in and returns its hash, or `NOT_SHORT`. */
  read(text: string): number {
    const chars = text.length
    if (chars < 3) return this.#readTiny(text)
    if (chars >= SHORT_KEY_BYTES) return NOT_SHORT
    const words = this.words
    const a = text.charCodeAt(0)
    const b = text.charCodeAt(1)
    const c = text.charCodeAt(2)
    let seen = a | b | c
    let word = STRING_TAG | (a << 8) | (b << 16) | (c << 24)
    words[0] = word
    let hash = mixed(0, word)
    let at = 3
    let w = 1
    for (; at + 4 <= chars; at += 4, w++) {
      const d = text.charCodeAt(at)
      const e = text.charCodeAt(at + 1)
      const f = text.charCodeAt(at + 2)
      const g = text.charCodeAt(at + 3)
      seen |= d | e | f | g
      word = d | (e << 8) | (f << 16) | (g << 24)
      words[w] = word
      hash = mixed(hash, word)
    }
    let tail = 0
    for (let shift = 0; at < chars; at++, shift += 8) {
      const d = text.charCodeAt(at)
      seen |= d
      tail |= d << shift
    }
    if (seen > 0x7f) return NOT_SHORT
    if (w < words.length) words[w] = tail
    this.length = chars + 1
    return finished(hash ^ scrambled(tail) ^ (chars + 1))
  }

  #readTiny(text: string): number {
    let word = STRING_TAG
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (unit > 0x7f) return NOT_SHORT
      word |= unit << (8 * (at + 1))
    }
    this.words[0] = word
    this.length = text.length + 1
    return finished(scrambled(word) ^ this.length)
  }
}

function mixed(hash: number, word: number): number {
  const h = hash ^ scrambled(word)
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

function scrambled(word: number): number {
  const k = Math.imul(word, 0xcc9e2d51)
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593)
}

function finished(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
