/**
 * `java.util.Random`, draw for draw, for events that must be those of a Java program. Its 48 bits
 * of state are kept as the upper 32 and the lower 16, so that a step is four multiplications of
 * int32 and a draw of 32 bits is the upper part as it stands.
 */
const MULTIPLIER_HI = 0x5deec
const MULTIPLIER_LO = 0xe66d
const ADDEND = 0xb
const LO_MASK = 0xffff

const SPACE = 0x20
const LETTER_A = 0x61

/** Six letters are taken from one draw of 32 bits: its digits in base 26, the lowest first. */
const LETTERS_A_DRAW = 6
const TRIPLES = 26 ** 3

/** Three letters for three digits of either sign, which Java's remainder has too. */
const triples = Int32Array.from({ length: 2 * TRIPLES - 1 }, (_, k) => {
  const digits = k - (TRIPLES - 1)
  const second = Math.trunc(digits / 26)
  const third = Math.trunc(second / 26)
  const letters = [digits % 26, second % 26, third % 26].map((digit) => LETTER_A + digit)
  return letters[0]! | (letters[1]! << 8) | (letters[2]! << 16)
})

/** Bytes behind the last letter that `letters` may overwrite. */
export const LETTERS_SLACK_BYTES = 8

export class JavaRandom {
  #hi = 0
  #lo = 0

  /** As a new `Random(seed)`; whole numbers from 0 to 2^48 - 1. */
  seed(seed: number): void {
    this.#hi = Math.floor(seed / 0x10000) ^ MULTIPLIER_HI
    this.#lo = (seed & LO_MASK) ^ MULTIPLIER_LO
  }

  /** `nextInt()`: any int32. */
  int32(): number {
    const hi = this.#hi
    const lo = this.#lo
    const product = (Math.imul(lo, MULTIPLIER_LO) + ADDEND) | 0
    this.#lo = product & LO_MASK
    const carried = Math.imul(lo, MULTIPLIER_HI) + (product >>> 16)
    const crossed = Math.imul(hi, MULTIPLIER_LO) + (Math.imul(hi, MULTIPLIER_HI) << 16)
    return (this.#hi = (crossed + carried) | 0)
  }

  /** `nextInt(bound)`, for bounds from 1 to 2^31 - 1. */
  below(bound: number): number {
    if ((bound & (bound - 1)) === 0) return (this.int32() >>> 1) >>> Math.clz32(bound)
    for (;;) {
      const drawn = this.int32() >>> 1
      const result = drawn % bound
      // The last, incomplete run of `bound` numbers is drawn again: it overflows an int32.
      if (((drawn - result + (bound - 1)) | 0) >= 0) return result
    }
  }

  /**
   * Writes a text of 3 to `charsMax` - 1 small letters with `special` at one place in thirteen,
   * spaces at its ends cut off; returns where it ends.
   */
  words(bytes: Uint8Array, from: number, charsMax: number, special = SPACE): number {
    const chars = 3 + this.below(charsMax - 3)
    let at = from
    for (let k = 0; k < chars; k++) {
      const byte = this.below(13) === 0 ? special : LETTER_A + this.below(26)
      if (byte !== SPACE || at > from) bytes[at++] = byte
    }
    while (at > from && bytes[at - 1] === SPACE) at--
    return at
  }

  /**
   * Writes exactly so many characters and returns where they end. The characters of a negative draw
   * lie below 'a'. What follows within `LETTERS_SLACK_BYTES` is overwritten.
   */
  letters(view: DataView, from: number, chars: number): number {
    const end = from + chars
    let hi = this.#hi
    let lo = this.#lo
    for (let at = from; at < end; at += LETTERS_A_DRAW) {
      const product = (Math.imul(lo, MULTIPLIER_LO) + ADDEND) | 0
      const carried = Math.imul(lo, MULTIPLIER_HI) + (product >>> 16)
      const crossed = Math.imul(hi, MULTIPLIER_LO) + (Math.imul(hi, MULTIPLIER_HI) << 16)
      hi = (crossed + carried) | 0
      lo = product & LO_MASK
      const upper = (hi / TRIPLES) | 0
      const rest = (upper / TRIPLES) | 0
      view.setInt32(at, triples[hi - Math.imul(upper, TRIPLES) + (TRIPLES - 1)]!, true)
      view.setInt32(at + 3, triples[upper - Math.imul(rest, TRIPLES) + (TRIPLES - 1)]!, true)
    }
    this.#hi = hi
    this.#lo = lo
    return end
  }
}
