/** A key has a slot for as long as it holds something or is the current one, and no longer. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openRange } from './snapshot-support.ts'

const keys = ['a', 'b', 'c', 4, 'a key that is longer than what lies in a record of the table']
const LOOKS = ['set', 'look', 'count'] as const
const HOLDS = ['value', 'no value', 'list', 'no list', 'map', 'no map', 'pin', 'entry'] as const
const OTHERS = ['unpin', 'go to pin', 'no entry', 'walk'] as const
const step = fc.record({
  key: fc.constantFrom(...keys),
  what: fc.constantFrom(...LOOKS, ...HOLDS, ...OTHERS),
  n: fc.nat(3),
})

interface Pin {
  readonly slot: number
  readonly key: unknown
}

test('keys that hold nothing leave no slot, however they came to hold nothing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, countsOften) => {
      const state = openRange()
      const value = state.value<number>({ name: 'v', kind: 'value', initial: 0 })
      const list = state.list<number>({ name: 'l', kind: 'list' })
      const map = state.map<number, number>({ name: 'm', kind: 'map' })
      const table = state.table('t', ['number'])
      /** What each key holds. */
      const held = new Map<unknown, Set<string>>(keys.map((key) => [key, new Set()]))
      const pins: Pin[] = []
      let current: unknown
      const of = (key: unknown) => held.get(key)!
      const holding = () =>
        keys.filter((key) => of(key).size > 0 || pins.some((p) => p.key === key))
      const become = (key: unknown) => {
        state.setKey(key)
        current = key
      }
      const actions: Record<
        (typeof step extends fc.Arbitrary<infer S> ? S : never)['what'],
        (n: number) => void
      > = {
        set: () => {},
        look: () => expect(state.key).toBe(current),
        count: () => {
          expect(state.countKeys()).toBe(holding().length)
          current = undefined
        },
        value: (n) => {
          value.set(n)
          of(current).add('value')
        },
        'no value': () => {
          value.clear()
          of(current).delete('value')
        },
        list: (n) => {
          list.add(n)
          of(current).add('list')
        },
        'no list': () => {
          list.clear()
          of(current).delete('list')
        },
        map: (n) => {
          map.set(n, n)
          of(current).add(`map ${n}`)
        },
        'no map': (n) => {
          map.delete(n)
          of(current).delete(`map ${n}`)
        },
        pin: () => void pins.push({ slot: state.pinKeySlot(), key: current }),
        unpin: () => {
          const pin = pins.shift()
          if (pin !== undefined) state.releaseKeySlot(pin.slot)
        },
        'go to pin': () => {
          const pin = pins[0]
          if (pin === undefined) return
          state.setKeySlot(pin.slot)
          current = pin.key
          expect(state.key).toBe(pin.key)
        },
        entry: (n) => {
          table.slot(n)
          of(current).add(`entry ${n}`)
        },
        'no entry': (n) => {
          for (let slot = 0; slot < 64; slot++) {
            if (!isEntry(table, slot) || table.namespaceOf(slot) !== n) continue
            of(table.keyOf(slot)).delete(`entry ${n}`)
            table.remove(slot)
          }
        },
        walk: (n) => {
          table.forEach((slot) => {
            if (table.namespaceOf(slot) < n) return
            of(state.key).delete(`entry ${table.namespaceOf(slot)}`)
            table.remove(slot)
          })
          current = undefined
        },
      }
      for (const { key, what, n } of steps) {
        if (current === undefined || n > 0) become(key)
        actions[what](n)
        if (countsOften) actions.count(0)
      }
      for (const key of keys) {
        become(key)
        expect(value.get() === 0 || of(key).has('value')).toBe(true)
      }
      expect(state.countKeys()).toBe(holding().length)
    }),
    { numRuns: 1_000 },
  )
})

function isEntry(table: object, slot: number): boolean {
  return (table as { isUsed(slot: number): boolean }).isUsed(slot)
}
