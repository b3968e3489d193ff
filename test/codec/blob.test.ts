import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ValueCodec } from '../../src/codec/blob.ts'
import { anyValue } from './arbitraries.ts'
import { isSame } from './same.ts'

const codec = new ValueCodec()
const roundTrip = (value: unknown) => {
  const bytes = codec.encode(value)
  const padded = new Uint8Array(bytes.length + 2).fill(7)
  padded.set(bytes, 1)
  return codec.decode(padded, 1, padded.length - 1)
}

test('any value comes back as it was', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const decoded = roundTrip(value)
      if (!isSame(decoded, value)) expect(decoded).toEqual(value)
      expect(isSame(decoded, value)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('what MessagePack would change takes the other way', () => {
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic
  const holes = [1, 2, 3]
  delete holes[1]
  const odd = [
    [-0],
    ['\ud800'],
    { '\udc00': 1 },
    new Map([[{ a: 1 }, 'b']]),
    new Set(['a']),
    holes,
    [undefined],
    { a: undefined },
    [new Date(Number.NaN)],
    2n ** 100n,
    [new Float64Array([1.5])],
    /x/gi,
    new Error('lost').message,
    JSON.parse('{"__proto__": 1}'),
    cyclic,
    { hasOwnProperty: 1, constructor: 'x', toString: null },
    [new Uint8Array([1, 2])],
    'x'.repeat(100_000),
    Array.from({ length: 70_000 }, (_, i) => i),
  ]
  for (const value of odd) {
    expect(isSame(roundTrip(value), value)).toBe(true)
  }
  expect(Object.hasOwn(roundTrip(holes) as object, 1)).toBe(false)
})

test('what comes back shares no memory with the bytes', () => {
  for (const value of [new Uint8Array([1, 2, 3]), [new Float64Array([1, 2])]]) {
    const bytes = codec.encode(value)
    const decoded = codec.decode(bytes, 0, bytes.length)
    bytes.fill(0)
    expect(isSame(decoded, value)).toBe(true)
  }
})

test('a function is refused with its place', () => {
  const refused = (value: unknown, place: string) => {
    const error = { code: 'RECORD_NOT_ENCODABLE', message: expect.stringContaining(place) }
    expect(() => codec.encode(value, 'state')).toThrow(expect.objectContaining(error))
  }
  refused([1, { run: () => 1 }], `'state[1].run'`)
  refused(new Map([['k', Symbol('x')]]), `'state[0][1]'`)
  refused({ p: Promise.resolve() }, 'Promise')
})
