/**
 * Keyed state as operators see it. Every backend gives the same results; what differs is where
 * the bytes live. State is addressed by (key group, key, namespace, map key).
 * Threads: the task that owns the subtask.
 */
export interface ValueState<T> {
  get(): T
  set(value: T): void
  clear(): void
}

export interface ListState<T> extends Iterable<T> {
  readonly size: number
  add(value: T): void
  clear(): void
}

export interface MapState<K, V> extends Iterable<[K, V]> {
  readonly size: number
  get(key: K): V | undefined
  has(key: K): boolean
  set(key: K, value: V): void
  delete(key: K): void
  clear(): void
}

export type StateKind = 'value' | 'list' | 'map'

/** One declared state of an operator. */
export interface StateDescriptor {
  readonly name: string
  readonly kind: StateKind
  /** Value state only: what `get()` gives where nothing was set. Copied for each key. */
  readonly initial?: unknown
}

/** A column of a `SlotTable`: unboxed numbers, or values of any kind. */
export type ColumnKind = 'number' | 'value'

/**
 * Entries addressed by (current key, namespace), each with a dense slot number and a fixed set of
 * columns: what windows and aggregates keep. Slots are reused after `remove`; a new slot's number
 * columns hold 0 and its value columns undefined. Arrays may be replaced when the table grows:
 * read `numbers[c]` anew after any call of `slot`.
 */
export interface SlotTable {
  readonly size: number
  readonly numbers: readonly Float64Array[]
  readonly values: readonly unknown[][]
  /** The slot of (current key, namespace), made if there is none; `wasAdded` tells which. */
  slot(namespace: number): number
  readonly wasAdded: boolean
  /** The slot of (current key, namespace), or -1. */
  find(namespace: number): number
  remove(slot: number): void
  /** Namespace and key of a slot in use. */
  namespaceOf(slot: number): number
  keyOf(slot: number): unknown
}

/** All keyed state of one operator subtask. */
export interface KeyedState {
  /** Makes `key` current: everything below addresses it. Throws KEY_NOT_ENCODABLE. */
  setKey(key: unknown): void
  /** Makes current the key of a slot got from `keySlot`. */
  setKeySlot(slot: number): void
  readonly key: unknown
  /** A number that stands for the current key until `releaseKeySlot`. Pins are counted. */
  pinKeySlot(): number
  releaseKeySlot(slot: number): void
  /** Number of keys that hold any state or pin. */
  readonly keyCount: number
  value<T>(descriptor: StateDescriptor): ValueState<T>
  list<T>(descriptor: StateDescriptor): ListState<T>
  map<K, V>(descriptor: StateDescriptor): MapState<K, V>
  table(name: string, columns: readonly ColumnKind[]): SlotTable
}

/** Operator state: a list that is redistributed when the parallelism changes. */
export interface OperatorState {
  list<T>(name: string): ListState<T>
}

export interface KeyedStateOptions {
  readonly maxParallelism: number
  /** The subtask's key groups, [from, to). A key outside is an invariant violation. */
  readonly keyGroupFrom: number
  readonly keyGroupTo: number
}
