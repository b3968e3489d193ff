/**
 * How far one snapshot has come in one store. Slots before `next` are behind it; of the others a
 * bitmap knows which are done: written ahead of their turn because they were about to change, or
 * taken into use after the snapshot began, so that they are no part of it.
 * Threads: the task that owns the subtask.
 */
import type { KeyedStore } from '../contract.ts'

/** What the cost of a step is counted in: slots looked at, and what writing an entry adds. */
export const ENTRY_COST = 16
const BYTES_A_COST = 8

export interface StoreCursorOptions {
  readonly store: KeyedStore
  /** Writes the slot's entry and returns how many bytes it took. Does not throw. */
  readonly write: (slot: number) => number
}

export class StoreCursor {
  readonly #options: StoreCursorOptions
  readonly #store: KeyedStore
  readonly #end: number
  readonly #done: Uint8Array
  #next = 0

  constructor(options: StoreCursorOptions) {
    this.#options = options
    this.#store = options.store
    this.#end = options.store.slotEnd
    this.#done = new Uint8Array((this.#end + 7) >> 3)
  }

  get isAtEnd(): boolean {
    return this.#next === this.#end
  }

  changing(slot: number): void {
    if (slot < this.#next || slot >= this.#end || this.#isDone(slot)) return
    this.added(slot)
    this.#options.write(slot)
  }

  added(slot: number): void {
    if (slot < this.#end) this.#done[slot >> 3]! |= 1 << (slot & 7)
  }

  /** Writes entries in the order of their slots. Returns what is left of the budget. */
  run(budget: number): number {
    const store = this.#store
    const { write } = this.#options
    let left = budget
    while (left > 0 && this.#next < this.#end) {
      const slot = this.#next
      left--
      if (!this.#isDone(slot) && store.isUsed(slot)) {
        left -= ENTRY_COST - 1 + ((write(slot) / BYTES_A_COST) | 0)
      }
      this.#next = slot + 1
    }
    return left
  }

  #isDone(slot: number): boolean {
    return (this.#done[slot >> 3]! & (1 << (slot & 7))) !== 0
  }
}
