/**
 * A number as the words of its canonical bytes and their hash, without writing a byte: the tag, and
 * then what `KeyScratch.putNumber` writes. A test holds it against `KeyEncoder` and `murmur3`.
 * Threads: one task.
 */
import { NUMBER_TAG } from './key-tags.ts'
import { murmurEnd, murmurWord } from './murmur.ts'

/** The tag and eight bytes. */
export const NUMBER_KEY_BYTES = 9
const NAN_HI = 0x7ff80000
const SIGN_BIT = 0x80000000 | 0

export class NumberKey {
  readonly #float64 = new Float64Array(1)
  readonly #halves = new Int32Array(this.#float64.buffer)

  /** Writes five words, of which the last two are 0, and returns the hash. */
  read(value: number, words: Int32Array, at: number): number {
    this.#float64[0] = value === 0 ? 0 : value
    let lo = this.#halves[0]!
    let hi = this.#halves[1]!
    if (Number.isNaN(value)) {
      hi = NAN_HI
      lo = 0
    }
    // So changed that bytes compare as numbers do, and big-endian.
    const flip = hi >> 31
    hi ^= flip | SIGN_BIT
    lo ^= flip
    const first = NUMBER_TAG | ((hi >>> 16) & 0xff00) | (hi & 0xff0000) | ((hi << 16) & 0xff000000)
    const second =
      (hi & 0xff) | ((lo >>> 16) & 0xff00) | (lo & 0xff0000) | ((lo << 16) & 0xff000000)
    const tail = lo & 0xff
    words[at] = first
    words[at + 1] = second
    words[at + 2] = tail
    words[at + 3] = 0
    words[at + 4] = 0
    return murmurEnd(murmurWord(murmurWord(0, first), second), tail, NUMBER_KEY_BYTES)
  }
}
