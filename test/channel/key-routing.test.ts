import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keyGroupHasher, ownersOfKeyGroups } from '../../src/channel/key-routing.ts'
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

test.each([1, 128, 32_768, 100, 3])('keys go to the groups of their state, of %i', (groups) => {
  const groupOf = keyGroupHasher(groups)
  const key = fc.oneof(fc.string({ unit: 'binary' }), ascii, fc.double(), fc.boolean(), fc.bigInt())
  const agrees = (one: unknown) => groupOf(one) === keyGroupOf(canonicalHash(one), groups)
  fc.assert(fc.property(key, agrees))
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
