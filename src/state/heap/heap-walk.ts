/**
 * A snapshot of all keyed state of a subtask while it is written. Noting which entries belong to
 * it takes no time; they are written in steps, and an entry that is about to change before its
 * turn is written at once (`StoreCursor`). What was restored and not looked at since comes first,
 * as it was.
 * Threads: the task that owns the subtask.
 */
import type { ChunkSink, StateWalk } from '../snapshot-contract.ts'
import { ChunkBuffers } from './chunk-buffers.ts'
import type { DeferredPart } from './deferred-parts.ts'
import type { HeapKeys } from './heap-keys.ts'
import type { PartWriter } from './part-writer.ts'
import { ENTRY_COST, StoreCursor } from './store-cursor.ts'
import type { TrackedStore } from './tracked-store.ts'

export interface HeapWalkOptions {
  readonly keys: HeapKeys
  readonly stores: readonly TrackedStore[]
  readonly deferred: readonly DeferredPart[]
  readonly operatorId: string
  readonly sink: ChunkSink
  readonly writer: PartWriter
  /** The writer serves for the next snapshot. */
  readonly onEnd: () => void
}

/** A part that is taken over costs its copy alone. */
const PART_COST = 16
const COPIED_BYTES_A_COST = 16

interface Visit {
  readonly tracked: TrackedStore
  readonly cursor: StoreCursor
}

interface Failure {
  readonly error: unknown
}

export class HeapWalk implements StateWalk {
  readonly #buffers: ChunkBuffers
  readonly #stores: readonly TrackedStore[]
  #deferred: readonly DeferredPart[]
  #nextDeferred = 0
  /** What is left to do, the next one first. */
  #visits: readonly Visit[]
  #failure: Failure | undefined
  #onEnd: (() => void) | undefined

  constructor(options: HeapWalkOptions) {
    const { keys, operatorId, sink, writer } = options
    const inParts = new Set(options.deferred.map(({ tracked }) => tracked))
    const stores = options.stores.filter((one) => one.store.slotEnd > 0 || inParts.has(one))
    const sections = stores.map(({ kind, store: { name, detail } }) => ({
      operatorId,
      name,
      kind,
      detail,
    }))
    const { keyGroupFrom, keyGroupTo } = keys
    this.#buffers = new ChunkBuffers({ sink, sections, keyGroupFrom, keyGroupTo, writer })
    this.#onEnd = options.onEnd
    this.#stores = stores
    this.#deferred = options.deferred
    this.#visits = stores.map((tracked, section) => this.#visit(keys, tracked, section))
    if (this.isDone) this.#end()
  }

  get isDone(): boolean {
    return this.#deferred.length === 0 && this.#visits.length === 0
  }

  step(entriesMax: number): void {
    for (let left = entriesMax * ENTRY_COST; left > 0 && !this.isDone; ) {
      if (this.#failure !== undefined) throw this.#failure.error
      left = this.#deferred.length > 0 ? this.#takeOver(left) : this.#advance(left)
    }
    if (this.isDone) this.#end()
  }

  cancel(): void {
    for (const { tracked, cursor } of this.#visits) tracked.detach(cursor)
    this.#visits = []
    this.#deferred = []
    this.#end()
  }

  /** Nothing is written any more. */
  #end(): void {
    this.#onEnd?.()
    this.#onEnd = undefined
  }

  #takeOver(budget: number): number {
    const { tracked, part } = this.#deferred[this.#nextDeferred++]!
    this.#buffers.whole(this.#stores.indexOf(tracked), part)
    if (this.#nextDeferred === this.#deferred.length) this.#deferred = []
    return budget - PART_COST - ((part.bytes.length / COPIED_BYTES_A_COST) | 0)
  }

  #advance(budget: number): number {
    const { tracked, cursor } = this.#visits[0]!
    const left = cursor.run(budget)
    if (this.#failure !== undefined) throw this.#failure.error
    if (cursor.isAtEnd) {
      tracked.detach(cursor)
      this.#visits = this.#visits.slice(1)
      if (this.isDone) this.#buffers.flush()
    }
    return left
  }

  #visit(keys: HeapKeys, tracked: TrackedStore, section: number): Visit {
    const buffers = this.#buffers
    const { store } = tracked
    const write = (slot: number) => {
      if (this.#failure !== undefined) return 0
      const keySlot = store.keySlotOf(slot)
      try {
        const out = buffers.begin(section, keys.keyGroupOf(keySlot))
        keys.writeKey(keySlot, out)
        store.write(slot, out)
        return buffers.end()
      } catch (error) {
        this.#fail(error)
        return 0
      }
    }
    const cursor = new StoreCursor({ store, write })
    tracked.attach(cursor)
    return { tracked, cursor }
  }

  /**
   * Thrown by the step, or by the next one where a change of state wrote the entry: whoever takes
   * steps knows what a failed snapshot means, user code does not.
   */
  #fail(error: unknown): void {
    for (const { tracked, cursor } of this.#visits) tracked.detach(cursor)
    this.#failure = { error }
  }
}
