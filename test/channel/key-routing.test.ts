import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  hashOfAscii,
  keyGroupHasher,
  NOT_ASCII,
  ownersOfKeyGroups,
} from '../../src/channel/key-routing.ts'
import { KeyEncoder, murmur3 } from '../../src/codec/canonical-key.ts'
import { keyGroupOf } from '../../src/codec/key-groups.ts'

function canonicalHash(key: unknown): number {
  const encoder = new KeyEncoder()
  encoder.encode(key)
  return murmur3(encoder.bytes, 0, encoder.length)
}

const ascii = fc.string({
  unit: fc.integer({ min: 0, max: 0x7f }).map((c) => String.fromCharCode(c)),
})

test('the hash of an ASCII string is that of its canonical bytes', () => {
  fc.assert(fc.property(ascii, (text) => hashOfAscii(text) === canonicalHash(text)))
})

test('all other strings are left to the codec', () => {
  for (const text of [
    'ü',
    'aü',
    'aaü',
    'aaaü',
    'aaaaü',
    'aaaaaaaaü',
    '漢aaaaaaa',
    '\ud800',
    '\x80',
  ]) {
    expect(hashOfAscii(text)).toBe(NOT_ASCII)
  }
})

test('every key goes to the group that its state has', () => {
  const groupOf = keyGroupHasher(128)
  const key = fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.bigInt())
  fc.assert(fc.property(key, (one) => groupOf(one) === keyGroupOf(canonicalHash(one), 128)))
})

test('a key that has no encoding is refused', () => {
  expect(() => keyGroupHasher(128)(() => 1)).toThrow(
    expect.objectContaining({ code: 'KEY_NOT_ENCODABLE' }),
  )
})

test.each([
  [8, 2, [0, 0, 0, 0, 1, 1, 1, 1]],
  [8, 3, [0, 0, 0, 1, 1, 1, 2, 2]],
  [4, 1, [0, 0, 0, 0]],
])('%i key groups of %i subtasks are owned by %j', (groups, parallelism, owners) => {
  expect(ownersOfKeyGroups(groups, parallelism)).toEqual(owners)
})
