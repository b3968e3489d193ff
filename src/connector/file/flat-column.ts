/**
 * A flat column of one row group as a cursor: pages are decompressed one at a time, and values
 * are taken out of the page a batch at a time. Dictionary-encoded values stay indices into the
 * dictionary, so that a string that occurs often exists once.
 * Threads: the task that owns the split.
 */
import type { ColumnMetaData, Compressors } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { decompressPage } from 'hyparquet/src/datapage.js'
import type { PlainCursor, ValueKind } from './plain-values.ts'
import { plainCursor } from './plain-values.ts'
import { RleCursor } from './rle-cursor.ts'

/** Values of consecutive rows: `values[index[i]]`, or `values[i]` where there is no index. */
export interface ColumnSlice {
  readonly values: ArrayLike<unknown>
  readonly index: Int32Array | undefined
}

export interface ColumnCursor {
  /** Rows that `take` and `skip` may take now; 0 asks for `prepare`. */
  readonly rowsReady: number
  /**
   * Makes the next page ready and returns 0; a page of at most `skipMax` rows is passed over
   * instead, and its rows are returned.
   */
  prepare(skipMax?: number): number
  take(count: number): ColumnSlice
  skip(count: number): void
}

export interface FlatColumnOptions {
  readonly kind: ValueKind
  readonly nullable: boolean
  readonly codec: ColumnMetaData['codec']
  readonly compressors: Compressors
}

type PageHeader = ReturnType<typeof parquetHeader>

interface OpenPage {
  /** 1 where a row has a value; absent where all have one. */
  readonly present: RleCursor | undefined
  readonly index: RleCursor | undefined
  readonly plain: PlainCursor | undefined
}

interface DataPage {
  readonly bytes: Uint8Array
  readonly rows: number
  readonly encoding: string
  /** Definition levels, where there are any. */
  readonly levels: { readonly bytes: Uint8Array; readonly start: number; readonly end: number }
  readonly valuesAt: number
}

export class FlatColumn implements ColumnCursor {
  readonly #options: FlatColumnOptions
  readonly #chunk: Uint8Array
  readonly #reader: { view: DataView; offset: number }
  #dictionary: ArrayLike<unknown> | undefined
  #dictionaryWithNull: readonly unknown[] | undefined
  #page: OpenPage | undefined
  rowsReady = 0

  /** `chunk`: the column's bytes in the row group. */
  constructor(chunk: Uint8Array, options: FlatColumnOptions) {
    this.#options = options
    this.#chunk = chunk
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.#reader = { view, offset: 0 }
  }

  prepare(skipMax = 0): number {
    for (;;) {
      if (this.#reader.offset >= this.#chunk.length) {
        throw new RangeError('it has fewer values than the row group has rows')
      }
      const header = parquetHeader(this.#reader)
      const rows = rowsOf(header)
      const start = this.#reader.offset
      this.#reader.offset += header.compressed_page_size
      if (this.#reader.offset > this.#chunk.length) throw new RangeError('a page is cut off')
      if (!(rows >= 0 && header.compressed_page_size >= 0)) {
        throw new RangeError(`a page of ${rows} rows in ${header.compressed_page_size} bytes`)
      }
      const body = this.#chunk.subarray(start, this.#reader.offset)
      if (header.type === 'DICTIONARY_PAGE') this.#openDictionary(body, header)
      if (rows === 0) continue
      if (rows <= skipMax) return rows
      this.#openPage(this.#dataPage(body, header))
      return 0
    }
  }

  take(count: number): ColumnSlice {
    const slice = this.#takeShared(count)
    return this.#options.kind === 'bytes' ? ownBytes(slice, count) : slice
  }

  #takeShared(count: number): ColumnSlice {
    const page = this.#page!
    this.rowsReady -= count
    if (page.present !== undefined) return this.#takeWithNulls(page, page.present, count)
    if (page.plain !== undefined) return { values: page.plain.take(count), index: undefined }
    const index = new Int32Array(count)
    page.index!.read(index, count)
    return { values: this.#dictionary!, index }
  }

  skip(count: number): void {
    const page = this.#page!
    this.rowsReady -= count
    let values = count
    if (page.present !== undefined) values = countPresent(readPresent(page.present, count))
    if (page.plain !== undefined) page.plain.skip(values)
    else page.index!.skip(values)
  }

  #takeWithNulls(page: OpenPage, presentCursor: RleCursor, count: number): ColumnSlice {
    const present = readPresent(presentCursor, count)
    const valueCount = countPresent(present)
    if (page.plain !== undefined) {
      return { values: spread(page.plain.take(valueCount), present), index: undefined }
    }
    this.#dictionaryWithNull ??= [...Array.from(this.#dictionary!), null]
    const nullIndex = this.#dictionaryWithNull.length - 1
    const index = new Int32Array(count)
    page.index!.read(index, valueCount)
    let from = valueCount
    for (let i = count - 1; i >= 0; i--) index[i] = present[i] === 1 ? index[--from]! : nullIndex
    return { values: this.#dictionaryWithNull, index }
  }

  #openDictionary(body: Uint8Array, header: PageHeader): void {
    const bytes = this.#decompress(body, header.uncompressed_page_size)
    const entries = header.dictionary_page_header?.num_values ?? 0
    this.#dictionary = plainCursor(this.#options.kind, bytes, 0).take(entries)
  }

  #openPage(page: DataPage): void {
    const { levels } = page
    let present: RleCursor | undefined
    if (levels.end > levels.start) {
      present = new RleCursor(levels.bytes, { ...levels, width: 1, limit: 2 })
      if (present.constantFor(page.rows) === 1) present = undefined
    }
    this.#page = { present, ...this.#values(page) }
    this.rowsReady = page.rows
  }

  #values(page: DataPage): Omit<OpenPage, 'present'> {
    const { bytes, valuesAt: at, encoding } = page
    if (encoding === 'PLAIN') {
      return { index: undefined, plain: plainCursor(this.#options.kind, bytes, at) }
    }
    if (encoding === 'RLE' && this.#options.kind === 'boolean') {
      this.#dictionary = [false, true]
      const range = { start: at + 4, end: bytes.length, width: 1, limit: 2 }
      return { index: new RleCursor(bytes, range), plain: undefined }
    }
    if (!encoding.endsWith('_DICTIONARY')) throw new RangeError(`its encoding is ${encoding}`)
    if (this.#dictionary === undefined) throw new RangeError('its dictionary is missing')
    const limit = this.#dictionary.length
    // A page of nothing but nulls may end before the width.
    const width = at < bytes.length ? bytes[at]! : 0
    if (width > 32) throw new RangeError(`indices of ${width} bits`)
    const range = { start: at + 1, end: bytes.length, width, limit }
    return { index: new RleCursor(bytes, range), plain: undefined }
  }

  #dataPage(body: Uint8Array, header: PageHeader): DataPage {
    const v1 = header.data_page_header
    if (v1 !== undefined) {
      const bytes = this.#decompress(body, header.uncompressed_page_size)
      const end = this.#options.nullable ? 4 + uint32At(bytes, 0) : 0
      if (end > bytes.length) throw new RangeError('definition levels reach beyond their page')
      const levels = { bytes, start: this.#options.nullable ? 4 : 0, end }
      return { bytes, rows: v1.num_values, encoding: v1.encoding, levels, valuesAt: end }
    }
    const v2 = header.data_page_header_v2!
    const start = v2.repetition_levels_byte_length
    const end = start + v2.definition_levels_byte_length
    const size = header.uncompressed_page_size - end
    const rest = body.subarray(end)
    const bytes = v2.is_compressed === false ? rest : this.#decompress(rest, size)
    const levels = { bytes: body, start, end }
    return { bytes, rows: v2.num_values, encoding: v2.encoding, levels, valuesAt: 0 }
  }

  #decompress(bytes: Uint8Array, size: number): Uint8Array {
    return decompressPage(bytes, size, this.#options.codec, this.#options.compressors)
  }
}

/** A record's bytes may be changed by whoever receives it; a dictionary's must not be. */
function ownBytes({ values, index }: ColumnSlice, count: number): ColumnSlice {
  if (index === undefined) return { values, index }
  const copy = (value: unknown) => (value === null ? null : new Uint8Array(value as Uint8Array))
  return {
    values: Array.from({ length: count }, (_, i) => copy(values[index[i]!])),
    index: undefined,
  }
}

function rowsOf(header: PageHeader): number {
  return header.data_page_header?.num_values ?? header.data_page_header_v2?.num_values ?? 0
}

function uint32At(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true)
}

function readPresent(cursor: RleCursor, count: number): Uint8Array {
  const present = new Uint8Array(count)
  cursor.read(present, count)
  return present
}

function countPresent(present: Uint8Array): number {
  let count = 0
  for (let i = 0; i < present.length; i++) count += present[i]!
  return count
}

function spread(values: ArrayLike<unknown>, present: Uint8Array): unknown[] {
  const out = new Array<unknown>(present.length)
  let from = 0
  for (let i = 0; i < out.length; i++) out[i] = present[i] === 1 ? values[from++] : null
  return out
}
