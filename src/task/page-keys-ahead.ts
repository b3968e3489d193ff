/**
 * Looks up the keys of the next records of a page, ahead of the operator that sets them.
 * Threads: the task.
 */
import { KeyBatch } from '../codec/key-batch.ts'
import type { PageReader } from '../codec/page.ts'
import type { KeyedPage, PageKeys } from '../codec/page-keys.ts'
import type { KeyedState } from '../state/contract.ts'
import type { KeysAhead } from './loops.ts'

export class PageKeysAhead implements KeysAhead {
  readonly #keys: PageKeys
  readonly #keyed: KeyedState
  readonly #batch = new KeyBatch()
  #from = 0

  constructor(keys: PageKeys, keyed: KeyedState) {
    this.#keys = keys
    this.#keyed = keyed
  }

  look(reader: PageReader, from: number, to: number): number {
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
