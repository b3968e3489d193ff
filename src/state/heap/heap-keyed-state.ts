/**
 * The heap backend: all keyed state of one operator subtask, in memory, as columns over the slots
 * of `HeapKeys`. What is restored stays in the parts that it came in until a key of the same group
 * is asked for, unless timers or tables need all keys at once.
 * Threads: the task that owns the subtask.
 */
import { assert } from '../../base/assert.ts'
import type { KeyBatch } from '../../codec/key-batch.ts'
import type {
  ColumnKind,
  KeyedState,
  KeyedStateOptions,
  KeyedStore,
  KeyTable,
  ListState,
  MapState,
  SlotTable,
  SnapshotHooks,
  StateDescriptor,
  ValueState,
} from '../contract.ts'
import type {
  ChunkSink,
  SectionHeader,
  SectionKind,
  StatePart,
  StateWalk,
} from '../snapshot-contract.ts'
import { incompatible, unclaimed } from '../state-errors.ts'
import { StateValues } from '../state-values.ts'
import { DeferredParts } from './deferred-parts.ts'
import { HeapKeyTable } from './heap-key-table.ts'
import { HeapKeys } from './heap-keys.ts'
import { HeapListState } from './heap-list-state.ts'
import { HeapMapState } from './heap-map-state.ts'
import type { HeapParts } from './heap-parts.ts'
import { HeapSlotTable } from './heap-slot-table.ts'
import { HeapValueState } from './heap-value-state.ts'
import { HeapWalk } from './heap-walk.ts'
import { PartWriter } from './part-writer.ts'
import { TrackedStore } from './tracked-store.ts'

/** What a full chunk needs, and the segments that are not full. */
const SPARE_BYTES_MAX = 12 << 20

export class HeapKeyedState implements KeyedState {
  readonly #keys: HeapKeys
  /** By name: what is declared once is found again by whoever declares it the same way. */
  readonly #declared = new Map<string, Declared>()
  readonly #stores: TrackedStore[] = []
  readonly #parts: HeapParts
  #deferred: DeferredParts | undefined
  /** Served the last snapshot, and serves the next one. */
  #spare: PartWriter | undefined

  constructor(options: KeyedStateOptions) {
    this.#keys = new HeapKeys(options)
    this.#parts = {
      keys: this.#keys,
      values: new StateValues(),
      growth: options.growth ?? {},
      track: (kind, store) => this.#track(kind, store),
    }
  }

  setKey(key: unknown): void {
    this.#keys.setKey(key)
  }

  lookAhead(batch: KeyBatch): void {
    this.#keys.lookAhead(batch)
  }

  expectKey(k: number): void {
    this.#keys.expect(k)
  }

  setExpectedKey(): boolean {
    return this.#keys.setExpected()
  }

  setKeySlot(slot: number): void {
    this.#keys.setSlot(slot)
  }

  get key(): unknown {
    return this.#keys.key
  }

  countKeys(): number {
    this.load()
    this.#keys.leave()
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
    const make = () => new HeapValueState<T>(this.#parts, descriptor)
    return this.#declare(descriptor.name, 'value', make)
  }

  list<T>({ name }: StateDescriptor): ListState<T> {
    return this.#declare(name, 'list', () => new HeapListState<T>(this.#parts, name))
  }

  map<K, V>({ name }: StateDescriptor): MapState<K, V> {
    return this.#declare(name, 'map', () => new HeapMapState<K, V>(this.#parts, name))
  }

  table(name: string, columns: readonly ColumnKind[]): SlotTable {
    const kind = `table of ${columns.join(', ')}`
    return this.#declare(name, kind, () => new HeapSlotTable(this.#parts, name, columns))
  }

  keyTable(name: string, columns: readonly ColumnKind[]): KeyTable {
    const kind = `table of keys with ${columns.join(', ')}`
    return this.#declare(name, kind, () => new HeapKeyTable(this.#parts, name, columns))
  }

  register(store: KeyedStore): SnapshotHooks {
    return this.#track('timers', store)
  }

  snapshot(operatorId: string, sink: ChunkSink): StateWalk {
    const deferred = this.#deferred?.parts() ?? []
    const writer = this.#spare ?? new PartWriter()
    this.#spare = undefined
    const onEnd = () => {
      if (writer.bytes.length <= SPARE_BYTES_MAX) this.#spare = writer
    }
    const shared = { keys: this.#keys, stores: this.#stores, deferred }
    return new HeapWalk({ ...shared, operatorId, sink, writer, onEnd })
  }

  reserve(keys: number): void {
    this.#keys.reserve(keys)
  }

  restore(section: SectionHeader, part: StatePart): void {
    const tracked = this.#storeOf(section)
    this.#deferred ??= new DeferredParts(this.#keys)
    this.#deferred.restore(tracked, part)
  }

  load(): void {
    this.#deferred?.loadAll()
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

  #track(kind: SectionKind, store: KeyedStore): TrackedStore {
    const tracked = new TrackedStore(kind, store)
    this.#stores.push(tracked)
    return tracked
  }

  /** Timers have names of their own: no state of the same name is meant. */
  #storeOf(section: SectionHeader): TrackedStore {
    const isTimers = section.kind === 'timers'
    const found = this.#stores.find(
      ({ kind, store }) => store.name === section.name && (kind === 'timers') === isTimers,
    )
    if (found === undefined) throw unclaimed(section)
    const { kind, store } = found
    if (kind === section.kind && store.detail === section.detail) return found
    throw incompatible(section, { kind, detail: store.detail })
  }
}

interface Declared {
  readonly kind: string
  readonly state: unknown
}
