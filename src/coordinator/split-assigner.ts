/**
 * Which subtask reads which split of one source: in the order of discovery, to whoever asks
 * first, so that a split not yet assigned never lies before one that is.
 * Threads: main.
 */
import type { Split } from '../operator/source.ts'
import type { SplitProgress } from '../protocol/snapshot.ts'

export interface Assignment {
  readonly splits: readonly SplitProgress[]
  /** Nothing will follow. */
  readonly last: boolean
}

export class SplitAssigner {
  readonly #waiting: SplitProgress[]

  constructor(splits: readonly SplitProgress[]) {
    this.#waiting = [...splits]
  }

  /** What nobody was given yet: at the moment of a trigger it belongs to the checkpoint. */
  get waiting(): readonly SplitProgress[] {
    return [...this.#waiting]
  }

  /** Answers a subtask that has nothing to read. */
  next(): Assignment {
    const split = this.#waiting.shift()
    if (split === undefined) return { splits: [], last: true }
    return { splits: [split], last: this.#waiting.length === 0 }
  }
}

/** Splits as they are discovered: nobody has begun with them. */
export function unreadSplits(splits: readonly Split[]): readonly SplitProgress[] {
  const watermarkMs = Number.NEGATIVE_INFINITY
  return splits.map((split, order) => ({ split, order, read: 0, watermarkMs }))
}

/** The records that are left to read, where every split knows its own. */
export function recordsLeft(splits: readonly SplitProgress[]): number | undefined {
  const all = recordsIn(splits.map(({ split }) => split))
  return all === undefined ? undefined : all - splits.reduce((sum, { read }) => sum + read, 0)
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
