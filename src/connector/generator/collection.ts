/**
 * An array in the job module as a source.
 * Threads: the description is plain; the reader runs in one task.
 */
import { copyValue } from '../../codec/copy.ts'
import type { Batch, Source, Split, SplitReader } from '../../operator/source.ts'

/** Records a batch may have. */
const BATCH_RECORDS = 1024

/**
 * Reads the records of an array, in order, in one subtask. Each record is copied, so that whoever
 * receives it may change it. Every worker builds the array anew: it must not depend on time,
 * randomness or the environment.
 */
export function collection<T>(records: readonly T[]): Source<T> {
  return {
    kind: 'collection',
    name: `collection of ${records.length}`,
    options: { records: records.length },
    bounded: true,
    enumerator: () => ({
      discover: () => Promise.resolve([{ id: 'collection', records: records.length }]),
    }),
    reader: () => new CollectionReader(records),
  }
}

class CollectionReader<T> implements SplitReader<T> {
  readonly #records: readonly T[]
  #at = 0

  constructor(records: readonly T[]) {
    this.#records = records
  }

  open(_split: Split, position: unknown | undefined): void {
    this.#at = (position as { index: number } | undefined)?.index ?? 0
  }

  next(): Batch<T> | undefined {
    const index = this.#at
    const count = Math.min(BATCH_RECORDS, this.#records.length - index)
    if (count <= 0) return undefined
    this.#at += count
    const records = this.#records
    return { count, position: { index }, record: (i) => copyValue(records[index + i]) as T }
  }

  close(): void {}
}
