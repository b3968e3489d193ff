/**
 * Snapshots against a model: whatever happens to state while up to three of them are written in
 * small steps, each holds exactly what there was when it was begun. Now and then the state is
 * replaced by what is restored from its snapshot.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyEncoder, murmur3 } from '../../src/codec/canonical-key.ts'
import { keyGroupOf, subtaskOfKeyGroup } from '../../src/codec/key-groups.ts'
import { type Held, KeyModel, NAMESPACES, plainOf, Subject } from './snapshot-subject.ts'
import { GROUPS, openRange, Taken } from './snapshot-support.ts'

const fewKeys = [0, 1, 2, -7.5, 'a', 'ä', '\ud800', 'long '.repeat(9), null, true]
const bulkKeys = Array.from({ length: 70 }, (_, i) => `bulk ${i}`)
const allKeys: readonly unknown[] = [...fewKeys, ...bulkKeys]
const mapKeys = [0, 1, 'x', 'y', 'z', 'more than twenty bytes of it']

interface Command {
  readonly do: string
  readonly key?: unknown
  readonly item?: unknown
  readonly mapKey?: unknown
  readonly namespace?: number
  readonly time?: number
  readonly count?: number
  readonly flag?: boolean
}

const item = fc.oneof(
  fc.integer({ min: 1 }),
  fc.constantFrom('é', '', 'text', 'a text of so many characters that it is native', null),
  fc.constantFrom(-1.5, Number.NaN, true, false),
)
const fields = {
  key: fc.constantFrom(...fewKeys),
  item,
  mapKey: fc.constantFrom(...mapKeys),
  namespace: fc.constantFrom(...NAMESPACES),
  time: fc.integer({ min: 1, max: 6 }),
  count: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(40)),
  flag: fc.boolean(),
}
const weights: Readonly<Record<string, number>> = {
  begin: 3,
  step: 8,
  bulk: 1,
  unbulk: 1,
  restart: 1,
}

/** One run: the same is done to state and model, and what state hands out is changed in place. */
class Run {
  subject = new Subject(openRange())
  readonly models = new Map(allKeys.map((key) => [key, new KeyModel()]))
  pending: { taken: Taken; expected: Map<unknown, unknown> }[] = []

  readonly actions: Readonly<Record<string, (c: Command, m: KeyModel) => void>> = {
    set: ({ item }, m) => {
      this.subject.mixed.set(item)
      m.mixed = item
    },
    clear: (_, m) => {
      this.subject.mixed.clear()
      m.mixed = undefined
    },
    setObject: ({ item }, m) => {
      const given = { items: [item] }
      this.subject.object.set(given)
      m.object = { items: [item] }
      given.items.push('not of the state')
    },
    changeObject: ({ item, flag }, m) => {
      const held = this.subject.object.get()
      change(held, item)
      if (held !== undefined && flag) this.subject.object.set(held)
      change(m.object, item)
    },
    clearObject: (_, m) => {
      this.subject.object.clear()
      m.object = undefined
    },
    add: ({ item }, m) => {
      this.subject.list.add({ items: [item] })
      m.list.push({ items: [item] })
    },
    changeList: ({ item }, m) => {
      for (const held of this.subject.list) change(held, item)
      for (const held of m.list) change(held, item)
    },
    clearList: (_, m) => {
      this.subject.list.clear()
      m.list = []
    },
    put: ({ mapKey, item, flag }, m) => {
      this.subject.map.set(mapKey, flag ? { items: [item] } : item)
      m.map.set(mapKey, flag ? { items: [item] } : item)
    },
    changeEntry: ({ mapKey, item }, m) => {
      change(this.subject.map.get(mapKey), item)
      change(m.map.get(mapKey), item)
    },
    changeMap: ({ item }, m) => {
      for (const [, held] of this.subject.map) change(held, item)
      for (const [, held] of m.map) change(held, item)
    },
    delete: ({ mapKey }, m) => {
      this.subject.map.delete(mapKey)
      m.map.delete(mapKey)
    },
    clearMap: (_, m) => {
      this.subject.map.clear()
      m.map.clear()
    },
    slot: ({ namespace, item }, m) => {
      const { table } = this.subject
      const slot = table.slot(namespace!)
      const values = table.values[0]!
      if (table.wasAdded) values[slot] = { items: [] }
      const model = m.slots.get(namespace!) ?? { slot, n: 0, held: { items: [] } }
      m.slots.set(namespace!, model)
      this.#changeSlot(slot, item, model)
    },
    remembered: ({ namespace, item }, m) => {
      const model = m.slots.get(namespace!)
      if (model === undefined) return
      this.subject.table.touch(model.slot)
      this.#changeSlot(model.slot, item, model)
    },
    remove: ({ namespace, flag }, m) => {
      const { table } = this.subject
      const slot = flag ? table.find(namespace!) : (m.slots.get(namespace!)?.slot ?? -1)
      if (slot >= 0) table.remove(slot)
      m.slots.delete(namespace!)
    },
    timer: ({ time, flag }, m) => {
      if (flag) this.subject.timers.onEventTime(time!)
      else this.subject.timers.onProcessingTime(time!)
      m.timers.add(`${flag ? 'event' : 'processing'} ${time}`)
    },
    noTimer: ({ time, flag }, m) => {
      if (flag) this.subject.timers.deleteEventTime(time!)
      else this.subject.timers.deleteProcessingTime(time!)
      m.timers.delete(`${flag ? 'event' : 'processing'} ${time}`)
    },
    fire: ({ time, count }) => {
      for (const [kind, key, timeMs] of this.subject.fire(time!, count!)) {
        expect(this.models.get(key)!.timers.delete(`${kind} ${timeMs}`)).toBe(true)
      }
    },
    bulk: (c) => {
      for (const key of bulkKeys.slice(c.count)) {
        for (const name of ['set', 'slot', 'put', 'timer']) this.do({ ...c, do: name, key })
      }
    },
    unbulk: (c) => {
      for (const key of bulkKeys.slice(c.count)) {
        for (const name of ['clear', 'remove', 'clearMap', 'noTimer']) {
          this.do({ ...c, do: name, key })
        }
      }
    },
    begin: () => {
      if (this.pending.length === 3) return
      const taken = new Taken(this.subject.state)
      this.pending.push({ taken, expected: plainOf(this.models) })
    },
    step: ({ time, count }) => {
      const pending = this.pending[time! % 3]
      pending?.taken.walk.step(count!)
      if (pending?.taken.walk.isDone) this.#check(pending)
    },
    restart: () => {
      const taken = new Taken(this.subject.state).finish()
      for (const pending of this.pending) pending.taken.walk.cancel()
      this.pending = []
      this.subject = new Subject(openRange())
      taken.restoreInto(this.subject.state)
      this.#findSlots()
    },
    cancel: ({ count }) => {
      const [first, ...others] = this.pending
      if (count !== 40 || first === undefined) return
      first.taken.walk.cancel()
      this.pending = others
    },
  }

  do(c: Command): void {
    this.subject.state.setKey(c.key)
    this.actions[c.do]!(c, this.models.get(c.key)!)
  }

  /** What is pending is written to its end, and nothing is tracked any more. */
  end(): void {
    for (const pending of this.pending) {
      pending.taken.finish()
      this.#check(pending)
    }
    expect(this.subject.dump(allKeys)).toEqual(plainOf(this.models))
  }

  #findSlots(): void {
    const { state, table } = this.subject
    for (const [key, { slots }] of this.models) {
      // Looking at a key brings all of its group: most are to stay where they are.
      if (slots.size === 0) continue
      state.setKey(key)
      for (const [namespace, model] of slots) model.slot = table.find(namespace)
    }
  }

  #changeSlot(slot: number, item: unknown, model: { n: number; held: Held }): void {
    const { table } = this.subject
    table.numbers[0]![slot]!++
    change(table.values[0]![slot], item)
    model.n++
    change(model.held, item)
  }

  #check({ taken, expected }: Run['pending'][number]): void {
    this.pending = this.pending.filter((other) => other.taken !== taken)
    for (const parallelism of [1, 3]) {
      for (let subtask = 0; subtask < parallelism; subtask++) {
        const keys = allKeys.filter((key) => subtaskOf(key, parallelism) === subtask)
        const own = new Map([...expected].filter(([key]) => keys.includes(key)))
        const subject = new Subject(openRange(subtask, parallelism))
        taken.restoreInto(subject.state, subtask, parallelism)
        expect(subject.state.countKeys()).toBe(own.size)
        expect(subject.dump(keys)).toEqual(own)
      }
    }
  }
}

function change(value: unknown, item: unknown): void {
  if (typeof value === 'object' && value !== null) (value as Held).items.push(item)
}

function subtaskOf(key: unknown, parallelism: number): number {
  const encoder = new KeyEncoder()
  encoder.encode(key)
  const group = keyGroupOf(murmur3(encoder.bytes, 0, encoder.length), GROUPS)
  return subtaskOfKeyGroup(group, GROUPS, parallelism)
}

test('a snapshot holds what there was when it was begun, whatever happens meanwhile', () => {
  const commands = Object.keys(new Run().actions).map((name) => ({
    weight: weights[name] ?? 2,
    arbitrary: fc.record({ do: fc.constant(name), ...fields }),
  }))
  fc.assert(
    fc.property(fc.array(fc.oneof(...commands), { maxLength: 160, size: 'max' }), (all) => {
      const run = new Run()
      for (const c of all) run.do(c)
      run.end()
    }),
    { numRuns: 300 },
  )
})
