/**
 * Looks up the keys of the next records of a page, ahead of the operator that sets them.
 * Threads: the task.
 */
import { assert } from '../base/assert.ts'
import { KeyBatch } from '../codec/key-batch.ts'
import type { PageReader } from '../codec/page.ts'
import type { KeyedPage, PageKeys } from '../codec/page-keys.ts'
import type { KeyedState } from '../state/contract.ts'
import type { KeysAhead } from './loops.ts'

export class PageKeysAhead implements KeysAhead {
  readonly #keys: PageKeys
  readonly #keyed: KeyedState
  /** Whose pages the keys are read from. */
  readonly #pages: PageReader
  readonly #batch = new KeyBatch()
  #from = 0

  constructor(keys: PageKeys, keyed: KeyedState, pages: PageReader) {
    this.#keys = keys
    this.#pages = pages
    this.#keyed = keyed
  }

  look(reader: PageReader, from: number, to: number): number {
    const { shape, withTime } = this.#pages
    const isAlike = reader.shape.id === shape.id && reader.withTime === withTime
    assert(isAlike, 'keys are looked up ahead in pages of another kind')
    this.#keys.read(reader as KeyedPage, from, to, this.#batch)
    this.#keyed.lookAhead(this.#batch)
    this.#from = from
    return from + this.#batch.count
  }

  expect(index: number): void {
    this.#keyed.expectKey(index - this.#from)
  }

  leave(): void {
    this.#keyed.expectKey(-1)
  }
}
