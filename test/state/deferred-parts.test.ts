/**
 * What is restored stays in its parts until a key of the same group is asked for: none of it may be
 * lost, doubled or seen too late by a snapshot that is written meanwhile. Few groups, so that each
 * has several keys; nothing that needs all keys at once.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HeapKeyedState } from '../../src/state/heap/heap-keyed-state.ts'
import { TimerService } from '../../src/time/timer-service.ts'
import { Taken } from './snapshot-support.ts'

const GROUPS = 4
const keys = Array.from({ length: 24 }, (_, i) => `key ${i}`)

function open() {
  const state = new HeapKeyedState({
    maxParallelism: GROUPS,
    keyGroupFrom: 0,
    keyGroupTo: GROUPS,
  })
  const number = state.value<number>({ name: 'number', kind: 'value', initial: 0 })
  const text = state.value<string | undefined>({ name: 'text', kind: 'value' })
  const list = state.list<number>({ name: 'list', kind: 'list' })
  const map = state.map<string, number>({ name: 'map', kind: 'map' })
  const table = state.keyTable('counts', ['number', 'value'])
  const at = (key: string) => {
    state.setKey(key)
    return { number, text, list, map, table }
  }
  return { state, at }
}

type Opened = ReturnType<typeof open>

function restored(taken: Taken): Opened {
  const opened = open()
  for (const { section, part } of taken.parts) opened.state.restore(section, part)
  return opened
}

interface Model {
  number: number
  text: string | undefined
  list: number[]
  map: Record<string, number>
  row: readonly [number, unknown] | null
}

const empty = (): Model => ({ number: 0, text: undefined, list: [], map: {}, row: null })
const emptyModels = () => Object.fromEntries(keys.map((key) => [key, empty()]))

function dump({ at }: Opened): Record<string, Model> {
  const plain = (key: string) => {
    const { number, text, list, map, table } = at(key)
    const entries = Object.fromEntries(map)
    const slot = table.find(0)
    const row = slot < 0 ? null : [table.numbers[0]![slot]!, table.values[0]![slot]]
    return { number: number.get(), text: text.get(), list: [...list], map: entries, row } as Model
  }
  return Object.fromEntries(keys.map((key) => [key, plain(key)]))
}

const changes = {
  set({ at }: Opened, models: Record<string, Model>, key: string, n: number) {
    at(key).number.set(n)
    models[key]!.number = n
  },
  text({ at }: Opened, models: Record<string, Model>, key: string, n: number) {
    at(key).text.set(`text ${n}`)
    models[key]!.text = `text ${n}`
  },
  add({ at }: Opened, models: Record<string, Model>, key: string, n: number) {
    at(key).list.add(n)
    models[key]!.list.push(n)
  },
  put({ at }: Opened, models: Record<string, Model>, key: string, n: number) {
    at(key).map.set(`entry ${n % 3}`, n)
    models[key]!.map[`entry ${n % 3}`] = n
  },
  count({ at }: Opened, models: Record<string, Model>, key: string, n: number) {
    const { table } = at(key)
    const slot = table.slot(0)
    expect(table.wasAdded).toBe(models[key]!.row === null)
    table.numbers[0]![slot]! += n
    table.values[0]![slot] = `last ${n}`
    models[key]!.row = [(models[key]!.row?.[0] ?? 0) + n, `last ${n}`]
  },
  clear({ at }: Opened, models: Record<string, Model>, key: string) {
    const { number, text, list, map, table } = at(key)
    for (const state of [number, text, list, map]) state.clear()
    const slot = table.find(0)
    if (slot >= 0) table.remove(slot)
    models[key] = empty()
  },
}

const change = fc.record({
  kind: fc.constantFrom(...(Object.keys(changes) as (keyof typeof changes)[])),
  key: fc.constantFrom(...keys),
  n: fc.integer({ min: 1, max: 99 }),
})
/** Null: a step of every snapshot under way; false: another one begins; true: from the last one. */
const command = fc.oneof(
  { weight: 6, arbitrary: change },
  { weight: 3, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.boolean() },
)

test('whatever becomes of restored state, it and its snapshots are what they should be', () => {
  const filled = fc.array(change, { minLength: 20, maxLength: 60 })
  const commands = fc.array(command, { maxLength: 60 })
  fc.assert(
    fc.property(filled, commands, (before, after) => {
      let opened = open()
      let models: Record<string, Model> = emptyModels()
      for (const { kind, key, n } of before) changes[kind](opened, models, key, n)
      opened = restored(new Taken(opened.state).finish())
      let walks: { taken: Taken; expected: Record<string, Model> }[] = []
      for (const one of after) {
        if (one === null) for (const { taken } of walks) taken.walk.step(1)
        else if (one === false) {
          walks.push({ taken: new Taken(opened.state), expected: structuredClone(models) })
        } else if (one === true) {
          const last = walks.pop()
          if (last === undefined) continue
          opened = restored(last.taken.finish())
          models = last.expected
          walks = []
        } else changes[one.kind](opened, models, one.key, one.n)
      }
      for (const { taken, expected } of walks) {
        const found = restored(taken.finish())
        expect(found.state.countKeys()).toBe(holding(expected))
        expect(dump(found)).toEqual(expected)
      }
      expect(dump(opened)).toEqual(models)
    }),
    { numRuns: 500 },
  )
})

test('what nobody has asked for is not even read', () => {
  const { state, at } = open()
  for (const key of keys) at(key).number.set(1)
  const other = open()
  for (const { section, part } of new Taken(state).finish().parts) {
    other.state.restore(section, { ...part, bytes: Uint8Array.of(0xff) })
  }
  const isDamaged = expect.objectContaining({
    code: 'CHECKPOINT_DAMAGED',
    message: expect.stringMatching(/key group \d of value 'number'/),
  })
  expect(() => other.at('key 0')).toThrow(isDamaged)
  expect(() => other.at('key 0'), 'what failed once is not there').toThrow(isDamaged)
})

test('a snapshot that is given up holds on to nothing that was deferred', () => {
  const opened = open()
  for (const key of keys) opened.at(key).number.set(1)
  const taken = new Taken(restored(new Taken(opened.state).finish()).state)
  taken.walk.cancel()
  expect(taken.walk.isDone).toBe(true)
})

test('timers of a group that nobody asks for fire', () => {
  const withTimers = () => {
    const { state, at } = open()
    const fired: unknown[] = []
    const timers = new TimerService({
      keyed: state,
      onEventTime: (timeMs) => void fired.push([state.key, timeMs, at('key 0').number.get()]),
      onProcessingTime() {},
      wakeAt() {},
    })
    return { state, at, timers, fired }
  }
  const before = withTimers()
  before.at('key 0').number.set(7)
  before.timers.onEventTime(5)
  const after = withTimers()
  for (const { section, part } of new Taken(before.state).finish().parts) {
    after.state.restore(section, part)
  }
  after.timers.fireEventTime(10, 10)
  expect(after.fired).toEqual([['key 0', 5, 7]])
})

test('what a key held before the restore does not hide what is restored', () => {
  const before = open()
  before.at('key 0').text.set('restored')
  const after = open()
  after.at('key 0').number.set(1)
  for (const { section, part } of new Taken(before.state).finish().parts) {
    after.state.restore(section, part)
  }
  const { number, text } = after.at('key 0')
  expect([number.get(), text.get()]).toEqual([1, 'restored'])
})

/** More than a chunk is deferred; two keys of another group hold objects, one not encodable. */
function withUnencodable() {
  const make = () => {
    const { state } = open()
    return { state, held: state.value<unknown>({ name: 'held', kind: 'value' }) }
  }
  const groupOf = (key: string) => {
    const { state } = make()
    state.setKey(key)
    return state.keyGroup
  }
  const [a, ...others] = keys
  const b = others.find((key) => groupOf(key) === groupOf(a!))!
  const far = others.find((key) => groupOf(key) !== groupOf(a!))!
  const before = make()
  before.state.setKey(far)
  before.held.set('more than a chunk '.repeat(300_000))
  const { state, held } = make()
  for (const { section, part } of new Taken(before.state).finish().parts) {
    state.restore(section, part)
  }
  for (const key of [a!, b]) {
    state.setKey(key)
    held.set({})
  }
  ;(held.get() as { call: unknown }).call = () => {}
  const look = (key: string) => {
    state.setKey(key)
    held.get()
  }
  return { state, look, a: a!, b }
}

test.each([
  ['behind an entry that could be', true],
  ['alone', false],
])(
  'an entry that cannot be encoded, %s, fails the snapshot and hands nothing over',
  (_, isBehindAnother) => {
    const { state, look, a, b } = withUnencodable()
    const taken = new Taken(state)
    if (isBehindAnother) look(a)
    look(b)
    const isRefused = expect.objectContaining({ code: 'STATE_NOT_ENCODABLE' })
    expect(() => taken.walk.step(1)).toThrow(isRefused)
    expect(taken.chunks).toEqual([])
  },
)

function holding(models: Record<string, Model>): number {
  const nothing = JSON.stringify(empty())
  return Object.values(models).filter((model) => JSON.stringify(model) !== nothing).length
}

test('a snapshot of what nobody has asked for is what was restored, byte for byte', () => {
  const opened = open()
  const models = emptyModels()
  keys.forEach((key, n) => {
    changes.text(opened, models, key, n)
    changes.put(opened, models, key, n)
  })
  const first = new Taken(opened.state).finish()
  const second = new Taken(restored(first).state).finish()
  expect(second.parts).toEqual(first.parts)
})

test('a state that no operator claims is refused at once, though its keys would come later', () => {
  const opened = open()
  opened.at('key 0').number.set(1)
  const [only] = new Taken(opened.state).finish().parts
  const other = new HeapKeyedState({ maxParallelism: GROUPS, keyGroupFrom: 0, keyGroupTo: GROUPS })
  expect(() => other.restore(only!.section, only!.part)).toThrow(
    expect.objectContaining({ code: 'STATE_UNCLAIMED' }),
  )
  other.list({ name: 'number', kind: 'list' })
  expect(() => other.restore(only!.section, only!.part)).toThrow(
    expect.objectContaining({ code: 'STATE_INCOMPATIBLE' }),
  )
})
