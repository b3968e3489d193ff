/**
 * The sink of the latency job: how long after it was due each record came here, in an HdrHistogram
 * of microseconds. What was due before the warm-up was over is forgotten at its end: code that ran
 * for the first time then would be what is measured.
 */
import hdr from 'hdr-histogram-js'
import type { Sink, SinkWriter } from 'sluice'
import { monotonicMs } from './clock.ts'
import type { LatencyFigures } from './figures.ts'
import { ThreadWatch } from './thread-watch.ts'

export interface RecorderOptions {
  readonly warmUpMs: number
}

const LATENCY_US_MAX = 600e6

export function recorder(options: RecorderOptions, figures: LatencyFigures): Sink<DueResult> {
  return {
    kind: 'latency',
    name: 'latency',
    encodesAtOnce: true,
    options: { ...options },
    writer: () => new LatencyWriter(options, figures),
  }
}

interface DueResult {
  readonly dueMs: number
}

class LatencyWriter implements SinkWriter<DueResult> {
  readonly #histogram = hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_US_MAX,
    numberOfSignificantValueDigits: 3,
  })
  readonly #warmUpMs: number
  readonly #figures: LatencyFigures
  readonly #watch: ThreadWatch
  /** Of the first record that counts; infinite once it was there, not a number before any was. */
  #beginMs = Number.NaN

  constructor({ warmUpMs }: RecorderOptions, figures: LatencyFigures) {
    this.#warmUpMs = warmUpMs
    this.#figures = figures
    this.#watch = new ThreadWatch((delays) => figures.setDelaysOf('count', delays))
  }

  write({ dueMs }: DueResult): void {
    if (!(dueMs < this.#beginMs)) this.#look(dueMs)
    this.#histogram.recordValue(Math.round((monotonicMs() - dueMs) * 1e3))
  }

  ready(): boolean {
    return true
  }

  prepareCommit(): readonly unknown[] {
    return []
  }

  close(): void {
    this.#watch.end()
    this.#figures.histogram = hdr.encodeIntoCompressedBase64(this.#histogram)
  }

  #look(dueMs: number): void {
    if (this.#beginMs === Number.POSITIVE_INFINITY) return
    this.#beginMs = this.#figures.startMs + this.#warmUpMs
    if (dueMs < this.#beginMs) return
    this.#beginMs = Number.POSITIVE_INFINITY
    this.#histogram.reset()
    this.#watch.begin()
  }
}
