import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyEncoder, murmur3 } from '../../src/codec/canonical-key.ts'
import { NOT_SHORT, SHORT_KEY_BYTES, ShortKey } from '../../src/codec/short-key.ts'

function canonical(text: string | number) {
  const encoder = new KeyEncoder()
  encoder.encode(text)
  const bytes = encoder.bytes.slice(0, encoder.length)
  const padded = new Uint8Array(SHORT_KEY_BYTES)
  padded.set(bytes)
  return { bytes, hash: murmur3(bytes, 0, bytes.length), words: new Int32Array(padded.buffer) }
}

const ascii = fc.string({ unit: 'binary-ascii', maxLength: SHORT_KEY_BYTES - 1 })

test('a short ASCII key has the words and the hash of its canonical bytes', () => {
  const key = new ShortKey()
  fc.assert(
    fc.property(ascii, (text) => {
      const { bytes, hash, words } = canonical(text)
      expect(key.read(text)).toBe(hash)
      expect(key.length).toBe(bytes.length)
      expect(key.words).toEqual(words)
    }),
    { numRuns: 500 },
  )
})

test.each(['é', 'ab€', 'abcdé', '\ud800', 'x'.repeat(20)])('%j takes the general way', (text) => {
  const key = new ShortKey()
  key.read('short')
  expect(key.read(text)).toBe(NOT_SHORT)
  expect(key.length).toBe(0)
})

test('a number has the words and the hash of its canonical bytes', () => {
  const key = new ShortKey()
  const numbers = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -0, Number.NaN))
  fc.assert(
    fc.property(numbers, (value) => {
      const { bytes, hash, words } = canonical(value)
      expect(key.readNumber(value)).toBe(hash)
      expect(key.length).toBe(bytes.length)
      expect(key.words).toEqual(words)
    }),
    { numRuns: 500 },
  )
})
