/**
 * Columns that are not flat, and rare types and encodings: the general Parquet reader decodes a
 * row group's column at once, and its values become plain ones. Slower by far, and complete.
 * Threads: the task.
 */
import type { Compressors } from 'hyparquet'
import { parquetRead } from 'hyparquet'
import type { ColumnCursor, ColumnSlice } from './flat-column.ts'
import type { ParquetColumn, ParquetFile } from './parquet-file.ts'
import { readRange } from './parquet-file.ts'
import { nanosToMs } from './plain-values.ts'

export interface NestedColumnOptions {
  readonly file: ParquetFile
  readonly compressors: Compressors
  readonly group: number
  readonly column: ParquetColumn
}

/** A cursor over the column's values in the row group. */
export async function nestedColumn(options: NestedColumnOptions): Promise<ColumnCursor> {
  const { file, compressors, group, column } = options
  const before = file.footer.row_groups.slice(0, group)
  const rowStart = before.reduce((sum, { num_rows: rows }) => sum + Number(rows), 0)
  const rowEnd = rowStart + Number(file.footer.row_groups[group]!.num_rows)
  const values: unknown[] = []
  await parquetRead({
    file: {
      byteLength: Number.MAX_SAFE_INTEGER,
      slice: async (start, end) => (await readRange(file, start, end!)).buffer,
    },
    metadata: file.footer,
    columns: [column.name],
    rowStart,
    rowEnd,
    compressors,
    parsers,
    utf8: false,
    geoparquet: false,
    onChunk: ({ columnData }) => {
      for (const value of columnData) values.push(plainValue(value))
    },
  })
  if (values.length < rowEnd - rowStart) {
    throw new RangeError(`it has ${values.length} values for ${rowEnd - rowStart} rows`)
  }
  return new ArrayColumn(values)
}

const parsers = {
  timestampFromMilliseconds: Number,
  timestampFromMicroseconds: (micros: bigint) => Math.floor(Number(micros) / 1000),
  timestampFromNanoseconds: nanosToMs,
  dateFromDays: (days: number) => days * 86_400_000,
}

/** Bigints that a number holds become numbers, and nothing is undefined. */
function plainValue(value: unknown): unknown {
  if (value === undefined || value === null) return null
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (Array.isArray(value)) return value.map(plainValue)
  // Values of one dictionary entry must not share what a receiver may change.
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plainValue(inner)]))
}

class ArrayColumn implements ColumnCursor {
  readonly #values: readonly unknown[]
  #at = 0

  constructor(values: readonly unknown[]) {
    this.#values = values
  }

  get rowsReady(): number {
    return this.#values.length - this.#at
  }

  prepare(): number {
    throw new RangeError('it has fewer values than the row group has rows')
  }

  take(count: number): ColumnSlice {
    this.#at += count
    return { values: this.#values.slice(this.#at - count, this.#at), index: undefined }
  }

  skip(count: number): void {
    this.#at += count
  }
}
