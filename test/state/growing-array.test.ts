import { expect, test } from 'vitest'
import { grown, withRoom } from '../../src/state/growing-array.ts'

const kinds = [Uint8Array, Uint16Array, Int32Array, Uint32Array, Float64Array]

for (const Kind of kinds) {
  for (const inPlaceBytesMin of [0, 1000, 1e9]) {
    const when = `in a memory from ${inPlaceBytesMin} bytes on`
    test(`a ${Kind.name} keeps its values and has zeros behind them, ${when}`, () => {
      let array = new Kind(3)
      const expected: number[] = [0, 0, 0]
      for (const length of [4, 100, 101, 70_000, 200_000]) {
        array = grown(array, length, inPlaceBytesMin)
        expect(array).toBeInstanceOf(Kind)
        while (expected.length < length) expected.push(0)
        expect(array.length).toBe(length)
        expect(array.every((value, i) => value === expected[i])).toBe(true)
        for (const i of [0, length >> 1, length - 1]) array[i] = expected[i] = (length + i) % 251
      }
    })
  }
}

test('an array in a memory grows where it is', () => {
  const before = grown(new Int32Array(10), 1000, 0)
  const after = grown(before, 1e6, 0)
  after[7] = 77
  expect(before[7]).toBe(77)
})

test('arrays in memories do not begin at the same place of a page', () => {
  const starts = Array.from({ length: 8 }, () => grown(new Int32Array(0), 10, 0).byteOffset)
  expect(new Set(starts.map((at) => at % 4096)).size).toBe(8)
  expect(starts.filter((at) => at % 64 !== 0)).toEqual([])
})

test('an array that has room stays what it is, and one that has none doubles at least', () => {
  const array = new Uint16Array(100)
  expect(withRoom(array, 100)).toBe(array)
  expect(withRoom(array, 101).length).toBe(200)
  expect(withRoom(array, 1000).length).toBe(1000)
})
