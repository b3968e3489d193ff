/**
 * Buffer debloating: how large the pages before a task should be, so that what waits in its
 * channels takes a chosen time. The rate is that of the time in which the task had something to
 * do, also where it was held back: a task behind which others are slow is as slow as they are.
 * Threads: the consuming task.
 */
import { limits } from '../base/limits.ts'
import { align8 } from '../codec/page-layout.ts'

export interface DebloatingOptions {
  /** How long the task should need for all that waits. */
  readonly targetMs: number
  /** So much as many of the last observations weighs one. */
  readonly samples: number
  /** A size is told only where it differs by so much from the one before. */
  readonly thresholdPercent: number
  /** Bytes of a page at most: what a segment of the ring holds. */
  readonly pageBytesMax: number
}

export interface Observation {
  /** Bytes that the task has taken since the last one. */
  readonly bytes: number
  /** Of the time since the last one, that in which it was not idle. */
  readonly activeMs: number
  /** How many full pages there would be of all that is on its way to the task. Above 0. */
  readonly pages: number
}

/** An average just below what a page can hold would never come to it. */
const BEYOND_MAX = 4
/** What differs by more is no noise: it weighs twice as much. */
const JUMP = Math.LN2

export class Debloating {
  readonly #options: DebloatingOptions
  /** The logarithm of the smoothed size: as fast down as up. */
  #log: number | undefined
  #told: number

  constructor(options: DebloatingOptions) {
    this.#options = options
    this.#told = options.pageBytesMax
  }

  /** The size of pages from now on; undefined if it stays. */
  observe({ bytes, activeMs, pages }: Observation): number | undefined {
    if (bytes === 0 || activeMs <= 0) return undefined
    const { targetMs, samples, thresholdPercent, pageBytesMax } = this.#options
    const wanted = Math.min((targetMs * bytes) / activeMs / pages, BEYOND_MAX * pageBytesMax)
    const log = Math.log(Math.max(wanted, limits.segmentBytesMin))
    const before = this.#log ?? log
    const weight = Math.abs(log - before) > JUMP ? 4 : 2
    this.#log = before + Math.min(1, weight / (samples + 1)) * (log - before)
    const size = Math.min(align8(Math.round(Math.exp(this.#log))), pageBytesMax)
    if (size === this.#told) return undefined
    const differs = Math.abs(size - this.#told) * 100 > thresholdPercent * this.#told
    if (!differs && size !== pageBytesMax) return undefined
    this.#told = size
    return size
  }
}
