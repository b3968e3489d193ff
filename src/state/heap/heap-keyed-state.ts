/**
 * The heap backend: all keyed state of one operator subtask, in memory, as columns over the slots
 * of `HeapKeys`.
 * Threads: the task that owns the subtask.
 */
import { assert } from '../../base/assert.ts'
import type {
  ColumnKind,
  KeyedState,
  KeyedStateOptions,
  ListState,
  MapState,
  SlotTable,
  StateDescriptor,
  ValueState,
} from '../contract.ts'
import { HeapKeys } from './heap-keys.ts'
import { HeapListState } from './heap-list-state.ts'
import { HeapMapState } from './heap-map-state.ts'
import { HeapSlotTable } from './heap-slot-table.ts'
import { HeapValueState } from './heap-value-state.ts'

export class HeapKeyedState implements KeyedState {
  readonly #keys: HeapKeys
  /** By name: what is declared once is found again by whoever declares it the same way. */
  readonly #declared = new Map<string, Declared>()

  constructor(options: KeyedStateOptions) {
    this.#keys = new HeapKeys(options)
  }

  setKey(key: unknown): void {
    this.#keys.setKey(key)
  }

  setKeySlot(slot: number): void {
    this.#keys.setSlot(slot)
  }

  get key(): unknown {
    return this.#keys.key
  }

  get keyCount(): number {
    return this.#keys.count
  }

  /** The current key's group. */
  get keyGroup(): number {
    return this.#keys.keyGroupOf(this.#keys.slot)
  }

  pinKeySlot(): number {
    const slot = this.#keys.slot
    this.#keys.hold(slot)
    return slot
  }

  releaseKeySlot(slot: number): void {
    this.#keys.drop(slot)
  }

  value<T>(descriptor: StateDescriptor): ValueState<T> {
    const make = () => new HeapValueState(this.#keys, descriptor.initial as T)
    return this.#declare(descriptor.name, 'value', make)
  }

  list<T>(descriptor: StateDescriptor): ListState<T> {
    return this.#declare(descriptor.name, 'list', () => new HeapListState<T>(this.#keys))
  }

  map<K, V>(descriptor: StateDescriptor): MapState<K, V> {
    return this.#declare(descriptor.name, 'map', () => new HeapMapState<K, V>(this.#keys))
  }

  table(name: string, columns: readonly ColumnKind[]): SlotTable {
    const kind = `table of ${columns.join(', ')}`
    return this.#declare(name, kind, () => new HeapSlotTable(this.#keys, columns))
  }

  #declare<S>(name: string, kind: string, make: () => S): S {
    const declared = this.#declared.get(name)
    if (declared === undefined) {
      const state = make()
      this.#declared.set(name, { kind, state })
      return state
    }
    assert(declared.kind === kind, `state '${name}' is a ${declared.kind}, not a ${kind}`)
    return declared.state as S
  }
}

interface Declared {
  readonly kind: string
  readonly state: unknown
}
