/**
 * One store of entries (a state's, or an operator's timers) and the snapshots of it that are under
 * way: each is told of a change before it is made. While no snapshot is being written that costs
 * one look at a flag.
 *
 * Its first changes are a rehearsal: they are told to snapshots of nothing. V8 compiles code for
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

/** Told to one of them: few slots that change again and again are done after the first times. */
const CHANGES_A_REHEARSAL = 100

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

/** More than one, so that none is compiled into the code of those that change state. */
const WRITES = [() => 0, () => 0]

export class TrackedStore implements SnapshotHooks {
  readonly kind: SectionKind
  readonly store: KeyedStore
  readonly #cursors: StoreCursor[] = []
  #rehearsal: StoreCursor | undefined
  #changesLeft = REHEARSED_CHANGES
  #additionsLeft = REHEARSED_ADDITIONS
  #isActive = false

  constructor(kind: SectionKind, store: KeyedStore) {
    this.kind = kind
    this.store = store
    this.#rehearse()
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

  #rehearse(): void {
    const write = WRITES[(this.#changesLeft / CHANGES_A_REHEARSAL) & 1]!
    const cursor = new StoreCursor({ store: NOTHING, write })
    // Snapshots begin with no slot behind them, and go on.
    cursor.run(1)
    this.attach(cursor)
    this.#rehearsal = cursor
  }

  #endRehearsal(rehearsal: StoreCursor): void {
    this.detach(rehearsal)
    this.#rehearsal = undefined
  }

  /** One rehearsal follows the other. */
  #countChange(rehearsal: StoreCursor): void {
    if (--this.#changesLeft % CHANGES_A_REHEARSAL !== 0) return
    this.#endRehearsal(rehearsal)
    if (this.#changesLeft > 0) this.#rehearse()
  }

  #tellChanging(slot: number): void {
    if (this.#rehearsal !== undefined) this.#countChange(this.#rehearsal)
    const cursors = this.#cursors
    // From the last: one that fails is taken out on the way.
    for (let i = cursors.length; --i >= 0; ) cursors[i]!.changing(slot)
  }

  #tellAdded(slot: number): void {
    const rehearsal = this.#rehearsal
    if (rehearsal !== undefined && --this.#additionsLeft === 0) this.#endRehearsal(rehearsal)
    for (const cursor of this.#cursors) cursor.added(slot)
  }
}
