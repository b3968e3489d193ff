/** A key has a slot for as long as it holds something or is the current one, and no longer. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HeapKeyedState } from '../../src/state/heap/heap-keyed-state.ts'
import { openRange } from './snapshot-support.ts'

const keys = ['a', 'b', 'c', 4, 'a key that is longer than what lies in a record of the table']
const NAMESPACES = 4

/** Keyed state, and beside it what each key holds. */
class Subject {
  readonly state: HeapKeyedState = openRange()
  /** Undefined while no key is. */
  current: unknown
  readonly #value = this.state.value<number>({ name: 'v', kind: 'value', initial: 0 })
  readonly #list = this.state.list<number>({ name: 'l', kind: 'list' })
  readonly #map = this.state.map<number, number>({ name: 'm', kind: 'map' })
  readonly #table = this.state.table('t', ['number'])
  readonly #held = new Map<unknown, Set<string>>(keys.map((key) => [key, new Set()]))
  readonly #pins: { readonly slot: number; readonly key: unknown }[] = []

  become(key: unknown): void {
    this.state.setKey(key)
    this.current = key
  }

  look(): void {
    expect(this.state.key).toBe(this.current)
    expect(this.#value.get()).toBe(this.#own.has('value') ? 7 : 0)
  }

  count(): void {
    const isPinned = (key: unknown) => this.#pins.some((pin) => pin.key === key)
    const holding = keys.filter((key) => this.#held.get(key)!.size > 0 || isPinned(key))
    expect(this.state.countKeys()).toBe(holding.length)
    this.current = undefined
  }

  setValue(): void {
    this.#value.set(7)
    this.#own.add('value')
  }

  clearValue(): void {
    this.#value.clear()
    this.#own.delete('value')
  }

  addToList(n: number): void {
    this.#list.add(n)
    this.#own.add('list')
  }

  clearList(): void {
    this.#list.clear()
    this.#own.delete('list')
  }

  setInMap(n: number): void {
    this.#map.set(n, n)
    this.#own.add(`map ${n}`)
  }

  deleteInMap(n: number): void {
    this.#map.delete(n)
    this.#own.delete(`map ${n}`)
  }

  pin(): void {
    this.#pins.push({ slot: this.state.pinKeySlot(), key: this.current })
  }

  /** Of whatever key. */
  unpin(): void {
    const pin = this.#pins.shift()
    if (pin !== undefined) this.state.releaseKeySlot(pin.slot)
  }

  goToPin(): void {
    const pin = this.#pins[0]
    if (pin === undefined) return
    this.state.setKeySlot(pin.slot)
    this.current = pin.key
  }

  addEntry(n: number): void {
    this.#table.slot(n)
    this.#own.add(`entry ${n}`)
  }

  removeEntry(n: number): void {
    const slot = this.#table.find(n)
    if (slot >= 0) this.#table.remove(slot)
    this.#own.delete(`entry ${n}`)
  }

  removeEntriesFrom(n: number): void {
    this.#table.forEach((slot) => {
      const namespace = this.#table.namespaceOf(slot)
      if (namespace < n) return
      this.#held.get(this.state.key)!.delete(`entry ${namespace}`)
      this.#table.remove(slot)
    })
    this.current = undefined
  }

  get #own(): Set<string> {
    return this.#held.get(this.current)!
  }
}

const actions: ((subject: Subject, n: number) => void)[] = [
  (subject) => subject.look(),
  (subject) => subject.count(),
  (subject) => subject.setValue(),
  (subject) => subject.clearValue(),
  (subject, n) => subject.addToList(n),
  (subject) => subject.clearList(),
  (subject, n) => subject.setInMap(n),
  (subject, n) => subject.deleteInMap(n),
  (subject) => subject.pin(),
  (subject) => subject.unpin(),
  (subject) => subject.goToPin(),
  (subject, n) => subject.addEntry(n),
  (subject, n) => subject.removeEntry(n),
  (subject, n) => subject.removeEntriesFrom(n),
]

const step = fc.record({
  /** Undefined: the key that is current, if there is one. */
  key: fc.constantFrom(undefined, ...keys),
  action: fc.constantFrom(...actions),
  n: fc.nat(NAMESPACES - 1),
})

test('keys that hold nothing leave no slot, however they came to hold nothing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, countsOften) => {
      const subject = new Subject()
      for (const { key, action, n } of steps) {
        if (key !== undefined || subject.current === undefined) subject.become(key ?? keys[0])
        action(subject, n)
        if (countsOften) subject.count()
      }
      for (const key of keys) {
        subject.become(key)
        subject.look()
      }
      subject.count()
    }),
    { numRuns: 500 },
  )
})
