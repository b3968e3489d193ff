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

test('a list is restored by its name, before and after it was asked for', () => {
  const before = new HeapOperatorState()
  const given = [{ at: new Date(5) }, 'text', -0, undefined, Uint8Array.of(1, 2)]
  for (const item of given) before.list<unknown>('items').add(item)
  const lists = before.snapshot()
  before.list<unknown>('items').add('later')
  const after = new HeapOperatorState()
  for (const list of lists) after.restore(list)
  const items = after.list<unknown>('items')
  expect([...items]).toEqual(given)
  after.restore({ name: 'items', items: lists[0]!.items.map((bytes) => Buffer.from(bytes)) })
  expect([...items]).toStrictEqual([...given, ...given])
})

test('an item of a list that cannot be read or written names the list', () => {
  const state = new HeapOperatorState()
  expect(() => state.restore({ name: 'items', items: [Uint8Array.of(9)] })).toThrow(
    expect.objectContaining({
      code: 'CHECKPOINT_DAMAGED',
      message: expect.stringContaining("'items'"),
    }),
  )
  const items = state.list<Record<string, unknown>>('items')
  items.add({})
  for (const item of items as Iterable<Record<string, unknown>>) item.call = () => {}
  expect(() => state.snapshot()).toThrow(
    expect.objectContaining({
      code: 'STATE_NOT_ENCODABLE',
      message: expect.stringContaining("'items'"),
    }),
  )
})
