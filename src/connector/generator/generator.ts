/**
 * Records made from their index, at a rate or as fast as they are taken.
 * Threads: the description is plain; `make` runs in the tasks.
 */
import { SluiceError } from '../../base/errors.ts'
import type {
  Batch,
  NextBatch,
  ReaderContext,
  Source,
  Split,
  SplitReader,
} from '../../operator/source.ts'

export interface GeneratorOptions<T> {
  /** The record of an index. Must depend on nothing else, or a restart gives other records. */
  readonly make: (index: number) => T
  /** Indices are 0 to count - 1; without it the source has no end. */
  readonly count?: number
  /** Records a second over all subtasks; without it as fast as they are taken. */
  readonly rate?: number
  /** Event time of an index, epoch ms. */
  readonly time?: (index: number) => number
  /** Default: the source's parallelism. Set it if a restart may change the parallelism. */
  readonly splits?: number
}

/**
 * Makes records from indices. Split `s` of `n` has the indices s, s + n, s + 2n, ..., in order, so
 * that the splits advance side by side. With a rate, each subtask keeps to a schedule that begins
 * when its first split is opened: what it missed while it was held up it makes up for at once.
 *
 * Throws BAD_OPTION.
 *
 * @example
 * env.from(generator({ rate: 1000, make: (index) => ({ id: index, at: index * 10 }) }))
 */
export function generator<T>(options: GeneratorOptions<T>): Source<T> {
  const { count, rate, splits } = options
  checkOptions(options)
  return {
    kind: 'generator',
    name: count === undefined ? 'generator' : `generator of ${count}`,
    options: {
      make: String(options.make),
      ...(options.time === undefined ? {} : { time: String(options.time) }),
      ...(count === undefined ? {} : { count }),
      ...(rate === undefined ? {} : { rate }),
      ...(splits === undefined ? {} : { splits }),
    },
    bounded: count !== undefined,
    ...(options.time === undefined ? {} : { timed: true }),
    enumerator: ({ parallelism }) => ({
      discover: async () => splitsOf(options, parallelism),
    }),
    reader: (context) => new GeneratorReader(options, context),
  }
}

interface GeneratorSplit extends Split {
  readonly first: number
  readonly step: number
}

function splitsOf(
  options: GeneratorOptions<unknown>,
  parallelism: number,
): readonly GeneratorSplit[] {
  const step = options.splits ?? parallelism
  if (options.count === undefined && step > parallelism) {
    const hint = `use at most ${parallelism}: nobody gets through with a split that has no end`
    throw badOption('splits', `${step} without a count`, hint)
  }
  return Array.from({ length: step }, (_, first) => ({
    id: `${first} of ${step}`,
    first,
    step,
    ...(options.count === undefined
      ? {}
      : { records: Math.max(0, Math.ceil((options.count - first) / step)) }),
  }))
}

/** How many a batch has depends on the clock, so it is part of where the batch is. */
interface GeneratorPosition {
  readonly done: number
  readonly count: number
}

/** Records a batch may have. */
const BATCH_RECORDS = 1024

class GeneratorReader<T> implements SplitReader<T> {
  readonly #options: GeneratorOptions<T>
  readonly #context: ReaderContext
  #split: GeneratorSplit | undefined
  /** Records of the split that were given out or skipped. */
  #done = 0
  /** Of the batch that is to be read again, if one is. */
  #again = 0
  #records = 0
  /** Of this reader's schedule: its start, and the records given out since. */
  #startMs: number | undefined
  #given = 0
  laterMs = 0

  constructor(options: GeneratorOptions<T>, context: ReaderContext) {
    this.#options = options
    this.#context = context
  }

  open(split: Split, position: unknown | undefined): void {
    this.#split = split as GeneratorSplit
    const { done, count } = (position as GeneratorPosition | undefined) ?? { done: 0, count: 0 }
    this.#done = done
    this.#again = count
    this.#records = split.records ?? Number.POSITIVE_INFINITY
    this.#startMs ??= this.#context.clock.nowMs()
  }

  next(): NextBatch<T> {
    const left = this.#records - this.#done
    if (left <= 0) return undefined
    const count = this.#again || Math.min(BATCH_RECORDS, left, this.#due())
    if (count <= 0) return 'later'
    this.#again = 0
    const batch = generatedBatch(this.#options, this.#split!, { done: this.#done, count })
    this.#done += count
    this.#given += count
    return batch
  }

  close(): void {}

  /** Records that the schedule allows now; sets `laterMs` if there are none. */
  #due(): number {
    const { rate } = this.#options
    if (rate === undefined) return Number.POSITIVE_INFINITY
    const sharers = Math.min(this.#context.parallelism, this.#split!.step)
    const msPerRecord = (1000 * sharers) / rate
    const startMs = this.#startMs!
    const elapsed = (this.#context.clock.nowMs() - startMs) / msPerRecord
    // Rounding must not make a record late that is due at this very millisecond.
    const due = Math.floor(elapsed + 1e-6) + 1
    this.laterMs = Math.ceil(startMs + this.#given * msPerRecord)
    return due - this.#given
  }
}

function generatedBatch<T>(
  options: GeneratorOptions<T>,
  split: GeneratorSplit,
  range: GeneratorPosition,
): Batch<T> {
  const { make, time } = options
  const { step } = split
  const first = split.first + range.done * step
  const batch = {
    count: range.count,
    position: range,
    record: (i: number) => make(first + i * step),
  }
  return time === undefined ? batch : { ...batch, time: (i) => time(first + i * step) }
}

function checkOptions(options: GeneratorOptions<unknown>): void {
  const { make, count, rate, splits } = options
  if (typeof make !== 'function') throw badOption('make', String(make), 'pass a function')
  if (count !== undefined && !(Number.isSafeInteger(count) && count >= 0)) {
    throw badOption('count', String(count), 'pass a whole number of records')
  }
  if (rate !== undefined && !(rate > 0 && Number.isFinite(rate))) {
    throw badOption('rate', String(rate), 'pass records a second, more than 0')
  }
  if (splits !== undefined && !(Number.isInteger(splits) && splits >= 1)) {
    throw badOption('splits', String(splits), 'pass a whole number from 1 on')
  }
}

function badOption(name: string, found: string, hint: string): SluiceError {
  return new SluiceError('BAD_OPTION', `${name} of a generator cannot be ${found}`, { hint })
}
