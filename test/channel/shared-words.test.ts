import { expect, test } from 'vitest'
import { atomicWords } from '../../src/channel/shared-words.ts'

const words = () => new Int32Array(new SharedArrayBuffer(16))

test('words are read and changed in place, and the value before is returned', () => {
  const state = words()
  atomicWords.store(state, 1, 5)
  expect(atomicWords.load(state, 1)).toBe(5)
  expect(atomicWords.exchange(state, 1, 6)).toBe(5)
  expect(atomicWords.add(state, 1, 2)).toBe(6)
  expect(atomicWords.or(state, 1, 1)).toBe(8)
  expect(state).toEqual(Int32Array.of(0, 9, 0, 0))
})

test('add wraps', () => {
  const state = words()
  atomicWords.store(state, 0, 2 ** 31 - 1)
  atomicWords.add(state, 0, 1)
  expect(atomicWords.load(state, 0)).toBe(-(2 ** 31))
})

test('nobody waits for a word that has changed already', () => {
  const state = words()
  atomicWords.wait(state, 0, 1, Number.POSITIVE_INFINITY)
  expect(atomicWords.waitAsync(state, 0, 1)).toBeUndefined()
})

test('one notify wakes all who wait', async () => {
  const state = words()
  const waiting = [atomicWords.waitAsync(state, 0, 0), atomicWords.waitAsync(state, 0, 0)]
  atomicWords.notify(state, 0)
  expect(await Promise.all(waiting)).toEqual(['ok', 'ok'])
})
