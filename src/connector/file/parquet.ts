/**
 * Parquet files as a source: one split a row group, found in the main thread from the footers.
 * Threads: the description is plain; the enumerator runs in the main thread.
 */
import type { Source, SplitEnumerator } from '../../operator/source.ts'
import { openParquetFile, pickColumns } from './parquet-file.ts'
import type { ParquetSplit } from './parquet-reader.ts'
import { ParquetReader } from './parquet-reader.ts'
import { type FileInput, findFiles, inputsOf } from './paths.ts'

export interface ParquetOptions<T> {
  /** Only these columns, in this order; all without it. Others are neither read nor decoded. */
  readonly columns?: readonly (keyof T & string)[]
  /** Most rows a batch may have. Default 4096. */
  readonly batchRows?: number
}

const BATCH_ROWS_DEFAULT = 4096

/**
 * Reads Parquet files: a path, a directory (its `*.parquet`), a pattern such as
 * `data/2024-*.parquet`, or a list of these.
 *
 * Values: integers are numbers, 64-bit ones beyond 2^53 bigints (the whole column, where the
 * file's statistics show one such value); dates and timestamps are epoch milliseconds, finer
 * fractions cut off towards the past; decimals are numbers; strings, enums and JSON come as
 * strings and parsed values; byte arrays without annotation are Uint8Array; null is null.
 *
 * Fails with FILE_NOT_FOUND, FILE_NOT_READABLE, NOT_PARQUET, UNKNOWN_COLUMN, PARQUET_DAMAGED.
 */
export function parquet<T = Record<string, unknown>>(
  input: FileInput,
  options: ParquetOptions<T> = {},
): Source<T> {
  const { columns, batchRows = BATCH_ROWS_DEFAULT } = options
  const inputs = inputsOf(input, 'parquet')
  return {
    kind: 'parquet',
    name: `parquet ${inputs.join(', ')}`,
    options: { input, ...(columns === undefined ? {} : { columns }), batchRows },
    bounded: true,
    enumerator: () => new ParquetEnumerator(input, columns),
    reader: () => new ParquetReader<T>({ columns, batchRows }),
  }
}

class ParquetEnumerator implements SplitEnumerator {
  readonly #input: FileInput
  readonly #columns: readonly string[] | undefined

  constructor(input: FileInput, columns: readonly string[] | undefined) {
    this.#input = input
    this.#columns = columns
  }

  async discover(): Promise<readonly ParquetSplit[]> {
    const splits: ParquetSplit[] = []
    for (const path of await findFiles(this.#input, ['.parquet'])) {
      splits.push(...(await this.#splitsOf(path)))
    }
    return splits
  }

  async #splitsOf(path: string): Promise<readonly ParquetSplit[]> {
    const file = await openParquetFile(path)
    try {
      const wanted = new Set(pickColumns(file, this.#columns).map((column) => column.name))
      return file.footer.row_groups.map((rowGroup, group) => ({
        id: `${path}#${group}`,
        path,
        group,
        records: Number(rowGroup.num_rows),
        bytes: rowGroup.columns
          .filter((chunk) => wanted.has(chunk.meta_data?.path_in_schema[0] ?? ''))
          .reduce((sum, chunk) => sum + Number(chunk.meta_data?.total_compressed_size ?? 0), 0),
      }))
    } finally {
      await file.handle.close()
    }
  }
}
