/**
 * Reads one row group after the other: bytes of its columns in ranges, pages decompressed when a
 * batch needs them, with a turn of the event loop after each, so that a task stays responsive.
 * Threads: the task.
 */
import type { Compressors } from 'hyparquet'
import { turn } from '../../base/clock.ts'
import { SluiceError } from '../../base/errors.ts'
import type { Batch, NextBatch, Split, SplitReader } from '../../operator/source.ts'
import { loadCompressors } from './compressors.ts'
import type { ColumnCursor, ColumnSlice } from './flat-column.ts'
import { FlatColumn } from './flat-column.ts'
import { nestedColumn } from './nested-column.ts'
import type { ParquetColumn, ParquetFile } from './parquet-file.ts'
import { chunkOf, damaged, openParquetFile, pickColumns, readRange } from './parquet-file.ts'
import { RowBatches } from './row-batch.ts'

export interface ParquetReaderOptions {
  readonly columns: readonly string[] | undefined
  readonly batchRows: number
}

/** One row group of one file. */
export interface ParquetSplit extends Split {
  readonly path: string
  readonly group: number
  readonly records: number
}

interface OpenColumn {
  readonly column: ParquetColumn
  readonly cursor: ColumnCursor
}

interface OpenFile {
  readonly file: ParquetFile
  readonly columns: readonly ParquetColumn[]
  readonly batches: RowBatches
  readonly compressors: Compressors
}

export class ParquetReader<T> implements SplitReader<T> {
  readonly #options: ParquetReaderOptions
  #open: OpenFile | undefined
  #split: ParquetSplit | undefined
  #columns: readonly OpenColumn[] = []
  #row = 0
  #rows = 0
  /** Of the files before the open one. */
  #bytesBefore = 0

  constructor(options: ParquetReaderOptions) {
    this.#options = options
  }

  /** As they lie in the files: compressed. */
  get bytesRead(): number {
    return this.#bytesBefore + (this.#open?.file.bytesRead ?? 0)
  }

  async open(split: Split, position: unknown | undefined): Promise<void> {
    const wanted = split as ParquetSplit
    const open = await this.#openFile(wanted.path)
    const group = open.file.footer.row_groups[wanted.group]
    if (group === undefined) throw damaged(wanted.path, `it has no row group ${wanted.group}`)
    this.#split = wanted
    this.#row = 0
    this.#rows = Number(group.num_rows)
    this.#columns = await Promise.all(open.columns.map((column) => this.#openColumn(open, column)))
    await this.#skipTo((position as { row: number } | undefined)?.row ?? 0)
  }

  next(): NextBatch<T> | Promise<NextBatch<T>> {
    if (this.#row >= this.#rows) return undefined
    for (const { cursor } of this.#columns) if (cursor.rowsReady === 0) return this.#prepare()
    return this.#batch()
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#bytesBefore = this.bytesRead
    this.#open = undefined
    this.#columns = []
    await open?.file.handle.close()
  }

  async #prepare(): Promise<NextBatch<T>> {
    for (const open of this.#columns) {
      if (open.cursor.rowsReady > 0) continue
      this.#decode(open, () => open.cursor.prepare())
      await turn()
    }
    return this.#batch()
  }

  /** Ends where the first of the pages does, so that a batch's column is of one encoding. */
  #batch(): Batch<T> {
    let count = Math.min(this.#options.batchRows, this.#rows - this.#row)
    for (const { cursor } of this.#columns) count = Math.min(count, cursor.rowsReady)
    const slices: ColumnSlice[] = []
    for (const open of this.#columns) slices.push(this.#take(open, count))
    const batch = this.#open!.batches.batch(this.#row, count, slices)
    this.#row += count
    return batch as Batch<T>
  }

  #take(open: OpenColumn, count: number): ColumnSlice {
    return this.#decode(open, () => open.cursor.take(count))
  }

  async #skipTo(row: number): Promise<void> {
    for (const open of this.#columns) {
      let left = row
      while (left > 0) {
        if (open.cursor.rowsReady === 0) {
          left -= this.#decode(open, () => open.cursor.prepare(left))
          await turn()
        }
        const here = Math.min(left, open.cursor.rowsReady)
        if (here > 0) this.#decode(open, () => open.cursor.skip(here))
        left -= here
      }
    }
    this.#row = row
  }

  #decode<R>(open: OpenColumn, action: () => R): R {
    try {
      return action()
    } catch (cause) {
      throw this.#damaged(open.column, cause)
    }
  }

  #damaged(column: ParquetColumn, cause: unknown): SluiceError {
    if (cause instanceof SluiceError) return cause
    const place = `${this.#split!.path}: row group ${this.#split!.group}, column '${column.name}'`
    const why = cause instanceof Error ? cause.message : String(cause)
    return damaged(place, `cannot be decoded: ${why}`, cause)
  }

  async #openFile(path: string): Promise<OpenFile> {
    if (this.#open?.file.path === path) return this.#open
    await this.close()
    const file = await openParquetFile(path)
    this.#open = { file, columns: [], batches: new RowBatches([]), compressors: {} }
    const columns = pickColumns(file, this.#options.columns)
    this.#open = {
      file,
      columns,
      batches: new RowBatches(columns.map((column) => column.name)),
      compressors: await loadCompressors(codecsOf(file)),
    }
    return this.#open
  }

  async #openColumn(open: OpenFile, column: ParquetColumn): Promise<OpenColumn> {
    const { file, compressors } = open
    const group = this.#split!.group
    try {
      if (column.kind === 'nested') {
        return { column, cursor: await nestedColumn({ file, compressors, group, column }) }
      }
      const chunk = chunkOf(file.footer.row_groups[group]!, column.name)
      if (chunk === undefined) throw new RangeError('the row group lacks it')
      const start = Number(chunk.dictionary_page_offset || chunk.data_page_offset)
      const bytes = await readRange(file, start, start + Number(chunk.total_compressed_size))
      const { kind, nullable } = column
      const options = { kind, nullable, codec: chunk.codec, compressors }
      return { column, cursor: new FlatColumn(bytes, options) }
    } catch (cause) {
      throw this.#damaged(column, cause)
    }
  }
}

function codecsOf(file: ParquetFile): ReadonlySet<string> {
  const chunks = file.footer.row_groups.flatMap((group) => group.columns)
  return new Set(chunks.map((chunk) => chunk.meta_data?.codec ?? 'UNCOMPRESSED'))
}
