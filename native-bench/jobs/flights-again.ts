/**
 * The flights demo on a longer input: the half year of its file again and again, each time right
 * behind the one before, so that days, windows and watermarks go on as they would in a longer file.
 */
import {
  type Batch,
  defineJob,
  type Env,
  type NextBatch,
  type Source,
  type Split,
  type SplitReader,
} from 'sluice'
import flights from '../../docs/examples/flights.ts'

/** From 1 January to 30 June 2001. */
const FILE_MS = 181 * 86_400_000

interface Args {
  readonly input: string
  readonly output: string
  readonly times: number
}

interface Dated {
  date: number | null
}

/** A split of the file, and how often the whole file has been read before. */
interface Later extends Split {
  readonly split: Split
  readonly laterMs: number
}

export default defineJob('flights again', (env, { times, ...args }: Args) => {
  const from = (source: Source<unknown>) => env.from(again(source as Source<Dated>, times))
  flights.build({ from } as unknown as Env, { ...args, rate: undefined })
})

function again<T extends Dated>(source: Source<T>, times: number): Source<T> {
  return {
    ...source,
    options: { ...source.options, times },
    enumerator(context) {
      const inner = source.enumerator(context)
      return { ...inner, discover: async () => againAll(await inner.discover(), times) }
    },
    reader: (context) => new LaterReader(source.reader(context)),
  }
}

function againAll(splits: readonly Split[], times: number): Split[] {
  const round = (n: number) => splits.map((split) => laterBy(n * FILE_MS, split))
  return Array.from({ length: times }, (_, n) => round(n)).flat()
}

function laterBy(laterMs: number, split: Split): Later {
  const { records, bytes } = split
  const size = {
    ...(records === undefined ? {} : { records }),
    ...(bytes === undefined ? {} : { bytes }),
  }
  return { id: `${split.id} ${laterMs} ms later`, ...size, split, laterMs }
}

class LaterReader<T extends Dated> implements SplitReader<T> {
  readonly #reader: SplitReader<T>
  #laterMs = 0

  constructor(reader: SplitReader<T>) {
    this.#reader = reader
  }

  open(split: Split, position: unknown): void | Promise<void> {
    const later = split as Later
    this.#laterMs = later.laterMs
    return this.#reader.open(later.split, position)
  }

  next(): NextBatch<T> | Promise<NextBatch<T>> {
    const next = this.#reader.next()
    return next instanceof Promise ? next.then((batch) => this.#later(batch)) : this.#later(next)
  }

  close(): void | Promise<void> {
    return this.#reader.close()
  }

  #later(next: NextBatch<T>): NextBatch<T> {
    return next === undefined || next === 'later' ? next : new LaterBatch(next, this.#laterMs)
  }
}

class LaterBatch<T extends Dated> implements Batch<T> {
  readonly count: number
  readonly position: unknown
  readonly #batch: Batch<T>
  readonly #ms: number

  constructor(batch: Batch<T>, ms: number) {
    this.count = batch.count
    this.position = batch.position
    this.#batch = batch
    this.#ms = ms
  }

  record(index: number): T {
    const row = this.#batch.record(index)
    if (row.date !== null) row.date += this.#ms
    return row
  }
}
