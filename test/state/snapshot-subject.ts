/** States of every kind in one keyed state, and the same as plain data: what they should hold. */
import { END_OF_TIME } from '../../src/codec/page.ts'
import type { HeapKeyedState } from '../../src/state/heap/heap-keyed-state.ts'
import { TimerService } from '../../src/time/timer-service.ts'

export interface Held {
  readonly items: unknown[]
}

export const NAMESPACES = [-2, 0, 1.5, 10]
type Timer = readonly [kind: 'event' | 'processing', key: unknown, timeMs: number]

/** What one key holds. */
export class KeyModel {
  /** Undefined where nothing is set. */
  mixed: unknown
  object: Held | undefined
  list: Held[] = []
  readonly map = new Map<unknown, unknown>()
  readonly slots = new Map<number, { slot: number; n: number; held: Held }>()
  /** `kind time` */
  readonly timers = new Set<string>()

  get isEmpty(): boolean {
    const { mixed, object, list, map, slots, timers } = this
    if (mixed !== undefined || object !== undefined || list.length > 0) return false
    return map.size + slots.size + timers.size === 0
  }

  /** A deep copy in which the order of a map shows, and slot numbers do not. */
  get plain(): unknown {
    const { mixed, object, list } = this
    const slots = Array.from(this.slots, ([namespace, { n, held }]) => [namespace, n, held])
    const timers = [...this.timers].sort()
    const sorted = slots.sort((a, b) => Number(a[0]) - Number(b[0]))
    return structuredClone({ mixed, object, list, map: [...this.map], slots: sorted, timers })
  }
}

export class Subject {
  readonly state: HeapKeyedState
  readonly mixed
  readonly object
  readonly list
  readonly map
  readonly table
  readonly timers: TimerService
  #fired: Timer[] = []

  constructor(state: HeapKeyedState) {
    this.state = state
    this.mixed = state.value<unknown>({ name: 'mixed', kind: 'value', initial: 0 })
    this.object = state.value<Held | undefined>({ name: 'object', kind: 'value' })
    this.list = state.list<Held>({ name: 'list', kind: 'list' })
    this.map = state.map<unknown, unknown>({ name: 'map', kind: 'map' })
    this.table = state.table('table', ['number', 'value'])
    this.timers = new TimerService({
      keyed: state,
      onEventTime: (timeMs) => void this.#fired.push(['event', state.key, timeMs]),
      onProcessingTime: (timeMs) => void this.#fired.push(['processing', state.key, timeMs]),
      wakeAt: () => {},
    })
  }

  /** Fires timers and returns which. */
  fire(untilMs: number, budget: number): readonly Timer[] {
    this.#fired = []
    this.timers.fireEventTime(untilMs, budget)
    this.timers.fireProcessingTime(untilMs, budget)
    return this.#fired
  }

  /** All that these keys hold, as `KeyModel.plain`; keys without anything are left out. */
  dump(keys: readonly unknown[]): Map<unknown, unknown> {
    const models = new Map(keys.map((key) => [key, this.#modelOf(key)]))
    for (const [kind, key, timeMs] of this.fire(END_OF_TIME, Number.POSITIVE_INFINITY)) {
      models.get(key)!.timers.add(`${kind} ${timeMs}`)
    }
    return plainOf(models)
  }

  #modelOf(key: unknown): KeyModel {
    const model = new KeyModel()
    this.state.setKey(key)
    const mixed = this.mixed.get()
    model.mixed = mixed === 0 ? undefined : mixed
    model.object = this.object.get()
    model.list = [...this.list]
    for (const [name, value] of this.map) model.map.set(name, value)
    for (const namespace of NAMESPACES) {
      const slot = this.table.find(namespace)
      if (slot < 0) continue
      const held = this.table.values[0]![slot] as Held
      model.slots.set(namespace, { slot, n: this.table.numbers[0]![slot]!, held })
    }
    return model
  }
}

export function plainOf(models: ReadonlyMap<unknown, KeyModel>): Map<unknown, unknown> {
  const held = [...models].filter(([, model]) => !model.isEmpty)
  return new Map(held.map(([key, model]) => [key, model.plain]))
}
