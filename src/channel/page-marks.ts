/**
 * Walks over the marks of an open page, in the order in which they stand between its records.
 * Threads: the consuming task.
 */
import type { PageViews } from '../codec/page.ts'

export class PageMarks {
  /** Kind of the next mark; 0 if there is none. */
  kind = 0
  value = 0
  /** The record before which it stands. */
  index = 0
  #views!: PageViews
  #at = 0
  #left = 0

  open(views: PageViews, offset: number): void {
    this.#views = views
    this.#left = views.i32[(offset >> 2) + 3]!
    this.#at = offset + views.i32[(offset >> 2) + 4]!
    this.#read()
  }

  /** Goes to the next one. */
  take(): void {
    this.#left--
    this.#at += 16
    this.#read()
  }

  #read(): void {
    this.kind = 0
    if (this.#left === 0) return
    this.index = this.#views.i32[this.#at >> 2]!
    this.kind = this.#views.i32[(this.#at >> 2) + 1]!
    this.value = this.#views.f64[(this.#at + 8) >> 3]!
  }
}
