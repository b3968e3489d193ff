/**
 * A source that gives its records no faster than at a rate: to spare what stands behind it, or to
 * make a job on a file last.
 * Threads: the description is plain; the reader runs in the tasks.
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

export interface RateLimitOptions {
  /** Over all subtasks; each has an equal share, whether it has something to read or not. */
  readonly recordsPerSecond: number
}

/**
 * The same source, held back to a rate. Batches, positions and names are the source's own, so a
 * checkpoint that was taken with a limit can be restored without it. A batch is given when time
 * enough for all of its records has passed: with large batches and a low rate records come in
 * bursts (`batchRows` of `parquet` makes them smaller).
 *
 * Throws BAD_OPTION.
 *
 * @example
 * env.from(rateLimited(parquet('flights.parquet'), { recordsPerSecond: 300_000 }))
 */
export function rateLimited<T>(source: Source<T>, options: RateLimitOptions): Source<T> {
  const { recordsPerSecond } = options
  if (!(recordsPerSecond > 0 && Number.isFinite(recordsPerSecond))) {
    const what = `recordsPerSecond of rateLimited cannot be ${recordsPerSecond}`
    throw new SluiceError('BAD_OPTION', what, { hint: 'pass records a second, more than 0' })
  }
  const { kind, name, bounded, timed, unreadableTo, onUnreadable } = source
  return {
    kind,
    name,
    options: { ...source.options, recordsPerSecond },
    bounded,
    enumerator: (context) => source.enumerator(context),
    reader: (context) =>
      new RateLimitedReader(source.reader(context), {
        context,
        msPerRecord: (1000 * context.parallelism) / recordsPerSecond,
      }),
    ...(timed === undefined ? {} : { timed }),
    ...(unreadableTo === undefined ? {} : { unreadableTo }),
    ...(onUnreadable === undefined ? {} : { onUnreadable }),
  }
}

/** A task that was held up makes up for this much at once, and no more. */
const CREDIT_MS_MAX = 1000

interface RateOptions {
  readonly context: ReaderContext
  readonly msPerRecord: number
}

class RateLimitedReader<T> implements SplitReader<T> {
  readonly #reader: SplitReader<T>
  readonly #options: RateOptions
  /** A batch that is not due yet. */
  #waiting: Batch<T> | undefined
  /** Up to here time has been spent on records; of a waiting batch, when it is due. */
  #spentMs: number | undefined

  constructor(reader: SplitReader<T>, options: RateOptions) {
    this.#reader = reader
    this.#options = options
  }

  get laterMs(): number | undefined {
    if (this.#waiting === undefined) return this.#reader.laterMs
    // Rounding must not make a batch late that is due at this very millisecond.
    return Math.ceil(this.#spentMs! - 1e-6)
  }

  get bytesRead(): number {
    return this.#reader.bytesRead ?? 0
  }

  open(split: Split, position: unknown | undefined): void | Promise<void> {
    this.#waiting = undefined
    this.#spentMs ??= this.#nowMs()
    return this.#reader.open(split, position)
  }

  next(): NextBatch<T> | Promise<NextBatch<T>> {
    if (this.#waiting !== undefined) return this.#giveIfDue()
    const next = this.#reader.next()
    return isThenable(next) ? next.then((batch) => this.#hold(batch)) : this.#hold(next)
  }

  close(): void | Promise<void> {
    return this.#reader.close()
  }

  #hold(next: NextBatch<T>): NextBatch<T> {
    if (next === undefined || next === 'later') return next
    const spentMs = Math.max(this.#spentMs!, this.#nowMs() - CREDIT_MS_MAX)
    this.#spentMs = spentMs + next.count * this.#options.msPerRecord
    this.#waiting = next
    return this.#giveIfDue()
  }

  #giveIfDue(): NextBatch<T> {
    if (this.#nowMs() < this.laterMs!) return 'later'
    const batch = this.#waiting
    this.#waiting = undefined
    return batch
  }

  #nowMs(): number {
    return this.#options.context.clock.nowMs()
  }
}

/** Also for promises of other libraries. */
function isThenable<T>(value: T | PromiseLike<T>): value is Promise<T> {
  return typeof (value as Partial<PromiseLike<T>> | undefined)?.then === 'function'
}
