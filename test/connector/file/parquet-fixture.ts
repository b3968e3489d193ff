/**
 * Writes small Parquet files for tests: flat columns, plain or with a dictionary, pages of either
 * version, with nulls, in several row groups. Nothing here is meant to be fast.
 */
import { gzipSync } from 'node:zlib'

export interface FixtureColumn {
  readonly name: string
  readonly type: keyof typeof TYPES
  readonly converted?: keyof typeof CONVERTED
  /** Unit of a logical timestamp. */
  readonly timestamp?: 'MILLIS' | 'MICROS' | 'NANOS'
  /** null stands for a missing value; the column must not be `required` then. */
  readonly values: readonly (number | bigint | string | boolean | Uint8Array | null)[]
  readonly required?: boolean
  readonly dictionary?: boolean
  readonly rowsPerPage?: number
  readonly pageVersion?: 1 | 2
  /** Lowest and highest value, for 64-bit integers. */
  readonly statistics?: readonly [bigint, bigint]
}

export interface FixtureOptions {
  readonly rowsPerGroup?: number
  readonly gzip?: boolean
}

const TYPES = { BOOLEAN: 0, INT32: 1, INT64: 2, FLOAT: 4, DOUBLE: 5, BYTE_ARRAY: 6 } as const
const CONVERTED = {
  UTF8: 0,
  DECIMAL: 5,
  DATE: 6,
  TIMESTAMP_MILLIS: 9,
  TIMESTAMP_MICROS: 10,
  UINT_32: 13,
  UINT_64: 14,
  JSON: 19,
} as const

/** The bytes of a file with these columns, all of the same length. */
export function parquetFixture(
  columns: readonly FixtureColumn[],
  options: FixtureOptions = {},
): Uint8Array {
  const rows = columns[0]?.values.length ?? 0
  const size = options.rowsPerGroup ?? Math.max(1, rows)
  const out: Uint8Array[] = [Buffer.from('PAR1')]
  const groups: Thrift[] = []
  for (let from = 0; from < rows; from += size) {
    const to = Math.min(rows, from + size)
    groups.push(writeGroup(out, columns, { from, to, gzip: options.gzip === true }))
  }
  const footer = struct(
    [1, i32(1)],
    [2, list(schemaOf(columns))],
    [3, i64(rows)],
    [4, list(groups)],
  )
  const length = Buffer.alloc(4)
  length.writeUInt32LE(footer.bytes.length)
  return Buffer.concat([...out, footer.bytes, length, Buffer.from('PAR1')])
}

interface GroupRange {
  readonly from: number
  readonly to: number
  readonly gzip: boolean
}

function writeGroup(
  out: Uint8Array[],
  columns: readonly FixtureColumn[],
  range: GroupRange,
): Thrift {
  const chunks = columns.map((column) => {
    const start = out.reduce((sum, part) => sum + part.length, 0)
    const values = column.values.slice(range.from, range.to)
    const pages = pagesOf(column, values, range.gzip)
    out.push(...pages)
    const bytes = pages.reduce((sum, page) => sum + page.length, 0)
    return struct(
      [2, i64(start)],
      [3, chunkMeta(column, { start, bytes, values: values.length, gzip: range.gzip })],
    )
  })
  return struct([1, list(chunks)], [2, i64(0)], [3, i64(range.to - range.from)])
}

interface ChunkPlace {
  readonly start: number
  readonly bytes: number
  readonly values: number
  readonly gzip: boolean
}

function chunkMeta(column: FixtureColumn, place: ChunkPlace): Thrift {
  const { start, bytes, values, gzip } = place
  const limits = column.statistics?.map((bound) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(bound)
    return binary(bytes)
  })
  return struct(
    [1, i32(TYPES[column.type])],
    [2, list([i32(0), i32(3), ...(column.dictionary === true ? [i32(8)] : [])])],
    [3, list([binary(Buffer.from(column.name))])],
    [4, i32(gzip ? 2 : 0)],
    [5, i64(values)],
    [6, i64(bytes)],
    [7, i64(bytes)],
    [9, i64(start)],
    ...(column.dictionary === true ? [[11, i64(start)] as const] : []),
    ...(limits === undefined ? [] : [[12, struct([5, limits[1]!], [6, limits[0]!])] as const]),
  )
}

function schemaOf(columns: readonly FixtureColumn[]): readonly Thrift[] {
  const units = { MILLIS: 1, MICROS: 2, NANOS: 3 } as const
  const leaves = columns.map((column) =>
    struct(
      [1, i32(TYPES[column.type])],
      [3, i32(isOptional(column) ? 1 : 0)],
      [4, binary(Buffer.from(column.name))],
      ...(column.converted === undefined ? [] : [[6, i32(CONVERTED[column.converted])] as const]),
      ...(column.converted === 'DECIMAL' ? [[7, i32(2)] as const, [8, i32(9)] as const] : []),
      ...(column.timestamp === undefined
        ? []
        : [
            [
              10,
              struct([
                8,
                struct([1, bool(true)], [2, struct([units[column.timestamp], struct()])]),
              ]),
            ] as const,
          ]),
    ),
  )
  return [struct([4, binary(Buffer.from('root'))], [5, i32(columns.length)]), ...leaves]
}

function isOptional(column: FixtureColumn): boolean {
  return column.required !== true
}

type Value = FixtureColumn['values'][number]

function pagesOf(column: FixtureColumn, values: readonly Value[], gzip: boolean): Uint8Array[] {
  const pack = (bytes: Uint8Array) => (gzip ? gzipSync(bytes) : bytes)
  const present = values.filter((value) => value !== null)
  const dictionary = present.filter(
    (value, i) => present.findIndex((other) => Object.is(other, value)) === i,
  )
  const pages: Uint8Array[] = []
  if (column.dictionary === true) {
    const body = plain(column, dictionary)
    const packed = pack(body)
    const header = struct(
      [1, i32(2)],
      [2, i32(body.length)],
      [3, i32(packed.length)],
      [7, struct([1, i32(dictionary.length)], [2, i32(0)])],
    )
    pages.push(header.bytes, packed)
  }
  const size = column.rowsPerPage ?? Math.max(1, values.length)
  for (let from = 0; from < values.length; from += size) {
    const own = values.slice(from, from + size)
    pages.push(...dataPage(column, { own, dictionary, pack }))
  }
  return pages
}

interface PageContent {
  readonly own: readonly Value[]
  readonly dictionary: readonly Value[]
  readonly pack: (bytes: Uint8Array) => Uint8Array
}

function dataPage(column: FixtureColumn, { own, dictionary, pack }: PageContent): Uint8Array[] {
  const present = own.filter((value) => value !== null)
  const width = Math.max(1, 32 - Math.clz32(Math.max(0, dictionary.length - 1)))
  const indices = present.map((value) => dictionary.findIndex((entry) => Object.is(entry, value)))
  const body =
    column.dictionary === true
      ? Buffer.concat([Buffer.from([width]), hybrid(indices, width)])
      : plain(column, present)
  const encoding = i32(column.dictionary === true ? 8 : 0)
  const levels = isOptional(column)
    ? hybrid(
        own.map((value) => (value === null ? 0 : 1)),
        1,
      )
    : Buffer.alloc(0)
  if (column.pageVersion === 2) {
    const packed = pack(body)
    const header = struct(
      [1, i32(3)],
      [2, i32(body.length + levels.length)],
      [3, i32(packed.length + levels.length)],
      [
        8,
        struct(
          [1, i32(own.length)],
          [2, i32(own.length - present.length)],
          [3, i32(own.length)],
          [4, encoding],
          [5, i32(levels.length)],
          [6, i32(0)],
          [7, bool(true)],
        ),
      ],
    )
    return [header.bytes, levels, packed]
  }
  const size = Buffer.alloc(isOptional(column) ? 4 : 0)
  if (isOptional(column)) size.writeUInt32LE(levels.length)
  const whole = Buffer.concat([size, levels, body])
  const packed = pack(whole)
  const header = struct(
    [1, i32(0)],
    [2, i32(whole.length)],
    [3, i32(packed.length)],
    [5, struct([1, i32(own.length)], [2, encoding], [3, i32(3)], [4, i32(3)])],
  )
  return [header.bytes, packed]
}

function plain(column: FixtureColumn, values: readonly Value[]): Buffer {
  if (column.type === 'BOOLEAN') {
    const bytes = Buffer.alloc(Math.ceil(values.length / 8))
    for (const [i, value] of values.entries()) if (value === true) bytes[i >> 3]! |= 1 << (i & 7)
    return bytes
  }
  return Buffer.concat(values.map((value) => plainValue(column.type, value)))
}

function plainValue(type: FixtureColumn['type'], value: Value): Buffer {
  const bytes = Buffer.alloc(type === 'INT32' || type === 'FLOAT' ? 4 : 8)
  if (type === 'INT32') bytes.writeInt32LE(Number(value) | 0)
  else if (type === 'INT64') bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(value as bigint)))
  else if (type === 'FLOAT') bytes.writeFloatLE(value as number)
  else if (type === 'DOUBLE') bytes.writeDoubleLE(value as number)
  else {
    const content =
      typeof value === 'string' ? Buffer.from(value) : Buffer.from(value as Uint8Array)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(content.length)
    return Buffer.concat([length, content])
  }
  return bytes
}

/** Groups of eight equal values become runs, others are bit-packed. */
function hybrid(values: readonly number[], width: number): Buffer {
  const parts: Buffer[] = []
  for (let from = 0; from < values.length; from += 8) {
    const group = values.slice(from, from + 8)
    if (group.every((value) => value === group[0])) {
      const bytes = Buffer.alloc(Math.ceil(width / 8))
      bytes.writeUIntLE(group[0]!, 0, bytes.length)
      parts.push(varInt(group.length * 2), bytes)
    } else {
      let bits = 0n
      for (const [i, value] of group.entries()) bits |= BigInt(value) << BigInt(i * width)
      const bytes = Array.from({ length: width }, (_, i) => Number((bits >> BigInt(8 * i)) & 255n))
      parts.push(varInt(3), Buffer.from(bytes))
    }
  }
  return Buffer.concat(parts)
}

/** A value in Thrift's compact protocol. */
interface Thrift {
  readonly type: number
  readonly bytes: Buffer
}

function varInt(value: number | bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt(value)
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}

const i32 = (value: number): Thrift => ({ type: 5, bytes: varInt(value * 2) })
const i64 = (value: number): Thrift => ({ type: 6, bytes: varInt(BigInt(value) * 2n) })
const bool = (value: boolean): Thrift => ({ type: value ? 1 : 2, bytes: Buffer.alloc(0) })

function binary(bytes: Buffer): Thrift {
  return { type: 8, bytes: Buffer.concat([varInt(bytes.length), bytes]) }
}

function list(items: readonly Thrift[]): Thrift {
  const type = items[0]?.type ?? 12
  const head =
    items.length < 15
      ? Buffer.from([(items.length << 4) | type])
      : Buffer.concat([Buffer.from([0xf0 | type]), varInt(items.length)])
  return { type: 9, bytes: Buffer.concat([head, ...items.map((item) => item.bytes)]) }
}

function struct(...fields: readonly (readonly [number, Thrift])[]): Thrift {
  let last = 0
  const parts = fields.map(([id, value]) => {
    const head = Buffer.from([((id - last) << 4) | value.type])
    last = id
    return Buffer.concat([head, value.bytes])
  })
  return { type: 12, bytes: Buffer.concat([...parts, Buffer.from([0])]) }
}
