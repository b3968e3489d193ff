/**
 * An open Parquet file: its footer, its columns and how each is decoded. The file is read in
 * ranges: the footer here, one column's bytes of one row group at a time later.
 * Threads: the main thread for discovery, the task for reading; each opens the file for itself.
 */
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import type { FileMetaData, RowGroup, SchemaElement } from 'hyparquet'
import { parquetMetadata, parquetSchema } from 'hyparquet'
import { SluiceError } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import { fileError } from './file-errors.ts'
import type { ValueKind } from './plain-values.ts'

export interface ParquetColumn {
  readonly name: string
  /** 'nested' also stands for rare types that are left to the general reader. */
  readonly kind: ValueKind | 'nested'
  readonly nullable: boolean
}

export interface ParquetFile {
  readonly path: string
  readonly handle: FileHandle
  readonly bytes: number
  /** By `readRange`, so far. */
  bytesRead: number
  readonly footer: FileMetaData
  readonly columns: readonly ParquetColumn[]
}

/** Opens a file and reads its footer. Throws FILE_NOT_FOUND, FILE_NOT_READABLE, NOT_PARQUET. */
export async function openParquetFile(path: string): Promise<ParquetFile> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw fileError(error, path)
  })
  try {
    return { path, handle, bytesRead: 0, ...(await readFooter(path, handle)) }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** The columns named, in that order; all without names. Throws UNKNOWN_COLUMN. */
export function pickColumns(
  file: ParquetFile,
  names: readonly string[] | undefined,
): readonly ParquetColumn[] {
  if (names === undefined) return file.columns
  return names.map((name) => {
    const found = file.columns.find((column) => column.name === name)
    if (found !== undefined) return found
    const known = file.columns.map((column) => column.name)
    const meant = nearest(name, known)
    throw new SluiceError('UNKNOWN_COLUMN', `${file.path} has no column '${name}'`, {
      place: file.path,
      hint: `${meant === undefined ? '' : `did you mean '${meant}'? `}It has ${known.join(', ')}`,
    })
  })
}

/** The bytes [start, end) of an open file. */
export async function readRange(
  file: ParquetFile,
  start: number,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!(start >= 0 && start <= end && end <= file.bytes)) {
    throw damaged(file.path, `its footer refers to bytes ${start} to ${end} of ${file.bytes}`)
  }
  const bytes = new Uint8Array(end - start)
  file.bytesRead += bytes.length
  let done = 0
  while (done < bytes.length) {
    const { bytesRead } = await file.handle
      .read(bytes, done, bytes.length - done, start + done)
      .catch((error: unknown) => {
        throw fileError(error, file.path)
      })
    if (bytesRead === 0) throw damaged(file.path, `ends at byte ${start + done}, before ${end}`)
    done += bytesRead
  }
  return bytes
}

/** A Parquet file whose footer is fine and whose rest is not. */
export function damaged(place: string, what: string, cause?: unknown): SluiceError {
  return new SluiceError('PARQUET_DAMAGED', `${place}: ${what}`, {
    place,
    hint: 'the file is damaged, cut off or was changed while it was read; copy it anew',
    ...(cause === undefined ? {} : { cause }),
  })
}

const MAGIC = 'PAR1'
/** Magic, footer, length of the footer, magic. */
const BYTES_MIN = 12
const MAX_ROWS = BigInt(Number.MAX_SAFE_INTEGER)

async function readFooter(
  path: string,
  handle: FileHandle,
): Promise<Omit<ParquetFile, 'path' | 'handle' | 'bytesRead'>> {
  const stat = await handle.stat()
  if (!stat.isFile()) throw notParquet(path, 'it is no regular file')
  if (stat.size < BYTES_MIN) throw notParquet(path, `it has ${stat.size} bytes`)
  const ends = Buffer.alloc(BYTES_MIN)
  await handle.read(ends, 0, 4, 0)
  await handle.read(ends, 4, 8, stat.size - 8)
  if (ends.toString('latin1', 0, 4) !== MAGIC || ends.toString('latin1', 8, 12) !== MAGIC) {
    const [first, last] = [printable(ends.subarray(0, 4)), printable(ends.subarray(8, 12))]
    throw notParquet(path, `it begins with ${first} and ends with ${last} instead of ${MAGIC}`)
  }
  const length = ends.readUInt32LE(4)
  if (length > stat.size - BYTES_MIN) {
    throw notParquet(path, `its footer of ${length} bytes is larger than the file`)
  }
  const tail = Buffer.alloc(length + 8)
  await handle.read(tail, 0, tail.length, stat.size - tail.length)
  try {
    const options = { parsers: statisticsParsers, geoparquet: false }
    const footer = parquetMetadata(new Uint8Array(tail), options)
    checkFooter(footer)
    const columns = parquetSchema(footer).children.map(({ element, children }) =>
      columnOf(footer, element, children.length > 0),
    )
    return { footer, bytes: stat.size, columns }
  } catch (cause) {
    throw notParquet(path, 'its footer cannot be decoded', cause)
  }
}

/** What everything else relies on; a damaged footer may decode to anything. */
function checkFooter(footer: FileMetaData): void {
  for (const { num_rows: rows, columns } of footer.row_groups) {
    if (typeof rows !== 'bigint' || rows < 0n || rows > MAX_ROWS) {
      throw new RangeError(`a row group of ${String(rows)} rows`)
    }
    if (columns.some((chunk) => !Array.isArray(chunk.meta_data?.encodings))) {
      throw new RangeError('a row group with a column that has no encodings')
    }
  }
}

/** Statistics are only compared, so times may stay what they are. */
const statisticsParsers = {
  timestampFromMilliseconds: (value: bigint) => value,
  timestampFromMicroseconds: (value: bigint) => value,
  timestampFromNanoseconds: (value: bigint) => value,
  dateFromDays: (value: number) => value,
}

function notParquet(path: string, found: string, cause?: unknown): SluiceError {
  return new SluiceError('NOT_PARQUET', `${path} is no Parquet file: ${found}`, {
    place: path,
    hint: 'read lines of JSON with fromJsonLines, plain lines with text',
    ...(cause === undefined ? {} : { cause }),
  })
}

function printable(bytes: Buffer): string {
  const text = bytes.toString('latin1')
  return /^[\x20-\x7e]+$/.test(text) ? `'${text}'` : `0x${bytes.toString('hex')}`
}

function columnOf(footer: FileMetaData, element: SchemaElement, nested: boolean): ParquetColumn {
  const chunks = footer.row_groups.map((group) => chunkOf(group, element.name))
  const simple = chunks.every((chunk) => chunk?.encodings.every((name) => ENCODINGS.has(name)))
  const flat = !nested && simple && element.repetition_type !== 'REPEATED'
  return {
    name: element.name,
    kind: flat ? kindOf(footer, element) : 'nested',
    nullable: element.repetition_type === 'OPTIONAL',
  }
}

/** What the cursors of flat columns decode; chunks with any other go to the general reader. */
const ENCODINGS = new Set<string>([
  'PLAIN',
  'RLE',
  'RLE_DICTIONARY',
  'PLAIN_DICTIONARY',
  'BIT_PACKED',
])

/** A flat column's bytes in a row group. */
export function chunkOf(group: RowGroup, name: string) {
  return group.columns.find((chunk) => chunk.meta_data?.path_in_schema[0] === name)?.meta_data
}

function kindOf(footer: FileMetaData, element: SchemaElement): ValueKind | 'nested' {
  const { type, converted_type: converted, logical_type: logical } = element
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') return 'nested'
  if (type === 'BOOLEAN') return 'boolean'
  if (type === 'FLOAT') return 'float'
  if (type === 'DOUBLE') return 'double'
  if (type === 'INT32') {
    if (converted === 'DATE' || logical?.type === 'DATE') return 'days'
    return isUnsigned(element) ? 'uint32' : 'int32'
  }
  if (type === 'INT64') return isUnsigned(element) ? 'nested' : int64Kind(footer, element)
  if (type !== 'BYTE_ARRAY') return 'nested'
  if (converted === 'UTF8' || converted === 'ENUM') return 'string'
  if (logical?.type === 'STRING' || logical?.type === 'ENUM') return 'string'
  return converted === undefined && logical === undefined ? 'bytes' : 'nested'
}

function isUnsigned({ converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  const bySign = logical?.type === 'INTEGER' && !logical.isSigned && logical.bitWidth >= 32
  return bySign || converted === 'UINT_32' || converted === 'UINT_64'
}

function int64Kind(footer: FileMetaData, element: SchemaElement): ValueKind {
  const { converted_type: converted, logical_type: logical } = element
  if (logical?.type === 'TIMESTAMP') {
    return logical.unit === 'MILLIS' ? 'millis' : logical.unit === 'MICROS' ? 'micros' : 'nanos'
  }
  if (converted === 'TIMESTAMP_MILLIS') return 'millis'
  if (converted === 'TIMESTAMP_MICROS') return 'micros'
  const ranges = footer.row_groups.map((group) => chunkOf(group, element.name)?.statistics)
  const bounds = ranges.flatMap((range) => [
    range?.min_value ?? range?.min,
    range?.max_value ?? range?.max,
  ])
  const known = bounds.filter((bound) => typeof bound === 'bigint')
  if (known.some((bound) => !Number.isSafeInteger(Number(bound)))) return 'bigint'
  const small = known.every((bound) => Number(bound) === (Number(bound) | 0))
  return small && known.length === bounds.length ? 'int64-small' : 'int64'
}
