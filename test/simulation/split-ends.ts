/**
 * Where the splits of a schedule end: they go on until it has seen enough, and whoever reads one
 * again finds the same end.
 */

export interface SplitEndsOptions {
  readonly isEnough: () => boolean
  /** Of twelve batches so many are not there yet. */
  readonly pausesOfTwelve: number
}

export class SplitEnds {
  /** By split: records that it has. */
  readonly ends = new Map<number, number>()
  readonly #options: SplitEndsOptions
  /** By split: records that somebody was given. */
  readonly #given = new Map<number, number>()

  constructor(options: SplitEndsOptions) {
    this.#options = options
  }

  get pausesOfTwelve(): number {
    const { isEnough, pausesOfTwelve } = this.#options
    return isEnough() ? 0 : pausesOfTwelve
  }

  /** Records of a split that has `records` at most, where those before `from` were taken. */
  endOf({ split, from, records }: { split: number; from: number; records: number }): number {
    const known = this.ends.get(split)
    if (known !== undefined) return known
    const { isEnough } = this.#options
    if (from < records && !isEnough()) return records
    const end = Math.min(records, Math.max(from, this.#given.get(split) ?? 0))
    this.ends.set(split, end)
    return end
  }

  /** Records before `to` are out in the world. */
  gave(split: number, to: number): void {
    if (to > (this.#given.get(split) ?? 0)) this.#given.set(split, to)
  }
}
