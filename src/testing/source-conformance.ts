/**
 * Drives any source through its contract, as the engine does after failures and restarts. For the
 * tests of whoever writes a connector; it throws where the contract is broken.
 * Threads: the test's.
 */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { ManualClock, turn } from '../base/clock.ts'
import type { Batch, Source, Split, SplitReader } from '../operator/source.ts'

export interface SourceConformanceOptions {
  /** Subtasks that share the source. Default 2. */
  readonly parallelism?: number
  /** Records read of each split; needed where splits have no end. Default: all. */
  readonly recordsPerSplitMax?: number
  /** Batches of each split at which reading is started again, spread evenly. Default 20. */
  readonly reopensPerSplitMax?: number
}

/**
 * Checks that splits are stable and plain, that every record is a fresh one, that a split opened
 * at the position of any of its batches goes on with the same batches, that such a batch may be
 * read from any of its records on, and that a reader may read one split after the other. Gives all
 * records, split after split, for a comparison with what was expected. Throws AssertionError.
 *
 * @example
 * const records = await checkSource(generator({ count: 5, make: (index) => index * 10 }))
 * assert.deepEqual([...records].sort((a, b) => a - b), [0, 10, 20, 30, 40])
 */
export async function checkSource<T>(
  source: Source<T>,
  options: SourceConformanceOptions = {},
): Promise<readonly T[]> {
  const run = new SourceRun(source, options)
  const splits = await run.splits()
  const whole: SplitContent<T>[] = []
  for (const split of splits) whole.push(await run.read(split, undefined))
  for (const [k, split] of splits.entries()) {
    checkContent(split, whole[k]!, options.recordsPerSplitMax)
    await run.checkReopening(split, whole[k]!)
  }
  deepStrictEqual(await run.readAllWithOne(splits), whole, 'one reader read otherwise than many')
  return whole.flatMap((content) => content.batches.flatMap((batch) => batch.records))
}

interface BatchContent<T> {
  readonly count: number
  readonly position: unknown
  readonly watermark: number | undefined
  readonly records: readonly T[]
  readonly times: readonly number[]
  readonly unreadable: readonly unknown[]
}

interface SplitContent<T> {
  readonly batches: readonly BatchContent<T>[]
}

class SourceRun<T> {
  readonly #source: Source<T>
  readonly #options: SourceConformanceOptions
  readonly #parallelism: number

  constructor(source: Source<T>, options: SourceConformanceOptions) {
    this.#source = source
    this.#options = options
    this.#parallelism = options.parallelism ?? 2
  }

  async splits(): Promise<readonly Split[]> {
    const splits = await this.#discover()
    deepStrictEqual(await this.#discover(), splits, 'a second discovery found other splits')
    deepStrictEqual(structuredClone(splits), splits, 'a split is not plain')
    const ids = new Set(splits.map((split) => split.id))
    deepStrictEqual(ids.size, splits.length, 'two splits have the same id')
    return splits
  }

  async #discover(): Promise<readonly Split[]> {
    const enumerator = this.#source.enumerator({ parallelism: this.#parallelism })
    const splits = await enumerator.discover()
    await enumerator.close?.()
    return splits
  }

  async read(split: Split, position: unknown): Promise<SplitContent<T>> {
    return this.#withReader((reader, clock) => this.#readSplit(reader, clock, { split, position }))
  }

  async readAllWithOne(splits: readonly Split[]): Promise<readonly SplitContent<T>[]> {
    return this.#withReader(async (reader, clock) => {
      const contents: SplitContent<T>[] = []
      for (const split of splits) {
        contents.push(await this.#readSplit(reader, clock, { split, position: undefined }))
      }
      return contents
    })
  }

  /** From some of the batches on, the split must read as it did. */
  async checkReopening(split: Split, whole: SplitContent<T>): Promise<void> {
    const { batches } = whole
    const step = Math.max(1, Math.ceil(batches.length / (this.#options.reopensPerSplitMax ?? 20)))
    for (let k = 0; k < batches.length; k += step) {
      const position = structuredClone(batches[k]!.position)
      deepStrictEqual(position, batches[k]!.position, 'a position is not plain')
      const again = await this.read(split, position)
      const expected = batches.slice(k)
      const what = `split ${split.id} opened at ${JSON.stringify(position)} reads otherwise`
      // A split without an end gives more behind the last batch that was read before.
      deepStrictEqual(again.batches.slice(0, expected.length), expected, what)
      await this.#checkMiddle(split, batches[k]!)
    }
  }

  /** After a restore the records that were consumed are not asked for again. */
  async #checkMiddle(split: Split, expected: BatchContent<T>): Promise<void> {
    const { position, records, times } = expected
    for (const from of new Set([1, records.length >> 1, records.length - 1])) {
      if (from <= 0 || from >= records.length) continue
      const batch = await this.#withReader(async (reader, clock) => {
        await reader.open(structuredClone(split), structuredClone(position))
        const first = await nextOf(reader, clock)
        ok(first !== undefined, `split ${split.id} has no batch where it had one`)
        return contentOf(first, from)
      })
      const what = `a batch of split ${split.id} that is read from record ${from} on is another`
      const rest = { ...expected, records: records.slice(from), times: times.slice(from) }
      deepStrictEqual(batch, rest, what)
    }
  }

  async #withReader<R>(use: (reader: SplitReader<T>, clock: ManualClock) => Promise<R>) {
    const clock = new ManualClock()
    const context = { subtask: 0, parallelism: this.#parallelism, clock, wake: () => {} }
    const reader = this.#source.reader(context)
    try {
      return await use(reader, clock)
    } finally {
      await reader.close()
    }
  }

  async #readSplit(
    reader: SplitReader<T>,
    clock: ManualClock,
    at: { readonly split: Split; readonly position: unknown },
  ): Promise<SplitContent<T>> {
    const batches: BatchContent<T>[] = []
    let records = 0
    await reader.open(structuredClone(at.split), at.position)
    while (records < (this.#options.recordsPerSplitMax ?? Number.POSITIVE_INFINITY)) {
      const batch = await nextOf(reader, clock)
      if (batch === undefined) break
      batches.push(contentOf(batch, 0))
      records += batch.count
    }
    return { batches }
  }
}

async function nextOf<T>(
  reader: SplitReader<T>,
  clock: ManualClock,
): Promise<Batch<T> | undefined> {
  for (;;) {
    const batch = await reader.next()
    if (batch !== 'later') return batch
    await wait(reader, clock)
  }
}

async function wait(reader: SplitReader, clock: ManualClock): Promise<void> {
  const waitMs = (reader.laterMs ?? clock.nowMs() + 1) - clock.nowMs()
  ok(Number.isFinite(waitMs), 'a reader that says later needs a time, or a wake')
  clock.advance(Math.max(0, waitMs))
  await turn()
}

/** From its `from`-th record on. */
function contentOf<T>(batch: Batch<T>, from: number): BatchContent<T> {
  const records: T[] = []
  const times: number[] = []
  for (let i = from; i < batch.count; i++) {
    records.push(batch.record(i))
    if (batch.time !== undefined) times.push(batch.time(i))
  }
  checkUnreadable(batch)
  const { count, position, watermark, unreadable = [] } = batch
  return { count, position, watermark, records, times, unreadable: [...unreadable] }
}

function checkUnreadable(batch: Batch): void {
  let before = 0
  for (const record of batch.unreadable ?? []) {
    ok(record.before >= before, 'unreadable records are not in order')
    ok(record.before <= batch.count, 'an unreadable record stands behind its batch')
    before = record.before
  }
}

function checkContent<T>(split: Split, content: SplitContent<T>, max: number | undefined): void {
  const records = content.batches.flatMap((batch) => batch.records)
  if (split.records !== undefined && max === undefined) {
    deepStrictEqual(records.length, split.records, `split ${split.id} announced another count`)
  }
  const objects = records.filter((record) => typeof record === 'object' && record !== null)
  deepStrictEqual(new Set(objects).size, objects.length, 'a record was given out twice')
}
