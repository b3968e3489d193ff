/**
 * Walks over the marks of an open page, in the order in which they stand between its records.
 * Threads: the consuming task.
 */
import type { PageViews } from '../codec/page.ts'
import { markCount, markIndex, markKind, markValue } from '../codec/page-layout.ts'

export class PageMarks {
  /** Kind of the next mark; 0 if there is none. */
  kind = 0
  value = 0
  /** The record before which it stands; the record count if behind all. */
  index = 0
  #views!: PageViews
  #offset = 0
  #next = 0
  #count = 0

  open(views: PageViews, offset: number): void {
    this.#views = views
    this.#offset = offset
    this.#next = 0
    this.#count = markCount(views, offset)
    this.#read()
  }

  /** How many of the page's were taken. */
  get taken(): number {
    return this.#next
  }

  /** Goes to the one behind. */
  take(): void {
    this.#next++
    this.#read()
  }

  #read(): void {
    const k = this.#next
    this.kind = 0
    if (k === this.#count) return
    this.kind = markKind(this.#views, this.#offset, k)
    this.value = markValue(this.#views, this.#offset, k)
    this.index = markIndex(this.#views, this.#offset, k)
  }
}
