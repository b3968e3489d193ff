import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Codecs } from '../../src/codec/codecs.ts'
import {
  APPENDED,
  END_OF_TIME,
  FULL,
  MARK_IDLE,
  MARK_WATERMARK,
  MISFIT,
  NO_TIME,
  type PageReader,
  type PageViews,
  type PageWriter,
  pageViews,
} from '../../src/codec/page.ts'
import {
  BYTES_WORD,
  COUNT_WORD,
  HEAP_ENCODING_WORD,
  hasTimes,
  headerWord,
  markCount,
  markIndex,
  markKind,
  markValue,
  SHAPE_HI_WORD,
  SHAPE_LO_WORD,
} from '../../src/codec/page-layout.ts'
import type { Shape } from '../../src/codec/shape.ts'
import { anyRecord, anyValue, similarRecords } from './arbitraries.ts'
import { isSame } from './same.ts'

const OFFSET = 64

function sharedPage(bytes: number): PageViews {
  const views = pageViews(new SharedArrayBuffer(OFFSET + bytes))
  // What was there before must not matter.
  views.u8.fill(0xa5)
  return views
}

interface Page {
  readonly views: PageViews
  readonly shape: Shape
}

/** Writes as a channel does: new pages where one is full, widened shapes where one does not fit. */
class Pages {
  readonly list: Page[] = []
  readonly codecs = new Codecs()
  readonly #bytes: number
  readonly #withTime: boolean
  #shape: Shape | undefined
  #writer: PageWriter | undefined
  #views!: PageViews
  shapeChanges = 0

  constructor(bytes: number, withTime: boolean) {
    this.#bytes = bytes
    this.#withTime = withTime
  }

  write(record: unknown, timeMs: number): void {
    for (let attempt = 0; attempt < 6; attempt++) {
      const writer = this.#writer ?? this.#open(record, this.#bytes)
      const before = writer.count
      const result = writer.append(record, timeMs)
      expect(writer.count).toBe(result === APPENDED ? before + 1 : before)
      if (result === APPENDED) return
      const bytesNeeded = writer.bytesNeeded
      this.publish()
      if (result === MISFIT) {
        const widened = this.codecs.widen(this.#shape!, record)
        expect(widened.id).not.toBe(this.#shape!.id)
        this.#shape = widened
        this.shapeChanges++
      } else if (before === 0) {
        this.#open(record, bytesNeeded)
      }
    }
    expect.fail('no page takes the record')
  }

  publish(): void {
    const writer = this.#writer
    if (writer === undefined) return
    this.#writer = undefined
    let bytes = writer.finish()
    if (bytes < 0) {
      const larger = sharedPage(-bytes)
      writer.relocate(larger, OFFSET, -bytes)
      this.#views = larger
      bytes = writer.finish()
    }
    expect(bytes).toBeGreaterThan(0)
    expect(bytes % 8).toBe(0)
    expect(headerWord(this.#views, OFFSET, BYTES_WORD)).toBe(bytes)
    this.list.push({ views: this.#views, shape: writer.shape })
  }

  #open(record: unknown, bytes: number): PageWriter {
    this.#shape ??= this.codecs.learn(record)
    this.#views = sharedPage(bytes)
    this.#writer = this.codecs.writer(this.#shape, this.#withTime)
    this.#writer.begin(this.#views, OFFSET, bytes)
    return this.#writer
  }
}

function readAll(pages: Pages, withTime: boolean): { records: unknown[]; times: number[] } {
  const records: unknown[] = []
  const times: number[] = []
  const readers = new Map<string, PageReader>()
  for (const { views, shape } of pages.list) {
    const hi = headerWord(views, OFFSET, SHAPE_HI_WORD)
    const lo = headerWord(views, OFFSET, SHAPE_LO_WORD)
    expect(pages.codecs.shape(hi, lo)).toEqual(shape)
    expect(hasTimes(views, OFFSET)).toBe(withTime)
    const reader = readers.get(shape.id) ?? pages.codecs.reader(shape, withTime)
    readers.set(shape.id, reader)
    reader.open(views, OFFSET)
    expect(reader.count).toBe(headerWord(views, OFFSET, COUNT_WORD))
    for (let i = 0; i < reader.count; i++) {
      const record = reader.record(i)
      const fields = reader.fields(i) as Record<string, unknown>
      for (const { name } of reader.hasFields ? shape.root.fields : []) {
        const own = record as typeof fields
        expect(isSame(fields[name], Object.hasOwn(own, name) ? own[name] : undefined)).toBe(true)
      }
      records.push(record)
      times.push(reader.time(i))
    }
  }
  return { records, times }
}

function roundTrip(records: readonly unknown[], pageBytes: number, withTime = false): Pages {
  const pages = new Pages(pageBytes, withTime)
  records.forEach((record, index) => pages.write(record, index))
  pages.publish()
  const read = readAll(pages, withTime)
  if (!isSame(read.records, [...records])) expect(read.records).toEqual(records)
  expect(isSame(read.records, [...records])).toBe(true)
  expect(read.times).toEqual(records.map((_, index) => (withTime ? index : NO_TIME)))
  return pages
}

const pageBytes = fc.constantFrom(256, 264, 1000, 4096, 65_536)

test('records with much in common come back as they were, whatever the page size', () => {
  fc.assert(
    fc.property(similarRecords, pageBytes, fc.boolean(), (records, bytes, withTime) => {
      roundTrip(records, bytes, withTime)
    }),
    { numRuns: 150 },
  )
})

test('values and records of any kind come back as they were, and shapes settle', () => {
  const records = fc.array(fc.oneof(anyRecord, anyValue), { maxLength: 20 })
  fc.assert(
    fc.property(records, pageBytes, (mixed, bytes) => {
      roundTrip(mixed, bytes)
      const pages = roundTrip([...mixed, ...mixed], bytes)
      const once = roundTrip(mixed, bytes)
      expect(pages.shapeChanges).toBe(once.shapeChanges)
    }),
    { numRuns: 150 },
  )
})

test('streams of plain strings and numbers are legal', () => {
  roundTrip(['a', 'b', '', 'é', '漢'], 256)
  roundTrip([1, 2, 3, -0, 1.5, Number.NaN], 256)
  roundTrip([null, undefined, null, 1, 'x'], 256)
  roundTrip([[1, 2], [], ['x']], 256)
  roundTrip([{}, {}, {}], 256)
})

test('missing, undefined and null are three things', () => {
  const pages = roundTrip([{ a: 1, b: 'x' }, { a: null }, { a: undefined, b: null }, {}], 4096)
  const { records } = readAll(pages, false)
  expect(Object.keys(records[1] as object)).toEqual(['a'])
  expect(Object.keys(records[2] as object)).toEqual(['a', 'b'])
  expect(Object.keys(records[3] as object)).toEqual([])
})

test('nothing is dropped: an extra field does not fit, whatever else is missing', () => {
  const codecs = new Codecs()
  const shape = codecs.widen(codecs.learn({ a: 1, b: 2, u: undefined }), { a: 1, u: 1 })
  const writer = codecs.writer(shape, false)
  writer.begin(sharedPage(1024), OFFSET, 1024)
  const misfits = [
    { a: 1, b: 2, u: 1, c: 3 },
    { a: 1, u: 1, c: 3 },
    { a: 1, c: 3 },
    { a: 1, b: undefined, u: 1 },
    { u: 1 },
    Object.assign(Object.create({ u: 1 }), { a: 1, c: 3 }),
    null,
    undefined,
    'a',
    [1],
    new Map(),
  ]
  for (const record of misfits) expect(writer.append(record, 0)).toBe(MISFIT)
  expect(writer.count).toBe(0)
  expect(writer.append({ b: 1, u: undefined, a: 3 }, 0)).toBe(APPENDED)
})

test('an instance of a class comes out as a plain object with its own fields', () => {
  class Bid {
    #hidden = 1
    price = 5
    get double() {
      return this.price * 2 * this.#hidden
    }
  }
  const pages = new Pages(256, false)
  for (const record of [
    { price: 1 },
    new Bid(),
    Object.assign(Object.create(null), { price: 2 }),
  ]) {
    pages.write(record, 0)
  }
  pages.publish()
  const { records } = readAll(pages, false)
  expect(records).toStrictEqual([{ price: 1 }, { price: 5 }, { price: 2 }])
})

test('functions and symbols are refused, with the path of their field', () => {
  const codecs = new Codecs()
  const refused = (record: unknown, place: string) => {
    const error = expect.objectContaining({
      code: 'RECORD_NOT_ENCODABLE',
      message: expect.stringContaining(place),
    })
    expect(() => codecs.learn(record)).toThrow(error)
  }
  refused({ a: { run: () => 1 } }, `'a.run'`)
  refused(Symbol('x'), 'a symbol')
  const shape = codecs.widen(codecs.learn({ list: [1], x: 1 }), { list: 'any', x: 1 })
  const writer = codecs.writer(shape, false)
  writer.begin(sharedPage(1024), OFFSET, 1024)
  expect(() => writer.append({ list: [{ go: () => 1 }], x: 1 }, 0)).toThrow(/'list\[0\]\.go'/)
  expect(writer.append({ list: [1], x: 1 }, 0)).toBe(APPENDED)
  expect(writer.count).toBe(1)
})

test('a page takes as many records as its bytes allow, and says what a larger one needs', () => {
  const codecs = new Codecs()
  const writer = codecs.writer(codecs.learn({ text: 'x' }), false)
  writer.begin(sharedPage(256), OFFSET, 256)
  let count = 0
  while (writer.append({ text: 'ten chars.' }, 0) === APPENDED) count++
  expect(count).toBe(Math.floor((256 - 64 - 4) / 18))
  writer.begin(sharedPage(256), OFFSET, 256)
  const large = { text: 'x'.repeat(1000) }
  expect(writer.append(large, 0)).toBe(FULL)
  const bytes = writer.bytesNeeded
  writer.begin(sharedPage(bytes), OFFSET, bytes)
  expect(writer.append(large, 0)).toBe(APPENDED)
  expect(writer.finish()).toBeLessThanOrEqual(bytes)
})

test('strings need one byte a character up to Latin-1, and two beyond', () => {
  for (const [text, encoding] of [
    ['plain', 0],
    ['é'.repeat(5), 1],
    ['漢字', 2],
    ['é\ud800', 2],
  ] as const) {
    const pages = roundTrip([{ text }], 256)
    expect(headerWord(pages.list[0]!.views, OFFSET, HEAP_ENCODING_WORD)).toBe(encoding)
  }
})

test('one Latin-1 character at any place of a full page does not pass for ASCII', () => {
  for (let length = 1; length < 12; length++) {
    for (let at = 0; at < length; at++) {
      const text = `${'a'.repeat(at)}é${'a'.repeat(length - at - 1)}`
      roundTrip([text, text, text], 256)
    }
  }
})

test('marks keep their place between the records, and share the page with them', () => {
  const mark = fc.tuple(
    fc.constantFrom(MARK_WATERMARK, MARK_IDLE),
    fc.oneof(fc.double(), fc.constantFrom(END_OF_TIME, NO_TIME)),
  )
  const steps = fc.array(fc.oneof(fc.string(), mark), { maxLength: 40 })
  fc.assert(
    fc.property(steps, fc.constantFrom(256, 1000, 4096), (script, bytes) => {
      const codecs = new Codecs()
      const views = sharedPage(bytes)
      const writer = codecs.writer(codecs.learn('x'), true)
      writer.begin(views, OFFSET, bytes)
      const records: string[] = []
      const marks: number[][] = []
      for (const step of script) {
        const isRecord = typeof step === 'string'
        const result = isRecord ? writer.append(step, 7) : writer.mark(step[0], step[1])
        if (result !== APPENDED) continue
        if (isRecord) records.push(step)
        else marks.push([records.length, step[0], step[1]])
      }
      if (writer.finish() < 0) return
      const reader = codecs.reader(writer.shape, true)
      reader.open(views, OFFSET)
      expect(Array.from(records, (_, i) => reader.record(i))).toEqual(records)
      const read = Array.from({ length: markCount(views, OFFSET) }, (_, k) => [
        markIndex(views, OFFSET, k),
        markKind(views, OFFSET, k),
        markValue(views, OFFSET, k),
      ])
      expect(read).toEqual(marks)
    }),
  )
})
