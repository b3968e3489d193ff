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
      const used = (bytes.length + 3) >> 2
      expect([...key.words.subarray(0, used)]).toEqual([...words.subarray(0, used)])
    }),
    { numRuns: 500 },
  )
})

test.each(['é', 'ab€', 'abcdé', '\ud800', 'x'.repeat(20)])('%j takes the general way', (text) => {
  expect(new ShortKey().read(text)).toBe(NOT_SHORT)
})

test('a number has the words and the hash of its canonical bytes', () => {
  const key = new ShortKey()
  const numbers = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -0, Number.NaN))
  fc.assert(
    fc.property(numbers, (value) => {
      const { bytes, hash, words } = canonical(value)
      expect(key.readNumber(value)).toBe(hash)
      expect(key.length).toBe(bytes.length)
      expect([...key.words.subarray(0, 3)]).toEqual([...words.subarray(0, 3)])
    }),
    { numRuns: 500 },
  )
})
