/** Keyed state with so many keys that its tables double in steps and its columns leave the heap. */
import { expect, test } from 'vitest'
import type { KeyedState } from '../../src/state/contract.ts'
import { HeapKeyedState } from '../../src/state/heap/heap-keyed-state.ts'
import { Taken } from './snapshot-support.ts'

const KEYS = 45_000
/** Doublings begin with keys 10 240, 20 480 and 40 960. */
const SNAPSHOTS_AT = [10_300, 20_500, 40_000, 41_000]
const INITIAL = -1

const keyOf = (i: number) => (i % 2 === 0 ? `key ${i}` : `a key too long for its record ${i}`)

class Subject {
  readonly state: KeyedState = new HeapKeyedState({
    maxParallelism: 8,
    keyGroupFrom: 0,
    keyGroupTo: 8,
  })
  readonly value = this.state.value<number>({ name: 'v', kind: 'value', initial: INITIAL })
  readonly table = this.state.keyTable('t', ['number', 'value'])
  readonly windows = this.state.table('w', ['number'])
  readonly map = this.state.map<string, number>({ name: 'm', kind: 'map' })

  set(i: number, n: number): void {
    this.state.setKey(keyOf(i))
    this.value.set(n)
    const slot = this.table.slot(0)
    this.table.numbers[0]![slot] = n + 1
    this.table.values[0]![slot] = `${n}`
    const window = this.windows.slot(n % 3)
    this.windows.numbers[0]![window] = n
    this.map.set('entry', n)
  }

  clear(i: number, n: number): void {
    this.state.setKey(keyOf(i))
    this.value.clear()
    this.table.remove(this.table.find(0))
    this.windows.remove(this.windows.find(n % 3))
    this.map.clear()
  }

  /** The keys that do not hold what they should. */
  wrong(model: ReadonlyMap<number, number>): readonly number[] {
    return Array.from({ length: KEYS }, (_, i) => i).filter((i) => !this.#isRight(i, model.get(i)))
  }

  #isRight(i: number, n: number | undefined): boolean {
    this.state.setKey(keyOf(i))
    const slot = this.table.find(0)
    const window = n === undefined ? -1 : this.windows.find(n % 3)
    if (n === undefined) {
      return this.value.get() === INITIAL && slot < 0 && this.map.size === 0
    }
    return (
      this.value.get() === n &&
      this.table.numbers[0]![slot] === n + 1 &&
      this.table.values[0]![slot] === `${n}` &&
      this.windows.numbers[0]![window] === n &&
      this.map.get('entry') === n
    )
  }
}

/** Adds all keys, changes some and clears some; snapshots are begun and written meanwhile. */
function grow(subject: Subject) {
  const model = new Map<number, number>()
  const snapshots: { taken: Taken; expected: Map<number, number> }[] = []
  for (let i = 0; i < KEYS; i++) {
    if (SNAPSHOTS_AT.includes(i)) {
      snapshots.push({ taken: new Taken(subject.state), expected: new Map(model) })
    }
    const changed = (i * 7919) % (i + 1)
    const n = model.get(changed)
    if (i % 5 === 0 && n !== undefined) {
      subject.clear(changed, n)
      model.delete(changed)
    } else if (n === undefined) {
      subject.set(changed, 3 * i)
      model.set(changed, 3 * i)
    }
    if (changed !== i && !model.has(i)) {
      subject.set(i, i)
      model.set(i, i)
    }
    for (const { taken } of snapshots) if (!taken.walk.isDone) taken.walk.step(4)
  }
  return { model, snapshots }
}

test('what is held, and what snapshots hold, stays right while tables double', () => {
  const subject = new Subject()
  const { model, snapshots } = grow(subject)
  expect(subject.wrong(model)).toEqual([])
  for (const { taken, expected } of snapshots) {
    const restored = new Subject()
    taken.finish().restoreInto(restored.state)
    expect(restored.state.countKeys()).toBe(expected.size)
    expect(restored.wrong(expected)).toEqual([])
  }
})

test('what is restored into tables that have room already is right, and goes on growing', () => {
  const subject = new Subject()
  for (let i = 0; i < 25_000; i++) subject.set(i, i)
  const restored = new Subject()
  restored.state.reserve(25_000)
  new Taken(subject.state).finish().restoreInto(restored.state)
  for (let i = 25_000; i < KEYS; i++) restored.set(i, i)
  const model = new Map(Array.from({ length: KEYS }, (_, i) => [i, i]))
  expect(restored.wrong(model)).toEqual([])
  expect(restored.state.countKeys()).toBe(KEYS)
})
