/**
 * One store of entries (a state's, or an operator's timers) and the snapshots of it that are under
 * way: each is told of a change before it is made. While no snapshot is being written that costs
 * one look at a flag.
 *
 * Its first changes are a rehearsal: they are told to a snapshot of nothing. V8 compiles code for
 * what it has seen, and would throw away that of all operators when the first snapshot begins.
 * Threads: the task that owns the subtask.
 */
import type { KeyedStore, SnapshotHooks } from '../contract.ts'
import type { SectionKind } from '../snapshot-contract.ts'
import { StoreCursor } from './store-cursor.ts'

/** Enough for V8 to have seen what is done, and few enough to come before it compiles it. */
const REHEARSED_CHANGES = 1_000
/** An operator that adds, and never changes anything, does not rehearse for ever. */
const REHEARSED_ADDITIONS = 100_000

const NOTHING: KeyedStore = {
  name: 'nothing',
  detail: '',
  slotEnd: REHEARSED_CHANGES,
  isUsed: () => false,
  keySlotOf: (slot) => slot,
  write() {},
  read() {},
  skip() {},
}

export class TrackedStore implements SnapshotHooks {
  readonly kind: SectionKind
  readonly store: KeyedStore
  readonly #cursors: StoreCursor[] = []
  readonly #rehearsal = new StoreCursor({ store: NOTHING, write: () => 0 })
  #changesLeft = REHEARSED_CHANGES
  #additionsLeft = REHEARSED_ADDITIONS
  #isActive = false

  constructor(kind: SectionKind, store: KeyedStore) {
    this.kind = kind
    this.store = store
    this.attach(this.#rehearsal)
  }

  changing(slot: number): void {
    if (this.#isActive) this.#tellChanging(slot)
  }

  added(slot: number): void {
    if (this.#isActive) this.#tellAdded(slot)
  }

  attach(cursor: StoreCursor): void {
    this.#cursors.push(cursor)
    this.#isActive = true
  }

  detach(cursor: StoreCursor): void {
    const at = this.#cursors.indexOf(cursor)
    if (at >= 0) this.#cursors.splice(at, 1)
    this.#isActive = this.#cursors.length > 0
  }

  #tellChanging(slot: number): void {
    if (this.#changesLeft > 0 && --this.#changesLeft === 0) this.detach(this.#rehearsal)
    const cursors = this.#cursors
    // From the last: one that fails is taken out on the way.
    for (let i = cursors.length; --i >= 0; ) cursors[i]!.changing(slot)
  }

  #tellAdded(slot: number): void {
    if (this.#additionsLeft > 0 && --this.#additionsLeft === 0) this.detach(this.#rehearsal)
    for (const cursor of this.#cursors) cursor.added(slot)
  }
}
