/**
 * Whether what an edge does with its keys serves too few of its records.
 * Threads: the producing task.
 */

/** So many records that it does not serve are looked at together. */
const MISSES = 8_192
/** It costs a record that it does not serve about a third of what it spares another. */
const MISSES_SHARE_MAX = 0.25

export class MissShare {
  /** Records that the edge has taken so far. */
  readonly #records: () => number
  #misses = 0
  #recordsBefore = 0

  constructor(records: () => number) {
    this.#records = records
  }

  /** Counts a record that is not served; true if they have become too many. */
  miss(): boolean {
    return ++this.#misses === MISSES && this.#areTooMany()
  }

  #areTooMany(): boolean {
    const records = this.#records()
    const share = this.#misses / Math.max(1, records - this.#recordsBefore)
    this.#misses = 0
    this.#recordsBefore = records
    return share > MISSES_SHARE_MAX
  }
}
