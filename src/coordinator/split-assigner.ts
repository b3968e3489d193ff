/**
 * Which subtask reads which split of one source: in the order of discovery, to whoever asks
 * first, so that a split not yet assigned never lies before one that is.
 * Threads: main.
 */
import type { Split } from '../operator/source.ts'

export interface Assignment {
  readonly splits: readonly Split[]
  /** Nothing will follow. */
  readonly last: boolean
}

export class SplitAssigner {
  readonly #waiting: Split[]
  readonly #assigned = new Map<number, Split[]>()

  constructor(splits: readonly Split[]) {
    this.#waiting = [...splits]
  }

  /** Answers a subtask that has nothing to read. */
  next(subtask: number): Assignment {
    const split = this.#waiting.shift()
    if (split === undefined) return { splits: [], last: true }
    const own = this.#assigned.get(subtask) ?? []
    own.push(split)
    this.#assigned.set(subtask, own)
    return { splits: [split], last: this.#waiting.length === 0 }
  }

  assignedTo(subtask: number): readonly Split[] {
    return this.#assigned.get(subtask) ?? []
  }
}

/** The records of all splits, where every split knows its own. */
export function recordsIn(splits: readonly Split[]): number | undefined {
  let total = 0
  for (const split of splits) {
    if (split.records === undefined) return undefined
    total += split.records
  }
  return total
}
