import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { copyValue, detachString, detachStrings } from '../../src/codec/copy.ts'

class Flight {
  origin = 'a name of more than thirteen characters'
  legs = [{ from: 'A', at: new Date(5) }]
}

test('a copy equals its original and shares nothing with it', () => {
  const original = {
    text: 'a string longer than thirteen characters',
    none: undefined,
    nothing: null,
    minusZero: -0,
    nan: Number.NaN,
    big: 5n,
    at: new Date(3),
    bytes: new Uint8Array([1, 2, 3]),
    list: [1, { deep: [2] }, 'three'],
    map: new Map([['k', { v: 1 }]]),
    set: new Set([1, 'two']),
    flight: new Flight(),
    pattern: /x/g,
  }
  const copied = copyValue(original)
  expect(isDeepStrictEqual(copied, original)).toBe(true)
  expect(copied.flight).toBeInstanceOf(Flight)
  copied.bytes[0] = 9
  copied.at.setTime(9)
  copied.map.get('k')!.v = 9
  copied.flight.legs[0]!.at.setTime(9)
  expect(original.bytes[0]).toBe(1)
  expect(original.at.getTime()).toBe(3)
  expect(original.map.get('k')).toEqual({ v: 1 })
  expect(original.flight.legs[0]!.at.getTime()).toBe(5)
})

test('holes of an array stay holes, and a field named __proto__ stays a field', () => {
  const holes = new Array<number>(3)
  holes[1] = 1
  expect(Object.keys(copyValue(holes))).toEqual(['1'])
  const odd = JSON.parse('{"__proto__": {"a": [1]}}') as object
  const copied = copyValue(odd)
  expect(isDeepStrictEqual(copied, odd)).toBe(true)
  expect(Object.getPrototypeOf(copied)).toBe(Object.prototype)
})

test('detaching keeps every code unit', () => {
  for (const text of ['', 'short', 'x'.repeat(40), 'é'.repeat(20), `\ud800${'漢'.repeat(20)}`]) {
    expect(detachString(text)).toBe(text)
  }
})

test('a cyclic value and a value with a function cannot be copied', () => {
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic
  const withFunction = { run: () => 1 }
  for (const value of [cyclic, withFunction, { p: Promise.resolve() }]) {
    expect(() => copyValue(value)).toThrow(expect.objectContaining({ code: 'VALUE_NOT_COPYABLE' }))
  }
})

test('strings put into a kept value get memory of their own, and nothing else changes', () => {
  const flight = new Flight()
  const text = () => 'x'.repeat(40).substring(1, 30)
  const frozen = Object.freeze({ text: text() })
  const kept = { n: 1, text: text(), list: [[text()], 5, { text: text() }], frozen, flight }
  const before = structuredClone(kept)
  detachStrings(kept)
  expect(isDeepStrictEqual(structuredClone(kept), before)).toBe(true)
  expect(kept.frozen).toBe(frozen)
  expect(kept.flight).toBe(flight)
  const cyclic: { self?: unknown; text: string } = { text: text() }
  cyclic.self = cyclic
  detachStrings(cyclic)
  detachStrings('a string that nobody holds')
  detachStrings(null)
})

test('a large value is not looked at as a whole each time', () => {
  let looks = 0
  const item = {
    get text() {
      looks++
      return 'short'
    },
  }
  detachStrings(new Array(10_000).fill(item))
  expect(looks).toBeLessThan(100)
})
