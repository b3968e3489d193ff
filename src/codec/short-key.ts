/**
 * The fast path of most keys: a number, or a short ASCII string, as the words of its canonical
 * bytes and their hash, in one pass over its characters and without writing a byte. A test holds it
 * against `KeyEncoder` and `murmur3`.
 * Threads: one task.
 */
import { STRING_TAG } from './key-tags.ts'
import { murmurEnd, murmurWord } from './murmur.ts'
import { NUMBER_KEY_BYTES, NumberKey } from './number-key.ts'

/** The tag and nineteen characters. */
export const SHORT_KEY_BYTES = 20
export const KEY_WORDS = SHORT_KEY_BYTES / 4
/** Not an int32: the key takes the general way. */
export const NOT_SHORT = 0.5

export class ShortKey {
  /** Little-endian, what is past the end 0. */
  readonly words = new Int32Array(KEY_WORDS)
  /** Canonical bytes, the tag included; 0 if the key was not short. */
  length = 0
  hash = 0
  readonly #number = new NumberKey()

  /** A number is always short. Returns its hash. */
  readNumber(value: number): number {
    this.length = NUMBER_KEY_BYTES
    this.hash = this.#number.read(value, this.words, 0)
    return this.hash
  }

  /** Takes the key in and returns its hash, or `NOT_SHORT`. */
  read(text: string): number {
    const chars = text.length
    if (chars < 3) return this.#readTiny(text)
    if (chars >= SHORT_KEY_BYTES) return this.#notShort()
    const words = this.words
    const a = text.charCodeAt(0)
    const b = text.charCodeAt(1)
    const c = text.charCodeAt(2)
    let seen = a | b | c
    let word = STRING_TAG | (a << 8) | (b << 16) | (c << 24)
    words[0] = word
    let hash = murmurWord(0, word)
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
      hash = murmurWord(hash, word)
    }
    let tail = 0
    for (let shift = 0; at < chars; at++, shift += 8) {
      const d = text.charCodeAt(at)
      seen |= d
      tail |= d << shift
    }
    if (seen > 0x7f) return this.#notShort()
    if (w < KEY_WORDS) words[w] = tail
    while (++w < KEY_WORDS) words[w] = 0
    return this.#found(chars + 1, murmurEnd(hash, tail, chars + 1))
  }

  #readTiny(text: string): number {
    let word = STRING_TAG
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (unit > 0x7f) return this.#notShort()
      word |= unit << (8 * (at + 1))
    }
    this.words.fill(0)
    this.words[0] = word
    const length = text.length + 1
    return this.#found(length, murmurEnd(0, word, length))
  }

  #notShort(): number {
    this.length = 0
    return NOT_SHORT
  }

  #found(length: number, hash: number): number {
    this.length = length
    this.hash = hash
    return hash
  }
}
