/**
 * Which completed checkpoints are kept: the newest ones, up to a number.
 * Threads: main.
 */
import { assert } from '../base/assert.ts'

export class Retention {
  #max: number
  readonly #ids: number[]

  constructor(max: number, ids: readonly number[]) {
    this.#max = checked(max)
    this.#ids = [...ids].sort((a, b) => a - b)
  }

  /** Oldest first. */
  get ids(): readonly number[] {
    return this.#ids
  }

  get newest(): number | undefined {
    return this.#ids.at(-1)
  }

  /** From the next completed one on. */
  keep(max: number): void {
    this.#max = checked(max)
  }

  has(checkpointId: number): boolean {
    return this.#ids.includes(checkpointId)
  }

  /** Those that need not be kept any more once there is this one. */
  add(checkpointId: number): readonly number[] {
    assert(checkpointId > (this.newest ?? 0), `checkpoint ${checkpointId} completed out of order`)
    this.#ids.push(checkpointId)
    return this.#ids.splice(0, Math.max(0, this.#ids.length - this.#max))
  }
}

function checked(max: number): number {
  assert(max >= 1, `${max} checkpoints retained: there is none to go on from`)
  return max
}
