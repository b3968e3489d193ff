/**
 * What the states of one operator subtask share.
 * Threads: the task that owns the subtask.
 */
import type { KeyedStore } from '../contract.ts'
import type { TableGrowth } from '../hash-buckets.ts'
import type { SectionKind } from '../snapshot-contract.ts'
import type { StateValues } from '../state-values.ts'
import type { HeapKeys } from './heap-keys.ts'
import type { TrackedStore } from './tracked-store.ts'

export interface HeapParts {
  readonly keys: HeapKeys
  readonly values: StateValues
  readonly growth: TableGrowth
  /** Makes a store part of every snapshot. */
  track(kind: SectionKind, store: KeyedStore): TrackedStore
}
