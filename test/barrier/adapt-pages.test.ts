/** Restored pages of another shape than is declared now, with all that stands between records. */
import { expect, test } from 'vitest'
import { adaptPages } from '../../src/barrier/adapt-pages.ts'
import type { RestoredPage } from '../../src/channel/channel-capture.ts'
import { Codecs } from '../../src/codec/codecs.ts'
import { CodedTexts } from '../../src/codec/coded-texts.ts'
import type { KeyKind } from '../../src/codec/key-shape.ts'
import { APPENDED, MARK_IDLE, MARK_WATERMARK, pageViews } from '../../src/codec/page.ts'
import { hasTimes, markCount, markIndex, markKind, markValue } from '../../src/codec/page-layout.ts'
import type { Schema } from '../../src/codec/schema.ts'
import { schema, shapeOfSchema, t } from '../../src/codec/schema.ts'
import type { Shape } from '../../src/codec/shape.ts'
import { ShortKey } from '../../src/codec/short-key.ts'

type Item = object | readonly [kind: number, value: number]

const before = schema({ key: t.string, gone: t.optional(t.string), n: t.int32 })
const items: readonly Item[] = [
  { key: 'a', gone: 'x', n: 0 },
  [MARK_WATERMARK, 10],
  { key: 'b', n: 1 },
  { key: 'c', gone: 'y', n: 2 },
  [MARK_WATERMARK, 20],
  [MARK_IDLE, 0],
]

interface Written {
  readonly declared?: Schema<unknown>
  readonly items?: readonly Item[]
  readonly keys?: KeyKind
  readonly cursor?: number
  readonly marksTaken?: number
  /** Default: the declared one. */
  readonly shape?: Shape
  readonly capacity?: number
}

/** One page, written by a task of before; records have their number as event time. */
function pageOf(written: Written, codecs: Codecs): RestoredPage {
  const { declared = before, items: all = items, cursor = 0, marksTaken = 0, keys } = written
  const { shape = shapeOfSchema(declared), capacity = 8192 } = written
  const plain = codecs.plain(shape)
  const views = pageViews(new SharedArrayBuffer(capacity))
  const writer = codecs.writer(keys === undefined ? plain : codecs.keyed(plain, 'key', keys)!, true)
  const texts = new CodedTexts()
  const [current, spelling] = [{ current: -1 }, new ShortKey()]
  writer.codes = current
  writer.spelling = spelling
  writer.begin(views, 0, capacity)
  for (const item of all) {
    if (Array.isArray(item)) {
      expect(writer.mark(item[0], item[1])).toBe(APPENDED)
      continue
    }
    const { key = '', n = 0 } = item as { key?: string; n?: number }
    current.current = texts.list.length
    texts.add([key])
    spelling.read(key)
    expect(writer.append(item, n)).toBe(APPENDED)
  }
  return { bytes: views.u8.subarray(0, writer.finish()), texts, cursor, marksTaken }
}

/** What a task that reads the pages meets. */
function read(pages: readonly RestoredPage[], codecs: Codecs): readonly unknown[] {
  return pages.flatMap(({ bytes, texts, cursor, marksTaken }) => {
    const views = pageViews(bytes.buffer)
    const reader = codecs.reader(codecs.shapeOf(views, 0), hasTimes(views, 0))
    reader.texts = texts
    reader.open(views, 0)
    expect(reader.count + markCount(views, 0), 'what is in a page').toBeGreaterThan(0)
    const seen: unknown[] = []
    let row = cursor
    const rowsTo = (end: number) => {
      for (; row < end; row++)
        seen.push({ ...(reader.record(row) as object), at: reader.time(row) })
    }
    for (let k = marksTaken; k < markCount(views, 0); k++) {
      rowsTo(markIndex(views, 0, k))
      seen.push([markKind(views, 0, k), markValue(views, 0, k)])
    }
    rowsTo(reader.count)
    return seen
  })
}

const refuse = (why: string) => new Error(why)
const after = schema({ n: t.double, key: t.string, added: t.optional(t.string) })

test.each([undefined, 'coded', 'spelled'] as const)(
  'fields that are gone are left out, new ones are missing, marks stay: keys %s',
  (keys) => {
    const codecs = new Codecs()
    const given = keys === undefined ? {} : { keys }
    const pages = adaptPages([pageOf(given, codecs)], { codecs, declared: after, refuse })
    expect(read(pages, codecs)).toEqual([
      { n: 0, key: 'a', at: 0 },
      [MARK_WATERMARK, 10],
      { n: 1, key: 'b', at: 1 },
      { n: 2, key: 'c', at: 2 },
      [MARK_WATERMARK, 20],
      [MARK_IDLE, 0],
    ])
  },
)

test('what was processed of a page stays so', () => {
  const codecs = new Codecs()
  const page = pageOf({ cursor: 2, marksTaken: 1 }, codecs)
  const rest = [{ n: 2, key: 'c', at: 2 }, [MARK_WATERMARK, 20], [MARK_IDLE, 0]]
  const adapted = adaptPages([page], { codecs, declared: after, refuse })
  expect(read(adapted, codecs)).toEqual(rest)
  const onlyMarks = pageOf({ cursor: 3, marksTaken: 2 }, codecs)
  const left = adaptPages([onlyMarks], { codecs, declared: after, refuse })
  expect(read(left, codecs)).toEqual([[MARK_IDLE, 0]])
})

test('a page that is as declared stays the page that it is, however its keys are written', () => {
  const codecs = new Codecs()
  for (const keys of [undefined, 'coded', 'spelled'] as const) {
    const page = pageOf(keys === undefined ? {} : { keys }, codecs)
    expect(adaptPages([page], { codecs, declared: before, refuse })[0]).toBe(page)
  }
})

test('records of several pages stay in their order', () => {
  const codecs = new Codecs()
  const many = Array.from({ length: 80 }, (_, n) => ({ key: `${n}`, n }))
  const all = [0, 1, 2].map((k) =>
    pageOf({ items: many.map((one) => ({ ...one, n: one.n + 80 * k })) }, codecs),
  )
  const long = schema({ key: t.string, n: t.int32, added: t.optional(t.string) })
  const adapted = adaptPages(all, { codecs, declared: long, refuse })
  const seen = read(adapted, codecs).map((one) => (one as { n: number }).n)
  expect(seen).toEqual(Array.from({ length: 240 }, (_, n) => n))
})

const inner = (fields: Parameters<typeof schema>[0]) =>
  schema({ one: schema(fields), many: t.array(schema(fields)), n: t.int32 })

test('fields within fields and within arrays are adapted, too', () => {
  const codecs = new Codecs()
  const declared = inner({ x: t.int32, gone: t.optional(t.int32) })
  const record = { one: { x: 1, gone: 2 }, many: [{ x: 3, gone: 4 }, { x: 5 }], n: 0 }
  const page = pageOf({ declared, items: [record] }, codecs)
  const now = inner({ x: t.int32, added: t.optional(t.int32) })
  const [seen] = read(adaptPages([page], { codecs, declared: now, refuse }), codecs)
  expect(seen).toEqual({ one: { x: 1 }, many: [{ x: 3 }, { x: 5 }], n: 0, at: 0 })
})

test.each([
  ['a field that every record must have', { extra: t.string }, "field 'extra' is missing"],
  ['another type', { n: t.string }, "field 'n' is 0, expected string"],
])('%s is refused, by its name', (_, fields, message) => {
  const codecs = new Codecs()
  const declared = schema({ key: t.string, n: t.int32, ...fields })
  const adapt = () => adaptPages([pageOf({}, codecs)], { codecs, declared, refuse })
  expect(adapt).toThrow(message)
})

test('a wider number may become a narrower one where it is one', () => {
  const codecs = new Codecs()
  const declared = schema({ n: t.double, key: t.string })
  const narrower = schema({ n: t.int32, key: t.string })
  const adapt = (n: number) => {
    const page = pageOf({ declared, items: [{ key: 'a', n }] }, codecs)
    return read(adaptPages([page], { codecs, declared: narrower, refuse }), codecs)
  }
  expect(adapt(7)).toEqual([{ n: 7, key: 'a', at: 7 }])
  expect(() => adapt(7.5)).toThrow("field 'n' is 7.5, expected int32")
})

test('a mark before a record that no usual page takes stays before it', () => {
  const codecs = new Codecs()
  const huge = 'x'.repeat(70_000)
  const all: readonly Item[] = [[MARK_WATERMARK, 5], { key: huge, gone: 'y', n: 1 }]
  const page = pageOf({ items: all, capacity: 256 << 10 }, codecs)
  const adapted = adaptPages([page], { codecs, declared: after, refuse })
  const [mark, record] = read(adapted, codecs)
  expect(mark).toEqual([MARK_WATERMARK, 5])
  expect((record as { key: string }).key.length).toBe(huge.length)
})

test.each([
  ['an optional field that is there and undefined', { key: 'a', gone: undefined, n: 1 }],
  ['a zero below zero', { key: 'a', n: -0 }],
])('a record is as declared though pages have another shape for it: %s', (_, record) => {
  const codecs = new Codecs()
  // Its producer has widened the shape.
  const shape = codecs.widen(codecs.plain(shapeOfSchema(before)), record)
  const page = pageOf({ shape, items: [record, items[0]!, [MARK_WATERMARK, 9], record] }, codecs)
  const adapted = adaptPages([page], { codecs, declared: before, refuse })
  const at = Object.is(record.n, -0) ? -0 : 1
  expect(read(adapted, codecs)).toEqual([
    { ...record, at },
    { key: 'a', gone: 'x', n: 0, at: 0 },
    [MARK_WATERMARK, 9],
    { ...record, at },
  ])
})
