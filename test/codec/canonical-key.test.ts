import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeKey, KeyEncoder, murmur3 } from '../../src/codec/canonical-key.ts'
import { Codecs } from '../../src/codec/codecs.ts'
import { pageViews } from '../../src/codec/page.ts'
import { anyBytes, anyDate, anyNumber, anyString } from './arbitraries.ts'
import { isSame } from './same.ts'

function encode(value: unknown): Buffer {
  const encoder = new KeyEncoder()
  encoder.encode(value)
  return Buffer.from(encoder.bytes.slice(0, encoder.length))
}

const { key: anyKey } = fc.letrec((tie) => ({
  key: fc.oneof(
    { maxDepth: 3 },
    anyString,
    anyNumber,
    fc.boolean(),
    fc.constantFrom(null, undefined),
    anyDate,
    fc.bigInt(),
    anyBytes,
    fc.array(tie('key'), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((name) => name !== '__proto__'),
      tie('key'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
}))

/** What the encoding takes for the same: one zero. */
function withoutMinusZero(value: unknown): unknown {
  if (value === 0) return 0
  if (Array.isArray(value)) return value.map(withoutMinusZero)
  if (Object.prototype.toString.call(value) !== '[object Object]') return value
  const entries = Object.entries(value as object)
  return Object.fromEntries(entries.map(([name, field]) => [name, withoutMinusZero(field)]))
}

test('a key is decoded to what was encoded', () => {
  fc.assert(
    fc.property(anyKey, (key) => {
      const bytes = Buffer.concat([Buffer.from([7, 7]), encode(key), Buffer.from([9])])
      const decoded = decodeKey(bytes, 2, bytes.length - 1)
      if (!isSame(decoded, withoutMinusZero(key))) expect(decoded).toEqual(key)
      expect(isSame(decoded, withoutMinusZero(key))).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

test('different keys have different bytes, and neither begins the other within an array', () => {
  fc.assert(
    fc.property(anyKey, anyKey, (a, b) => {
      const same = isSame(withoutMinusZero(a), withoutMinusZero(b))
      expect(encode(a).equals(encode(b))).toBe(same)
      const [listA, listB] = [encode([a, 1]), encode([b, 1])]
      expect(listA.equals(listB)).toBe(same)
      if (!same) expect(listA.subarray(0, listB.length).equals(listB)).toBe(false)
    }),
    { numRuns: 500 },
  )
})

function codePointOrder(a: string, b: string): number {
  const [pointsA, pointsB] = [Array.from(a), Array.from(b)]
  for (let i = 0; i < Math.min(pointsA.length, pointsB.length); i++) {
    const difference = pointsA[i]!.codePointAt(0)! - pointsB[i]!.codePointAt(0)!
    if (difference !== 0) return Math.sign(difference)
  }
  return Math.sign(pointsA.length - pointsB.length)
}

const numberOrder = (a: number, b: number) =>
  Number.isNaN(a) || Number.isNaN(b)
    ? Number(Number.isNaN(a)) - Number(Number.isNaN(b))
    : Math.sign(a - b) || 0

test('bytes are in the order of the values, alone and within arrays', () => {
  const check = <T>(values: fc.Arbitrary<T>, order: (a: T, b: T) => number) =>
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        expect(Buffer.compare(encode(a), encode(b))).toBe(order(a, b))
        expect(Buffer.compare(encode([a, c]), encode([b, c]))).toBe(order(a, b))
        expect(Buffer.compare(encode([c, a]), encode([c, b]))).toBe(order(a, b))
        expect(Buffer.compare(encode([a]), encode([a, b]))).toBe(-1)
      }),
    )
  check(anyNumber, (a, b) => (a === b ? 0 : numberOrder(a, b)))
  check(anyString, codePointOrder)
  check(fc.bigInt(), (a, b) => (a < b ? -1 : a > b ? 1 : 0))
  check(fc.boolean(), (a, b) => Number(a) - Number(b))
  check(anyBytes, (a, b) => Buffer.compare(a, b))
  check(anyDate, (a, b) => numberOrder(a.getTime(), b.getTime()))
})

test('equal keys have equal bytes whatever page and shape they came through', () => {
  const keys = fc.array(fc.oneof(anyString, anyNumber, fc.bigInt(), anyDate), { minLength: 1 })
  fc.assert(
    fc.property(keys, (list) => {
      const codecs = new Codecs()
      // One shape for all of them, and next to each a neighbour that decides the page's encoding.
      const records = list.map((key, index) => ({ key, beside: index % 2 === 0 ? 'a' : '漢' }))
      const shape = records.reduce(
        (known, record) => codecs.widen(known, record),
        codecs.learn(records[0]),
      )
      const writer = codecs.writer(shape, false)
      const views = pageViews(new SharedArrayBuffer(1 << 16))
      writer.begin(views, 0, 1 << 16)
      for (const record of records) writer.append(record, 0)
      writer.finish()
      const reader = codecs.reader(shape, false)
      reader.open(views, 0)
      list.forEach((key, index) => {
        const received = (reader.record(index) as { key: unknown }).key
        expect(encode(received)).toEqual(encode(key))
      })
    }),
  )
})

test('what is equal by value has the same bytes', () => {
  class Route {
    to = 'B'
    from = 'A'
  }
  expect(encode(-0)).toEqual(encode(0))
  expect(encode([-0])).toEqual(encode([0]))
  expect(encode({ from: 'A', to: 'B' })).toEqual(encode({ to: 'B', from: 'A' }))
  expect(encode(new Route())).toEqual(encode({ from: 'A', to: 'B' }))
  expect(encode(Buffer.from([1]))).toEqual(encode(new Uint8Array([1])))
  const sliced = 'some-long-text-and-more'.substring(5, 20)
  expect(encode(sliced)).toEqual(encode('long-text-and-m'))
})

test('bytes of a key never change: they are stored', () => {
  const expected: [unknown, string][] = [
    ['abc', '40616263'],
    ['é漢😀\ud800', '40c3a9e6bca2f09f9880eda080'],
    [1, '20bff0000000000000'],
    [-1, '20400fffffffffffff'],
    [Number.NaN, '20fff8000000000000'],
    [10n, '28800000010a'],
    [-10n, '287ffffffff5'],
    [new Date(0), '308000000000000000'],
    [true, '19'],
    [null, '10'],
    [undefined, '08'],
    [['a\0', null], '506100ff0010'.replace('50', '5040').concat('00')],
    [{ b: 1, a: 'x' }, '58016100407800016200'.concat('20bff000000000000000')],
  ]
  for (const [key, hex] of expected) expect(encode(key).toString('hex')).toBe(hex)
})

test('functions, symbols, maps and cycles are refused with their type', () => {
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  const refused: [unknown, string][] = [
    [() => 1, 'a function'],
    [{ a: Symbol('x') }, 'a symbol'],
    [new Map(), 'a Map'],
    [new Set(), 'a Set'],
    [[/x/], 'a RegExp'],
    [new Float64Array(1), 'a Float64Array'],
    [cyclic, 'cyclic'],
  ]
  for (const [key, what] of refused) {
    const error = { code: 'KEY_NOT_ENCODABLE', message: expect.stringContaining(what) }
    expect(() => encode(key)).toThrow(expect.objectContaining(error))
  }
})

test('the hash is MurmurHash3', () => {
  const hash = (text: string) => murmur3(Buffer.from(text), 0, Buffer.byteLength(text)) >>> 0
  expect(hash('')).toBe(0)
  expect(hash('test')).toBe(0xba6bd213)
  expect(hash('Hello, world!')).toBe(0xc0363e43)
  expect(hash('The quick brown fox jumps over the lazy dog')).toBe(0x2e4ff723)
})
