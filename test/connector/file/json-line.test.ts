import { expect, test } from 'vitest'
import { jsonLine } from '../../../src/connector/file/json-line.ts'

test('values that JSON lacks have a form that is documented', () => {
  const record = {
    big: 12345678901234567890n,
    at: new Date(0),
    bytes: new Uint8Array([1, 2, 255]),
    ints: new Int32Array([1, -2]),
    set: new Set(['a']),
    map: new Map([['k', 1n]]),
    nan: Number.NaN,
    infinite: Number.POSITIVE_INFINITY,
    none: undefined,
    nothing: null,
    list: [undefined, 2n],
  }
  expect(JSON.parse(jsonLine(record))).toEqual({
    big: '12345678901234567890',
    at: '1970-01-01T00:00:00.000Z',
    bytes: 'AQL/',
    ints: [1, -2],
    set: ['a'],
    map: [['k', '1']],
    nan: null,
    infinite: null,
    nothing: null,
    list: [null, '2'],
  })
})

test('a line never holds a line end or half a character', () => {
  const line = jsonLine({ text: 'a\nb\r\u2028\ud800' })
  expect(line).toBe('{"text":"a\\nb\\r\u2028\\ud800"}')
})

const cycle: Record<string, unknown> = { name: 'loop' }
cycle.self = cycle

test.each([
  ['undefined', undefined],
  ['a function', () => 1],
  ['a function inside', { deep: [{ fn: () => 1 }] }],
  ['a symbol', { s: Symbol('x') }],
  ['a cycle', cycle],
  ['a throwing toJSON', { toJSON: () => fail() }],
])('%s is refused with the record', (_, record) => {
  expect(() => jsonLine(record)).toThrow(
    expect.objectContaining({ code: 'RECORD_NOT_WRITABLE', record: expect.any(String) }),
  )
})

function fail(): never {
  throw new Error('no JSON today')
}

test('a deep record without a cycle is written', () => {
  let record: unknown = 'end'
  for (let i = 0; i < 100; i++) record = { inner: record }
  expect(jsonLine(record)).toContain('"end"')
})
