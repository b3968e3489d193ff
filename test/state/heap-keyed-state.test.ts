import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KeyedState } from '../../src/state/contract.ts'
import { HeapKeyedState } from '../../src/state/heap/heap-keyed-state.ts'

const all = { maxParallelism: 128, keyGroupFrom: 0, keyGroupTo: 128 }
const open = () => new HeapKeyedState(all)

test('each key has its own value, and what was not set is the initial one', () => {
  const state = open()
  const count = state.value<number>({ name: 'count', kind: 'value', initial: 7 })
  state.setKey('a')
  count.set(1)
  state.setKey('b')
  expect(count.get()).toBe(7)
  state.setKey('a')
  expect(count.get()).toBe(1)
  count.clear()
  expect(count.get()).toBe(7)
})

test('a number state that is given something else keeps both', () => {
  const state = open()
  const value = state.value<unknown>({ name: 'v', kind: 'value', initial: 0 })
  const given = [1.5, Number.NaN, -0, 'text', null, undefined, { a: 1 }]
  for (const [i, item] of given.entries()) {
    state.setKey(i)
    value.set(item)
  }
  for (const [i, item] of given.entries()) {
    state.setKey(i)
    expect(Object.is(value.get(), item) || typeof item === 'object').toBe(true)
    expect(value.get()).toEqual(item)
  }
  state.setKey('other')
  expect(value.get()).toBe(0)
})

test('what state holds is not the object that was given, and get hands out what is held', () => {
  const state = open()
  const value = state.value<{ n: number[] }>({ name: 'v', kind: 'value' })
  const list = state.list<{ n: number }>({ name: 'l', kind: 'list' })
  const map = state.map<string, { n: number }>({ name: 'm', kind: 'map' })
  state.setKey(1)
  const given = { n: [1] }
  value.set(given)
  given.n.push(2)
  expect(value.get()).toEqual({ n: [1] })
  const held = value.get()
  held.n.push(3)
  value.set(held)
  expect(value.get()).toBe(held)
  const record = { n: 1 }
  list.add(record)
  map.set('x', record)
  record.n = 2
  expect([...list]).toEqual([{ n: 1 }])
  expect([...map]).toEqual([['x', { n: 1 }]])
})

test('an initial object is copied for each key', () => {
  const state = open()
  const value = state.value<number[]>({ name: 'v', kind: 'value', initial: [] })
  state.setKey('a')
  value.get().push(1)
  const mine = value.get()
  mine.push(2)
  value.set(mine)
  state.setKey('b')
  expect(value.get()).toEqual([])
  state.setKey('a')
  expect(value.get()).toEqual([2])
})

test('equal keys are one key: -0 and 0, a string however it was made', () => {
  const state = open()
  const seen = state.value<number>({ name: 'n', kind: 'value', initial: 0 })
  for (const key of [-0, 0, 'ab', ['a', 'b'].join(''), Number.NaN, Number.NaN]) {
    state.setKey(key)
    seen.set(seen.get() + 1)
  }
  expect(state.countKeys()).toBe(3)
  state.setKey(-0)
  expect(state.key).toBe(0)
  expect(Object.is(state.key, 0)).toBe(true)
})

test('a key that holds nothing has no slot', () => {
  const state = open()
  const value = state.value<number>({ name: 'v', kind: 'value', initial: 0 })
  const list = state.list<number>({ name: 'l', kind: 'list' })
  const map = state.map<string, number>({ name: 'm', kind: 'map' })
  const table = state.table('t', ['number'])
  for (let i = 0; i < 1000; i++) {
    state.setKey(`key ${i}`)
    value.get()
    if (i % 2 === 0) value.set(i)
    if (i % 3 === 0) list.add(i)
    if (i % 5 === 0) map.set('x', i)
    if (i % 7 === 0) table.slot(0)
  }
  expect(state.countKeys()).toBe(1000 - Math.floor((1000 * (1 / 2) * (2 / 3) * (4 / 5) * 6) / 7))
  for (let i = 0; i < 1000; i++) {
    state.setKey(`key ${i}`)
    if (i % 2 === 0) value.clear()
    list.clear()
    if (i % 5 === 0) map.delete('x')
    if (i % 7 === 0) table.remove(table.find(0))
  }
  expect(state.countKeys()).toBe(0)
})

test('a pinned key keeps its slot, and can be made current by it', () => {
  const state = open()
  state.setKey('pinned')
  const slot = state.pinKeySlot()
  expect(state.pinKeySlot()).toBe(slot)
  for (let i = 0; i < 100; i++) state.setKey(i)
  state.setKeySlot(slot)
  expect(state.key).toBe('pinned')
  state.releaseKeySlot(slot)
  state.setKey('other')
  expect(state.countKeys()).toBe(1)
  state.releaseKeySlot(slot)
  expect(state.countKeys()).toBe(0)
  expect(() => state.setKeySlot(slot)).toThrow('not in use')
})

test('a map can be changed while it is walked', () => {
  const state = open()
  const map = state.map<string, number>({ name: 'm', kind: 'map' })
  state.setKey('k')
  for (const name of ['a', 'b', 'c', 'd']) map.set(name, name.charCodeAt(0))
  const seen: string[] = []
  for (const [name] of map) {
    seen.push(name)
    map.delete(name)
    if (name === 'a') map.delete('c')
  }
  expect(seen).toEqual(['a', 'b', 'd'])
  expect(map.size).toBe(0)
})

test("a key of a group that is not the subtask's is a broken invariant", () => {
  const state = new HeapKeyedState({ maxParallelism: 128, keyGroupFrom: 0, keyGroupTo: 0 })
  expect(() => state.setKey('a')).toThrow('group')
})

test('a state declared again is the same state, and cannot be of another kind', () => {
  const state = open()
  const a = state.value({ name: 's', kind: 'value' })
  expect(state.value({ name: 's', kind: 'value' })).toBe(a)
  expect(() => state.list({ name: 's', kind: 'list' })).toThrow("'s'")
})

const keys = fc.oneof(
  fc.integer({ min: 0, max: 6 }),
  fc.constantFrom('a', 'ä', '\ud800', 'long '.repeat(9)),
)
const command = fc.oneof(
  fc.record({ do: fc.constant('set' as const), key: keys, v: fc.integer() }),
  fc.record({ do: fc.constant('clear' as const), key: keys }),
  fc.record({ do: fc.constant('add' as const), key: keys, v: fc.integer() }),
  fc.record({ do: fc.constant('empty' as const), key: keys }),
  fc.record({ do: fc.constant('put' as const), key: keys, name: keys, v: fc.integer() }),
  fc.record({ do: fc.constant('delete' as const), key: keys, name: keys }),
  fc.record({ do: fc.constant('slot' as const), key: keys, ns: fc.integer({ min: -2, max: 2 }) }),
  fc.record({ do: fc.constant('drop' as const), key: keys, ns: fc.integer({ min: -2, max: 2 }) }),
)
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never

class Model {
  readonly values = new Map<unknown, number>()
  readonly lists = new Map<unknown, number[]>()
  readonly maps = new Map<unknown, Map<unknown, number>>()
  readonly slots = new Map<string, number>()

  mapOf(key: unknown): Map<unknown, number> {
    let map = this.maps.get(key)
    if (map === undefined) this.maps.set(key, (map = new Map()))
    return map
  }

  keys(): Set<string> {
    const used = [...this.values.keys(), ...this.lists.keys()]
    for (const [key, map] of this.maps) if (map.size > 0) used.push(key)
    return new Set([
      ...used.map((key) => JSON.stringify(key)),
      ...[...this.slots.keys()].map((slot) => slot.slice(0, slot.lastIndexOf(' '))),
    ])
  }
}

function apply(state: KeyedState, model: Model, c: Command): void {
  const value = state.value<number>({ name: 'v', kind: 'value', initial: -1 })
  const list = state.list<number>({ name: 'l', kind: 'list' })
  const map = state.map<unknown, number>({ name: 'm', kind: 'map' })
  const table = state.table('t', ['number', 'value'])
  state.setKey(c.key)
  const place = 'ns' in c ? `${JSON.stringify(c.key)} ${c.ns}` : ''
  switch (c.do) {
    case 'set':
      value.set(c.v)
      model.values.set(c.key, c.v)
      break
    case 'clear':
      value.clear()
      model.values.delete(c.key)
      break
    case 'add':
      list.add(c.v)
      model.lists.set(c.key, [...(model.lists.get(c.key) ?? []), c.v])
      break
    case 'empty':
      list.clear()
      model.lists.delete(c.key)
      break
    case 'put':
      map.set(c.name, c.v)
      model.mapOf(c.key).set(c.name, c.v)
      break
    case 'delete':
      map.delete(c.name)
      model.mapOf(c.key).delete(c.name)
      break
    case 'slot': {
      const slot = table.slot(c.ns)
      expect(table.wasAdded).toBe(!model.slots.has(place))
      expect(table.numbers[0]![slot]).toBe(model.slots.get(place) ?? 0)
      expect([table.keyOf(slot), table.namespaceOf(slot)]).toEqual([c.key, c.ns])
      table.numbers[0]![slot]!++
      model.slots.set(place, (model.slots.get(place) ?? 0) + 1)
      break
    }
    case 'drop': {
      const slot = table.find(c.ns)
      expect(slot >= 0).toBe(model.slots.has(place))
      if (slot >= 0) table.remove(slot)
      model.slots.delete(place)
      break
    }
  }
  expect(state.key).toBe(c.key)
  expect(value.get()).toBe(model.values.get(c.key) ?? -1)
  expect([...list]).toEqual(model.lists.get(c.key) ?? [])
  expect([...map]).toEqual([...model.mapOf(c.key)])
  expect(map.size).toBe(model.mapOf(c.key).size)
  expect(table.size).toBe(model.slots.size)
  expect(state.countKeys()).toBe(model.keys().size)
}

test('all states of all keys together do what Maps and arrays do', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 150, size: 'max' }), (commands) => {
      const state = open()
      const model = new Model()
      for (const c of commands) apply(state, model, c)
    }),
    { numRuns: 150 },
  )
})

test('what is changed in place holds no page that its strings were read from', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const state = open()
  const last = state.value({ name: 'last', kind: 'value', initial: { name: '' } })
  const names = state.map<string, { name: string }>({ name: 'names', kind: 'map' })
  collect()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 2_000; i++) {
    const page = Buffer.alloc(100_000, 97 + (i % 26)).toString('latin1')
    state.setKey(i % 500)
    const inValue = last.get() as { name: string }
    inValue.name = page.substring(5, 30)
    last.set(inValue)
    const inMap = names.get('a') ?? { name: '' }
    inMap.name = page.substring(500, 530)
    names.set('a', inMap)
  }
  collect()
  // 50 MB of pages if each key held one.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10e6)
})
