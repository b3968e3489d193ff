/**
 * The keys of the next records of a page, as the words of their canonical bytes and their hashes,
 * so that all of them can be looked up at once: the waits for memory overlap. A key that is no
 * number and no short ASCII text is left out.
 * Threads: one task.
 */
import type { CodedTexts } from './coded-texts.ts'
import { STRING_TAG } from './key-tags.ts'
import { murmurEnd, murmurWord } from './murmur.ts'
import { NUMBER_KEY_BYTES, NumberKey } from './number-key.ts'
import { KEY_WORDS, SHORT_KEY_BYTES } from './short-key.ts'

export const KEY_BATCH_MAX = 64
/** The length of a key that was left out. */
export const LEFT_OUT = 0

/** Where the texts of consecutive records are: words count in `i32`, offsets from `heapAt`. */
export interface TextPlaces {
  /** At least 1. */
  readonly count: number
  readonly heapAt: number
  /** Of the first text: it has no text before it whose end could be read. */
  readonly firstStart: number
  /** The words that hold the first text's end, and its start unless it is the first of all. */
  readonly ends: number
  readonly starts: number
  /** Words from one record to the next. */
  readonly stride: number
}

export class KeyBatch {
  count = 0
  /** Little-endian, `KEY_WORDS` a key; what is past a key's end is 0. */
  readonly words = new Int32Array(KEY_WORDS * KEY_BATCH_MAX)
  /** Canonical bytes, the tag included; `LEFT_OUT` for a key that is not here. */
  readonly lengths = new Int32Array(KEY_BATCH_MAX)
  readonly hashes = new Int32Array(KEY_BATCH_MAX)
  /** Where the words of the first key are, and how many lie from one key to the next. */
  wordsIn: Int32Array = this.words
  wordsAt = 0
  wordsStride = KEY_WORDS
  /** Set where the keys are known by `codes`, and by nothing else; -1 for one that is not here. */
  texts: CodedTexts | undefined
  readonly codes = new Int32Array(KEY_BATCH_MAX)
  readonly #number = new NumberKey()

  /** The words of the keys are those: nothing else is put here from now on. */
  findWords(wordsIn: Int32Array, at: number, stride: number): void {
    this.wordsIn = wordsIn
    this.wordsAt = at
    this.wordsStride = stride
  }

  /** None of the keys can be looked up. */
  leaveOut(): void {
    this.lengths.fill(LEFT_OUT)
  }

  /**
   * ASCII texts that lie in `i32` as `at` says. One loop without calls: for short keys it takes
   * half the time of one that calls a method a key. May look at the word behind a text.
   */
  putTexts(i32: Int32Array, at: TextPlaces): void {
    const { words, lengths, hashes } = this
    const { count, stride, heapAt } = at
    let ends = at.ends
    let starts = at.starts
    let start = at.firstStart
    for (let k = 0; ; ) {
      const end = i32[ends]!
      const length = end - start + 1
      if (length > SHORT_KEY_BYTES) lengths[k] = LEFT_OUT
      else {
        // The first canonical byte is the tag: it stands in the place of the byte before the text.
        const from = heapAt + start - 1
        const shift = (from & 3) << 3
        const rest = 31 - shift
        let word4 = from >> 2
        let low = i32[word4]!
        let high = i32[++word4]!
        // Shifts count modulo 32: without the second one, 0 would bring all of `high` in.
        let word = (((low >>> shift) | ((high << 1) << rest)) & ~0xff) | STRING_TAG
        let w = KEY_WORDS * k
        let hash = 0
        for (let left = length >> 2; left > 0; left--) {
          words[w++] = word
          hash = murmurWord(hash, word)
          low = high
          high = i32[++word4]!
          word = (low >>> shift) | ((high << 1) << rest)
        }
        const tail = word & ((1 << ((length & 3) << 3)) - 1)
        const wordsEnd = KEY_WORDS * (k + 1)
        if (w < wordsEnd) words[w++] = tail
        while (w < wordsEnd) words[w++] = 0
        lengths[k] = length
        hashes[k] = murmurEnd(hash, tail, length)
      }
      if (++k === count) return
      ends += stride
      starts += stride
      start = i32[starts]!
    }
  }

  putNumber(k: number, value: number): void {
    this.lengths[k] = NUMBER_KEY_BYTES
    this.hashes[k] = this.#number.read(value, this.words, KEY_WORDS * k)
  }
}
