/**
 * Keyed state as operators see it. Every backend gives the same results; what differs is where
 * the bytes live. State is addressed by (key group, key, namespace, map key).
 * Threads: the task that owns the subtask.
 */
import type { ByteReader, ByteWriter } from '../codec/byte-stream.ts'
import type { KeyBatch } from '../codec/key-batch.ts'
import type { TableGrowth } from './hash-buckets.ts'
import type { ChunkSink, SectionHeader, StatePart, StateWalk } from './snapshot-contract.ts'

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

/**
 * Entries in dense slots that are not the backend's own but belong to its keys, and so to every
 * snapshot: the timers of an operator. Registered once, before anything is restored.
 */
export interface KeyedStore {
  readonly name: string
  readonly detail: string
  /** All slots in use are below this. */
  readonly slotEnd: number
  isUsed(slot: number): boolean
  /** The key slot that the entry belongs to. */
  keySlotOf(slot: number): number
  /** True if nothing follows from an entry before its key is asked for: it may be read late. */
  readonly comesLate?: boolean
  /** Appends the entry without its key. */
  write(slot: number, out: ByteWriter): void
  /** Reads what `write` wrote; the key is current. It may keep the bytes and read them later. */
  read(from: ByteReader): void
  /** Goes over what `write` wrote. Throws CHECKPOINT_DAMAGED. */
  skip(from: ByteReader): void
}

/** How a store tells the snapshots under way about its changes: before they are made. */
export interface SnapshotHooks {
  /** The entry is about to change, to be removed, or to be handed out where it can be changed. */
  changing(slot: number): void
  /** The slot has been taken into use. */
  added(slot: number): void
}

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
  /** To be called before columns of a slot are used that `slot` and `find` did not just give. */
  touch(slot: number): void
  /** Every slot in use, its key current during the call. For rebuilding what follows from it. */
  forEach(visit: (slot: number) => void): void
}

/** A table of one entry a key. What is restored comes when its key does: nobody goes over all. */
export type KeyTable = Omit<SlotTable, 'size' | 'forEach'>

/** All keyed state of one operator subtask. */
export interface KeyedState {
  /**
   * Makes `key` current: everything below addresses it. Throws KEY_NOT_ENCODABLE, and
   * CHECKPOINT_DAMAGED where `restore` left the key for later.
   */
  setKey(key: unknown): void
  /** The keys of the batch will be set soon: looks them up together. */
  lookAhead(batch: KeyBatch): void
  /** The next key that is set is the k-th of the last batch; -1: it may be any. */
  expectKey(k: number): void
  /** Makes the expected key current, where it is known. False: `setKey` must be called. */
  setExpectedKey(): boolean
  /** Makes current the key of a slot got from `keySlot`. */
  setKeySlot(slot: number): void
  readonly key: unknown
  /** A number that stands for the current key until `releaseKeySlot`. Pins are counted. */
  pinKeySlot(): number
  releaseKeySlot(slot: number): void
  /** How many keys hold any state or pin. Takes in what was left for later; no key is current. */
  countKeys(): number
  value<T>(descriptor: StateDescriptor): ValueState<T>
  list<T>(descriptor: StateDescriptor): ListState<T>
  map<K, V>(descriptor: StateDescriptor): MapState<K, V>
  table(name: string, columns: readonly ColumnKind[]): SlotTable
  /** A table whose only namespace is 0: stored alike, and one lookup less. */
  keyTable(name: string, columns: readonly ColumnKind[]): KeyTable
  /** Makes a store part of every snapshot. */
  register(store: KeyedStore): SnapshotHooks
  /**
   * The synchronous part of a snapshot: notes that all entries there are now belong to it. The
   * walk then encodes them between steps, each before anybody can change it. Several snapshots
   * may be under way. `operatorId` goes into the section headers.
   */
  snapshot(operatorId: string, sink: ChunkSink): StateWalk
  /** Makes room for about so many keys at once, before they are restored. */
  reserve(keys: number): void
  /**
   * Takes in one part, of a state declared (or a store registered) before: under its section's
   * name and kind. Throws STATE_UNCLAIMED if there is none, STATE_INCOMPATIBLE if it is another
   * kind, CHECKPOINT_DAMAGED where the bytes make no sense. The current key is lost. The part's
   * bytes must not change any more: they may be read later, whole groups of keys with the first
   * of them that is asked for.
   */
  restore(section: SectionHeader, part: StatePart): void
  /** Takes in at once what was left for later. Throws CHECKPOINT_DAMAGED. */
  load(): void
}

/** Operator state: a list that is redistributed when the parallelism changes. */
export interface OperatorState {
  list<T>(name: string): ListState<T>
  /** All lists as encoded items (`ValueCodec`), by name: the synchronous part of a snapshot. */
  snapshot(): readonly OperatorListSnapshot[]
  /** Appends items to the list of that name, which may be asked for later. */
  restore(list: OperatorListSnapshot): void
}

export interface OperatorListSnapshot {
  readonly name: string
  readonly items: readonly Uint8Array[]
}

export interface KeyedStateOptions {
  readonly maxParallelism: number
  /** The subtask's key groups, [from, to). A key outside is an invariant violation. */
  readonly keyGroupFrom: number
  readonly keyGroupTo: number
  /** For tests alone. */
  readonly growth?: TableGrowth
}
