import { expect, test } from 'vitest'
import { HeapOperatorState } from '../../src/state/operator-state.ts'

test('a list of operator state holds copies, under its name', () => {
  const state = new HeapOperatorState()
  const record = { n: 1 }
  state.list<{ n: number }>('offsets').add(record)
  record.n = 2
  expect([...state.list('offsets')]).toEqual([{ n: 1 }])
  expect(state.list('other').size).toBe(0)
  state.list('offsets').clear()
  expect(state.list('offsets').size).toBe(0)
})
