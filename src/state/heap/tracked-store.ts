/**
 * One store of entries (a state's, or an operator's timers) and the snapshots of it that are under
 * way: each is told of a change before it is made. A store asks `isActive` first, so that a state
 * costs one look at it while no snapshot is being written.
 * Threads: the task that owns the subtask.
 */
import type { KeyedStore, SnapshotHooks } from '../contract.ts'
import type { SectionKind } from '../snapshot-contract.ts'
import type { StoreCursor } from './store-cursor.ts'

export class TrackedStore implements SnapshotHooks {
  isActive = false
  readonly kind: SectionKind
  readonly store: KeyedStore
  readonly #cursors: StoreCursor[] = []

  constructor(kind: SectionKind, store: KeyedStore) {
    this.kind = kind
    this.store = store
  }

  touch(slot: number): void {
    const cursors = this.#cursors
    // From the last: one that fails is taken out on the way.
    for (let i = cursors.length; --i >= 0; ) cursors[i]!.touch(slot)
  }

  added(slot: number): void {
    for (const cursor of this.#cursors) cursor.added(slot)
  }

  attach(cursor: StoreCursor): void {
    this.#cursors.push(cursor)
    this.isActive = true
  }

  detach(cursor: StoreCursor): void {
    const at = this.#cursors.indexOf(cursor)
    if (at >= 0) this.#cursors.splice(at, 1)
    this.isActive = this.#cursors.length > 0
  }
}
