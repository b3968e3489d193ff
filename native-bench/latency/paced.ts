/**
 * A source at a fixed rate: record i is due at the start + i / rate, and carries that time however
 * late the source is, so that a stall counts for every record that had to wait for it. It gives
 * all that is due and rests for `restMs`, or is asked again at once where that is 0. Without a rate
 * each batch is due when it is asked for.
 */
import type { Batch, NextBatch, Source, Split, SplitReader } from 'sluice'
import { monotonicMs } from './clock.ts'
import type { LatencyFigures } from './figures.ts'
import { ThreadWatch } from './thread-watch.ts'

export interface Due {
  key: string
  dueMs: number
}

export interface PacedOptions {
  readonly keys: number
  /** Records a second. */
  readonly rate?: number
  /** Without it there is no end. */
  readonly records?: number
  /** Without it, 0: the thread never sleeps. */
  readonly restMs?: number
  /** What delays the source's thread counts from this record on. */
  readonly warmUpRecords?: number
}

const BATCH_RECORDS_MAX = 1024
/** A fixed walk over the keys that visits all of them in no order: no cache is favoured. */
const STEP = 7919

interface Position {
  readonly first: number
  readonly count: number
}

export function paced(options: PacedOptions, figures: LatencyFigures): Source<Due> {
  const { records } = options
  return {
    kind: 'paced',
    name: 'paced',
    options: { ...options },
    bounded: records !== undefined,
    enumerator: () => ({
      discover: async () => [{ id: 'all', ...(records === undefined ? {} : { records }) }],
    }),
    reader: ({ clock }) => new PacedReader(options, { figures, nowMs: () => clock.nowMs() }),
  }
}

interface Surroundings {
  readonly figures: LatencyFigures
  /** Of the engine: the clock of `laterMs`. */
  readonly nowMs: () => number
}

class PacedReader implements SplitReader<Due> {
  readonly #keys: readonly string[]
  readonly #options: PacedOptions
  readonly #of: Surroundings
  readonly #watch: ThreadWatch
  #first = 0
  /** First record behind the warm-up; infinite once it was there. */
  #beginsAt: number
  /** Of the batch that is to come again after a restore. */
  #again: number | undefined

  constructor(options: PacedOptions, of: Surroundings) {
    this.#options = options
    this.#of = of
    this.#beginsAt = options.warmUpRecords ?? Number.POSITIVE_INFINITY
    this.#keys = Array.from({ length: options.keys }, (_, k) => `key-${`${k}`.padStart(6, '0')}`)
    this.#watch = new ThreadWatch((delays) => of.figures.setDelaysOf('source', delays))
  }

  get laterMs(): number {
    return this.#of.nowMs() + (this.#options.restMs ?? 0)
  }

  open(_split: Split, position: unknown | undefined): void {
    const { first, count } = (position as Position | undefined) ?? { first: 0, count: undefined }
    this.#first = first
    this.#again = count
    if (this.#of.figures.startMs === 0) this.#of.figures.startMs = monotonicMs()
  }

  next(): NextBatch<Due> {
    const { records = Number.POSITIVE_INFINITY, rate } = this.#options
    const first = this.#first
    if (first >= records) return undefined
    if (first >= this.#beginsAt) this.#warmedUp()
    const countMax = Math.min(records - first, BATCH_RECORDS_MAX)
    const count = Math.min(countMax, this.#again ?? this.#due() - first)
    if (count <= 0) return 'later'
    this.#again = undefined
    this.#first = first + count
    const startMs = rate === undefined ? monotonicMs() : this.#of.figures.startMs
    const msPerRecord = rate === undefined ? 0 : 1e3 / rate
    return new DueBatch(this.#keys, { position: { first, count }, startMs, msPerRecord })
  }

  close(): void {
    this.#watch.end()
  }

  /** Records that were due up to now. */
  #due(): number {
    const { rate } = this.#options
    if (rate === undefined) return Number.POSITIVE_INFINITY
    return Math.floor(((monotonicMs() - this.#of.figures.startMs) * rate) / 1e3) + 1
  }

  #warmedUp(): void {
    this.#beginsAt = Number.POSITIVE_INFINITY
    this.#watch.begin()
  }
}

interface BatchOf {
  readonly position: Position
  readonly startMs: number
  readonly msPerRecord: number
}

class DueBatch implements Batch<Due> {
  readonly count: number
  readonly position: Position
  readonly #keys: readonly string[]
  readonly #firstKey: number
  readonly #startMs: number
  readonly #msPerRecord: number

  constructor(keys: readonly string[], { position, startMs, msPerRecord }: BatchOf) {
    this.#keys = keys
    this.position = position
    this.count = position.count
    this.#firstKey = (position.first * STEP) % keys.length
    this.#startMs = startMs
    this.#msPerRecord = msPerRecord
  }

  record(i: number): Due {
    const key = this.#keys[(this.#firstKey + i * STEP) % this.#keys.length]!
    return { key, dueMs: this.#startMs + (this.position.first + i) * this.#msPerRecord }
  }
}
