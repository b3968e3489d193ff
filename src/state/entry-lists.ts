/**
 * Doubly linked lists of slot numbers, on typed arrays: a map state's entries of one key, the
 * timers of one timestamp. A slot is in one list at a time.
 * Threads: the task that owns it.
 */
import { withRoom } from './growing-array.ts'

const NONE = -1

export class EntryLists {
  #first = new Int32Array(0)
  #last = new Int32Array(0)
  #count = new Int32Array(0)
  #next = new Int32Array(0)
  #previous = new Int32Array(0)

  /** Makes room for lists [0, needed), and for some more. */
  growLists(needed: number): void {
    if (needed <= this.#count.length) return
    this.#first = withRoom(this.#first, needed)
    this.#last = withRoom(this.#last, needed)
    this.#count = withRoom(this.#count, needed)
  }

  /** Makes room for entries [0, needed), and for some more. */
  growEntries(needed: number): void {
    if (needed <= this.#next.length) return
    this.#next = withRoom(this.#next, needed)
    this.#previous = withRoom(this.#previous, needed)
  }

  count(list: number): number {
    return this.#count[list]!
  }

  /** The first entry of a list that is not empty. */
  first(list: number): number {
    return this.#first[list]!
  }

  /** The last entry of a list that is not empty. */
  last(list: number): number {
    return this.#last[list]!
  }

  append(list: number, entry: number): void {
    const last = this.#count[list] === 0 ? NONE : this.#last[list]!
    if (last === NONE) this.#first[list] = entry
    else this.#next[last] = entry
    this.#previous[entry] = last
    this.#next[entry] = NONE
    this.#last[list] = entry
    this.#count[list]!++
  }

  remove(list: number, entry: number): void {
    const next = this.#next[entry]!
    const previous = this.#previous[entry]!
    if (previous === NONE) this.#first[list] = next
    else this.#next[previous] = next
    if (next === NONE) this.#last[list] = previous
    else this.#previous[next] = previous
    this.#count[list]!--
  }

  /** Links the entries of a list anew: all of them, in another order. */
  reorder(list: number, entries: Int32Array): void {
    this.#count[list] = 0
    for (const entry of entries) this.append(list, entry)
  }

  /** The list's entries, first to last, as they are now. */
  entries(list: number): Int32Array {
    const entries = new Int32Array(this.#count[list]!)
    for (let i = 0, entry = this.#first[list]!; i < entries.length; i++) {
      entries[i] = entry
      entry = this.#next[entry]!
    }
    return entries
  }
}
