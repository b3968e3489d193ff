/**
 * The keys of the next records of a page, as the words of their canonical bytes and their hashes,
 * so that all of them can be looked up at once: the waits for memory overlap. A key that is no
 * number and no short ASCII text is left out.
 * Threads: one task.
 */
import { STRING_TAG } from './key-tags.ts'
import { murmurEnd, murmurWord } from './murmur.ts'
import { NUMBER_KEY_BYTES, NumberKey } from './number-key.ts'
import { SHORT_KEY_BYTES } from './short-key.ts'

export const KEY_BATCH_MAX = 64
export const KEY_WORDS = SHORT_KEY_BYTES / 4
/** The length of a key that was left out. */
export const LEFT_OUT = 0

export class KeyBatch {
  count = 0
  /** Little-endian, `KEY_WORDS` a key; what is past a key's end is 0 up to its last word. */
  readonly words = new Int32Array(KEY_WORDS * KEY_BATCH_MAX)
  /** Canonical bytes, the tag included; `LEFT_OUT` for a key that is not here. */
  readonly lengths = new Int32Array(KEY_BATCH_MAX)
  readonly hashes = new Int32Array(KEY_BATCH_MAX)
  readonly #number = new NumberKey()

  leaveOut(k: number): void {
    this.lengths[k] = LEFT_OUT
  }

  /** The ASCII text in the bytes [from, to) of `i32`. May look at the word behind it. */
  putText(k: number, i32: Int32Array, from: number, to: number): void {
    const length = to - from + 1
    if (length > SHORT_KEY_BYTES) return this.leaveOut(k)
    const words = this.words
    // The first canonical byte is the tag: it stands in the place of the byte before the text.
    const shift = ((from - 1) & 3) << 3
    let at = (from - 1) >> 2
    let low = i32[at]!
    let w = KEY_WORDS * k
    let hash = 0
    let word = 0
    let left = length
    for (let isFirst = true; ; isFirst = false) {
      const high = i32[++at]!
      // Shifts count modulo 32: without the second one, 0 would bring all of `high` in.
      word = (low >>> shift) | ((high << 1) << (31 - shift))
      low = high
      if (isFirst) word = (word & ~0xff) | STRING_TAG
      if (left < 4) break
      words[w++] = word
      hash = murmurWord(hash, word)
      left -= 4
      if (left === 0) break
    }
    const tail = left === 0 ? 0 : word & ((1 << (left << 3)) - 1)
    if (left > 0) words[w] = tail
    this.lengths[k] = length
    this.hashes[k] = murmurEnd(hash, tail, length)
  }

  putNumber(k: number, value: number): void {
    this.lengths[k] = NUMBER_KEY_BYTES
    this.hashes[k] = this.#number.read(value, this.words, KEY_WORDS * k)
  }
}
