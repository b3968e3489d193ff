import { expect, test } from 'vitest'
import type { ValueState } from '../../src/state/contract.ts'
import type { HeapKeyedState } from '../../src/state/heap/heap-keyed-state.ts'
import { openRange, Taken } from './snapshot-support.ts'

const KEYS = 20

interface Held {
  readonly state: HeapKeyedState
  readonly value: ValueState<unknown>
}

function open(): Held {
  const state = openRange()
  return { state, value: state.value({ name: 'v', kind: 'value' }) }
}

/** Texts, objects and numbers in turn. */
function givenTo(key: number): unknown {
  return [`a text of key ${key}`, { items: [key] }, key][key % 3]
}

function filled(): Held {
  const held = open()
  for (let key = 0; key < KEYS; key++) {
    held.state.setKey(key)
    held.value.set(givenTo(key))
  }
  return held
}

function restarted({ state }: Held): Held {
  const other = open()
  new Taken(state).finish().restoreInto(other.state)
  return other
}

function all({ state, value }: Held): unknown[] {
  return Array.from({ length: KEYS }, (_, key) => {
    state.setKey(key)
    return value.get()
  })
}

const expected = Array.from({ length: KEYS }, (_, key) => givenTo(key))

test('values are there after a restore, each time they are asked for', () => {
  const held = restarted(filled())
  expect(all(held)).toEqual(expected)
  expect(all(held)).toEqual(expected)
})

test('values that nobody has asked for since are part of the next snapshot', () => {
  expect(all(restarted(restarted(filled())))).toEqual(expected)
})

test('values are still there when a snapshot has gone over them', () => {
  const held = restarted(filled())
  new Taken(held.state).finish()
  expect(all(held)).toEqual(expected)
})

test('a value that is changed before it was asked for is the new one', () => {
  const held = restarted(filled())
  held.state.setKey(0)
  held.value.set('other')
  held.state.setKey(1)
  held.value.clear()
  expect(all(held)).toEqual(['other', undefined, ...expected.slice(2)])
  expect(all(restarted(held))).toEqual(['other', undefined, ...expected.slice(2)])
})

test('a snapshot holds what was restored, though it is changed before its turn', () => {
  const held = restarted(filled())
  const taken = new Taken(held.state)
  held.state.setKey(1)
  ;(held.value.get() as { items: unknown[] }).items.push('later')
  held.state.setKey(3)
  held.value.set('later')
  const other = open()
  taken.finish().restoreInto(other.state)
  expect(all(other)).toEqual(expected)
  expect(all(held)[1]).toEqual({ items: [1, 'later'] })
})

test('a number state takes a text over, and what was restored before it', () => {
  const [numbers, texts] = [filledWith(() => 7), filledWith((key) => `text ${key}`)]
  const state = openRange()
  const value = state.value({ name: 'v', kind: 'value', initial: 0 })
  const parts = (held: Held, keys: readonly number[]) => {
    for (const key of keys) {
      held.state.setKey(key)
      held.value.clear()
    }
    new Taken(held.state).finish().restoreInto(state)
  }
  parts(numbers, [2, 3])
  parts(texts, [0, 1])
  const found = [0, 1, 2, 3, 4].map((key) => {
    state.setKey(key)
    return value.get()
  })
  expect(found).toEqual([7, 7, 'text 2', 'text 3', 0])
})

function filledWith(make: (key: number) => unknown): Held {
  const held = open()
  for (let key = 0; key < 4; key++) {
    held.state.setKey(key)
    held.value.set(make(key))
  }
  return held
}
