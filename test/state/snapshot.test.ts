import { expect, test } from 'vitest'
import type { KeyedState } from '../../src/state/contract.ts'
import { TimerService } from '../../src/time/timer-service.ts'
import { openRange, Taken } from './snapshot-support.ts'

const value = <T>(state: KeyedState, initial?: T) =>
  state.value<T>({ name: 'v', kind: 'value', initial })
const map = <V>(state: KeyedState) => state.map<string, V>({ name: 'm', kind: 'map' })

/** Keys 0 to 9, each with its own number. */
function tenNumbers() {
  const state = openRange()
  const numbers = value<unknown>(state, 0)
  for (let i = 0; i < 10; i++) {
    state.setKey(i)
    numbers.set(i + 100)
  }
  return { state, numbers }
}

function restored(taken: Taken, initial?: unknown) {
  const state = openRange()
  const numbers = value<unknown>(state, initial)
  taken.finish().restoreInto(state)
  return (key: unknown) => {
    state.setKey(key)
    return numbers.get()
  }
}

test('an empty state has nothing to write', () => {
  const state = openRange()
  value(state)
  const taken = new Taken(state)
  expect(taken.walk.isDone).toBe(true)
  expect(taken.chunks).toEqual([])
})

test('a number column that becomes a value column in the middle of a walk is written whole', () => {
  const { state, numbers } = tenNumbers()
  const taken = new Taken(state)
  taken.walk.step(4)
  state.setKey(9)
  numbers.set('text')
  const get = restored(taken, 0)
  for (let i = 0; i < 10; i++) expect(get(i)).toBe(i + 100)
})

test('a value that was set to undefined, -0 or NaN is restored as that', () => {
  const state = openRange()
  const held = value<unknown>(state, 'initial')
  const given = [undefined, -0, Number.NaN, null]
  for (const [i, item] of given.entries()) {
    state.setKey(i)
    held.set(item)
  }
  const get = restored(new Taken(state), 'initial')
  expect(given.map((_, i) => get(i))).toEqual(given)
})

test('columns that `find` gave may be changed while a snapshot is written', () => {
  const state = openRange()
  const table = state.table('t', ['number', 'value'])
  state.setKey('k')
  table.numbers[0]![table.slot(3)] = 1
  const taken = new Taken(state)
  table.numbers[0]![table.find(3)] = 2
  const other = openRange()
  const back = other.table('t', ['number', 'value'])
  taken.finish().restoreInto(other)
  other.setKey('k')
  expect(back.numbers[0]![back.find(3)]).toBe(1)
})

test('the entries of a table are visited with their keys, and no key is current then', () => {
  const state = openRange()
  const table = state.table('t', ['number'])
  for (const key of ['a', 'b']) {
    state.setKey(key)
    for (const namespace of [1, 2]) table.slot(namespace)
  }
  table.remove(table.find(1))
  const seen: unknown[] = []
  table.forEach((slot) => seen.push([state.key, table.namespaceOf(slot)]))
  expect(seen).toEqual([
    ['a', 1],
    ['a', 2],
    ['b', 2],
  ])
  expect(() => state.key).toThrow('not in use')
})

test('a restored map goes on in its order, though slots were reused', () => {
  const state = openRange()
  const before = map<number>(state)
  state.setKey('k')
  for (const name of ['gone', 'b', 'c']) before.set(name, 1)
  before.delete('gone')
  before.set('d', 1)
  before.set('b', 2)
  const other = openRange()
  const after = map<number>(other)
  new Taken(state).finish().restoreInto(other)
  other.setKey('k')
  after.set('e', 1)
  const all = [
    ['b', 2],
    ['c', 1],
    ['d', 1],
    ['e', 1],
  ]
  expect([...after]).toEqual(all)
  const third = openRange()
  const last = map<number>(third)
  new Taken(other).finish().restoreInto(third)
  third.setKey('k')
  expect([...last]).toEqual(all)
})

test('after a restore no key is current, and none has a slot that holds nothing', () => {
  const { state } = tenNumbers()
  const other = openRange()
  value(other, 0)
  other.setKey('holds nothing')
  new Taken(state).finish().restoreInto(other)
  expect(() => other.key).toThrow('not in use')
  expect(other.countKeys()).toBe(10)
})

test('a key that holds nothing loses its slot where no key stays current', () => {
  const state = openRange()
  const table = state.table('t', [])
  state.setKey('holds nothing')
  table.forEach(() => {})
  expect(state.countKeys()).toBe(0)
})

test('bytes in state come back as plain bytes, whatever the part was read into', () => {
  const state = openRange()
  const held = value<Uint8Array>(state)
  state.setKey('k')
  held.set(Uint8Array.of(1, 2))
  const [only] = new Taken(state).finish().parts
  const other = openRange()
  const back = value<Uint8Array>(other)
  other.restore(only!.section, { ...only!.part, bytes: Buffer.from(only!.part.bytes) })
  other.setKey('k')
  expect(back.get()).toStrictEqual(Uint8Array.of(1, 2))
})

test('room that was made before does not change what is restored', () => {
  const { state } = tenNumbers()
  const other = openRange()
  other.setKey('a')
  const numbers = value(other, 0)
  numbers.set(1)
  other.reserve(100_000)
  new Taken(state).finish().restoreInto(other)
  const all = ['a', 0, 9].map((key) => {
    other.setKey(key)
    return numbers.get()
  })
  expect(all).toEqual([1, 100, 109])
  expect(other.countKeys()).toBe(11)
})

test('a state and timers of the same name are not mistaken for each other', () => {
  const open = () => {
    const state = openRange()
    const handlers = { onEventTime() {}, onProcessingTime() {}, wakeAt() {} }
    const timers = new TimerService({ keyed: state, ...handlers })
    return { state, timers, own: state.value<number>({ name: 'event-time', kind: 'value' }) }
  }
  const before = open()
  before.state.setKey('k')
  before.own.set(7)
  before.timers.onEventTime(5)
  const after = open()
  new Taken(before.state).finish().restoreInto(after.state)
  after.state.setKey('k')
  expect(after.own.get()).toBe(7)
  expect(after.timers.eventTimeCount).toBe(1)
})

test('a large snapshot comes in chunks of about 4 MB, each in one memory', () => {
  const state = openRange()
  const texts = value<string>(state)
  const names = state.value<number>({ name: 'few', kind: 'value' })
  for (let i = 0; i < 1000; i++) {
    state.setKey(i)
    texts.set('x'.repeat(10_000))
  }
  names.set(1)
  const { chunks } = new Taken(state).finish()
  const sizes = chunks.map(({ parts }) => parts.reduce((sum, { bytes }) => sum + bytes.length, 0))
  expect(sizes.length).toBe(3)
  for (const size of sizes.slice(0, -1)) expect(size / 2 ** 20).toBeCloseTo(4, 1)
  expect(chunks.map(({ sections }) => sections.map(({ name }) => name))).toEqual([
    ['v'],
    ['v'],
    ['v', 'few'],
  ])
  for (const { parts } of chunks) {
    expect(new Set(parts.map(({ bytes }) => bytes.buffer)).size).toBe(1)
  }
})

test('a step writes about as many entries as it is told, and goes over many free slots', () => {
  const state = openRange()
  const held = value<number>(state, 0)
  for (let i = 0; i < 2000; i++) {
    state.setKey(i)
    held.set(i)
  }
  for (let i = 0; i < 1000; i++) {
    state.setKey(i)
    held.clear()
  }
  const { walk } = new Taken(state)
  let steps = 0
  for (; !walk.isDone; steps++) walk.step(10)
  expect(steps).toBeGreaterThan(90)
  expect(steps).toBeLessThan(140)
})

test('a snapshot that cannot be written fails its step, not the code that changed state', () => {
  const state = openRange()
  const held = value<Record<string, unknown>>(state)
  for (let i = 0; i < 100; i++) {
    state.setKey(i)
    held.set({ i })
  }
  held.get().call = () => {}
  const failing = new Taken(state)
  const failure = expect.objectContaining({ code: 'STATE_NOT_ENCODABLE' })
  held.get()
  expect(() => failing.walk.step(1)).toThrow(failure)
  expect(() => failing.walk.step(1)).toThrow(failure)
  const other = new Taken(state)
  expect(() => other.walk.step(1000)).toThrow(failure)
  expect(() => other.walk.step(1000)).toThrow(failure)
  expect(other.chunks).toEqual([])
  delete held.get().call
  expect(restored(new Taken(state))(99)).toEqual({ i: 99 })
})

test('a snapshot that has failed hands nothing over', () => {
  const state = openRange()
  const held = value<unknown>(state)
  state.setKey('fails')
  held.set({})
  ;(held.get() as Record<string, unknown>).call = () => {}
  state.setKey('large')
  held.set('more than a chunk '.repeat(300_000))
  const { walk, chunks } = new Taken(state)
  const failure = expect.objectContaining({ code: 'STATE_NOT_ENCODABLE' })
  expect(() => walk.step(1000)).toThrow(failure)
  expect(chunks).toEqual([])
})

test('a snapshot that was given up writes nothing more', () => {
  const { state, numbers } = tenNumbers()
  numbers.set('more than a chunk '.repeat(300_000))
  const taken = new Taken(state)
  taken.walk.step(2)
  taken.walk.cancel()
  numbers.set('other')
  expect(taken.walk.isDone).toBe(true)
  expect(taken.chunks).toEqual([])
})

test('state that nobody declares is refused by name', () => {
  const { state } = tenNumbers()
  const taken = new Taken(state).finish()
  expect(() => taken.restoreInto(openRange())).toThrow(
    expect.objectContaining({
      code: 'STATE_UNCLAIMED',
      message: expect.stringContaining("'v' (a value)"),
    }),
  )
})

test('state of another kind or with other columns is refused', () => {
  const { state } = tenNumbers()
  const other = openRange()
  other.list({ name: 'v', kind: 'list' })
  expect(() => new Taken(state).finish().restoreInto(other)).toThrow(
    expect.objectContaining({
      code: 'STATE_INCOMPATIBLE',
      message: "state 'v' is a value in the checkpoint, a list now",
    }),
  )
  const tables = [openRange(), openRange()]
  tables[0]!.table('t', ['number'])
  const table = tables[1]!.table('t', ['number', 'value'])
  tables[1]!.setKey(1)
  table.slot(0)
  expect(() => new Taken(tables[1]!).finish().restoreInto(tables[0]!)).toThrow(
    "state 't' is a table of number, value in the checkpoint, a table of number now",
  )
})

const damages: Readonly<Record<string, (bytes: Uint8Array) => object>> = {
  'cut off': (bytes) => ({ bytes: bytes.subarray(0, -1) }),
  'with too few entries': (bytes) => ({ bytes, entries: 0 }),
  'with too many entries': (bytes) => ({ bytes, entries: 2 }),
  'of another key group': (bytes) => ({ bytes, keyGroup: 0 }),
  'with an entry twice': (bytes) => ({ bytes: Buffer.concat([bytes, bytes]), entries: 2 }),
}
const openers: Readonly<Record<string, (state: KeyedState) => () => void>> = {
  value: (state) => () => value(state).set(1),
  list: (state) => {
    const list = state.list({ name: 'l', kind: 'list' })
    return () => list.add('text')
  },
  map: (state) => () => map(state).set('a', true),
  table: (state) => () => state.table('t', ['number', 'value']).slot(1),
  timers: (state) => {
    const handlers = { onEventTime() {}, onProcessingTime() {}, wakeAt() {} }
    const timers = new TimerService({ keyed: state, ...handlers })
    return () => timers.onEventTime(9)
  },
}

test('a key that is guessed right, but lies in the part of another group, is damaged', () => {
  const open = () => {
    const state = openRange()
    return { state, list: state.list({ name: 'l', kind: 'list' }), numbers: value(state) }
  }
  const { state, list, numbers } = open()
  for (const key of ['a', 'b']) {
    state.setKey(key)
    list.add(1)
    numbers.set(1)
  }
  const [listA, listB, numberA, numberB] = new Taken(state).finish().parts
  const { state: other } = open()
  for (const { section, part } of [listA!, listB!]) other.restore(section, part)
  const bytes = Buffer.concat([numberA!.part.bytes, numberB!.part.bytes])
  const restore = () => {
    other.restore(numberA!.section, { ...numberA!.part, entries: 2, bytes })
    other.load()
  }
  expect(restore).toThrow(expect.objectContaining({ code: 'CHECKPOINT_DAMAGED' }))
})

test.each(Object.keys(openers).flatMap((kind) => Object.keys(damages).map((how) => [kind, how])))(
  'a part of a %s %s is damaged',
  (kind, how) => {
    const state = openRange()
    const fill = openers[kind]!(state)
    state.setKey('k')
    fill()
    const [only] = new Taken(state).finish().parts
    const part = { ...only!.part, ...damages[how]!(only!.part.bytes) }
    const other = openRange()
    const declare = openers[kind]!(other)
    if (kind !== 'timers' && kind !== 'list') {
      other.setKey('other')
      declare()
    }
    const restore = () => {
      other.restore(only!.section, part)
      other.load()
    }
    expect(restore).toThrow(expect.objectContaining({ code: 'CHECKPOINT_DAMAGED' }))
  },
)
