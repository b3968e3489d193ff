/**
 * One watermark of a source that reads several splits: event time is where the slowest active
 * split is, so that a split read later does not make another one's records late. It never goes
 * back: a split that joins behind it waits until it has caught up.
 * Threads: the task.
 */
import type { Clock } from '../base/clock.ts'
import { NO_TIME } from '../codec/page.ts'

export interface SplitWatermarksOptions {
  readonly clock: Clock
  /** A split that has had no record for so long holds nothing up. Absent: never idle. */
  readonly idleMs?: number | undefined
}

interface SplitTime {
  watermarkMs: number
  lastActiveMs: number
  isIdle: boolean
}

export class SplitWatermarks {
  readonly #options: SplitWatermarksOptions
  readonly #splits = new Map<string, SplitTime>()
  #watermarkMs = NO_TIME

  constructor(options: SplitWatermarksOptions) {
    this.#options = options
  }

  /** The merged watermark, `NO_TIME` before the first. */
  get watermarkMs(): number {
    return this.#watermarkMs
  }

  /** Of one split that is being read; `NO_TIME` before its first. */
  watermarkOf(splitId: string): number {
    return this.#splits.get(splitId)?.watermarkMs ?? NO_TIME
  }

  /** After a restore, before the first split: event time had come that far. */
  restore(watermarkMs: number): void {
    this.#watermarkMs = watermarkMs
  }

  /** True while there are splits and all of them are idle. */
  get isIdle(): boolean {
    if (this.#splits.size === 0) return false
    for (const split of this.#splits.values()) if (!split.isIdle) return false
    return true
  }

  /** A split is about to be read; until its first watermark it holds time where it is. */
  add(splitId: string): void {
    const lastActiveMs = this.#options.clock.nowMs()
    this.#splits.set(splitId, { watermarkMs: NO_TIME, lastActiveMs, isIdle: false })
  }

  /** The split has had records (or a watermark of its own); it is active. */
  advance(splitId: string, watermarkMs: number): void {
    const split = this.#splits.get(splitId)
    if (split === undefined) return
    split.lastActiveMs = this.#options.clock.nowMs()
    split.isIdle = false
    if (watermarkMs > split.watermarkMs) split.watermarkMs = watermarkMs
    this.#merge()
  }

  /** The split is exhausted: it holds nothing up any more. */
  remove(splitId: string): void {
    if (this.#splits.delete(splitId)) this.#merge()
  }

  /** Finds out which splits have gone idle by now; to be called from time to time. */
  checkIdle(): void {
    const { clock, idleMs } = this.#options
    if (idleMs === undefined) return
    const nowMs = clock.nowMs()
    for (const split of this.#splits.values()) {
      if (nowMs - split.lastActiveMs >= idleMs) split.isIdle = true
    }
    this.#merge()
  }

  #merge(): void {
    let least = Number.POSITIVE_INFINITY
    for (const split of this.#splits.values()) {
      if (!split.isIdle && split.watermarkMs < least) least = split.watermarkMs
    }
    // With no active split nothing is known about what comes next.
    if (least !== Number.POSITIVE_INFINITY && least > this.#watermarkMs) this.#watermarkMs = least
  }
}
