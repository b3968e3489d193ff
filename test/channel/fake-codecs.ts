/**
 * A codec small enough to see through: a page holds JSON texts. Shapes are sets of field names; a
 * record misfits if it has a field that its shape lacks.
 */
import type { Codecs } from '../../src/codec/codecs.ts'
import type { PageReader, PageViews, PageWriter } from '../../src/codec/page.ts'
import { APPENDED, FULL, MISFIT } from '../../src/codec/page.ts'
import {
  HEAP_CHARS_WORD,
  MARK_COUNT_WORD,
  MARKS_OFFSET_WORD,
  SHAPE_HI_WORD,
  SHAPE_LO_WORD,
} from '../../src/codec/page-layout.ts'
import type { Shape } from '../../src/codec/shape.ts'

const HEADER_BYTES = 64
const MARK_BYTES = 16
const MARKS_MAX = 4

interface FakeShape extends Shape {
  readonly fields: readonly string[]
}

export class FakeCodecs {
  readonly #known = new Map<string, FakeShape>()

  learn(record: unknown): Shape {
    return shapeOf(Object.keys(record as object))
  }

  widen(shape: Shape, record: unknown): Shape {
    return shapeOf([...(shape as FakeShape).fields, ...Object.keys(record as object)])
  }

  writer(shape: Shape): PageWriter {
    return new FakeWriter(shape as FakeShape)
  }

  reader(shape: Shape): PageReader {
    return new FakeReader(shape)
  }

  add({ root }: { readonly root: { readonly fields: readonly string[] } }): Shape {
    const shape = shapeOf(root.fields)
    this.#known.set(`${shape.hi},${shape.lo}`, shape)
    return shape
  }

  shape(hi: number, lo: number): Shape {
    return this.#known.get(`${hi},${lo}`)!
  }
}

export function fakeCodecs(): Codecs {
  return new FakeCodecs() as unknown as Codecs
}

function shapeOf(names: readonly string[]): FakeShape {
  const fields = [...new Set(names)].sort()
  let lo = 17
  for (const char of fields.join()) lo = (Math.imul(lo, 31) + char.charCodeAt(0)) | 0
  return { id: `0000${lo}`, hi: 0, lo, fields, root: { fields } } as unknown as FakeShape
}

class FakeWriter implements PageWriter {
  readonly shape: FakeShape
  readonly withTime = true
  count = 0
  bytesNeeded = 0
  #views!: PageViews
  #offset = 0
  #capacity = 0
  #texts: string[] = []
  #marks: (readonly [index: number, kind: number, value: number])[] = []

  constructor(shape: FakeShape) {
    this.shape = shape
  }

  begin(views: PageViews, offset: number, capacity: number): void {
    this.relocate(views, offset, capacity)
    this.count = 0
    this.#texts = []
    this.#marks = []
  }

  append(record: unknown, timeMs: number) {
    const fields = Object.keys(record as object)
    if (fields.some((field) => !this.shape.fields.includes(field))) return MISFIT
    const text = JSON.stringify([record, timeMs])
    this.#texts.push(text)
    // As the real one, it counts on one byte a character, and learns better when it finishes.
    this.bytesNeeded = this.#bytes((all) => all.length)
    if (this.bytesNeeded > this.#capacity) {
      this.#texts.pop()
      return FULL
    }
    this.count++
    return APPENDED
  }

  mark(kind: number, value: number) {
    if (this.#marks.length === MARKS_MAX) return FULL
    this.#marks.push([this.count, kind, value])
    return APPENDED
  }

  finish(): number {
    const bytes = this.#bytes((all) => Buffer.byteLength(all))
    if (bytes > this.#capacity) return -bytes
    const { i32, f64, buf } = this.#views
    const at = this.#offset >> 2
    const all = JSON.stringify(this.#texts)
    const marksAt = HEADER_BYTES
    i32[at + SHAPE_HI_WORD] = this.shape.hi
    i32[at + SHAPE_LO_WORD] = this.shape.lo
    i32[at + MARK_COUNT_WORD] = this.#marks.length
    i32[at + MARKS_OFFSET_WORD] = marksAt
    i32[at + HEAP_CHARS_WORD] = Buffer.byteLength(all)
    this.#marks.forEach(([index, kind, value], k) => {
      const mark = this.#offset + marksAt + k * MARK_BYTES
      i32.set([index, kind], mark >> 2)
      f64[(mark + 8) >> 3] = value
    })
    buf.write(all, this.#offset + HEADER_BYTES + MARKS_MAX * MARK_BYTES)
    return bytes
  }

  relocate(views: PageViews, offset: number, capacity: number): void {
    this.#views = views
    this.#offset = offset
    this.#capacity = capacity
  }

  #bytes(measure: (all: string) => number): number {
    return HEADER_BYTES + MARKS_MAX * MARK_BYTES + measure(JSON.stringify(this.#texts))
  }
}

class FakeReader implements PageReader {
  readonly shape: Shape
  count = 0
  #rows: [unknown, number][] = []

  constructor(shape: Shape) {
    this.shape = shape
  }

  open(views: PageViews, offset: number): void {
    const at = offset + HEADER_BYTES + MARKS_MAX * MARK_BYTES
    const all = views.buf.toString('utf8', at, at + views.i32[(offset >> 2) + HEAP_CHARS_WORD]!)
    this.#rows = (JSON.parse(all) as string[]).map((text) => JSON.parse(text))
    this.count = this.#rows.length
  }

  record(index: number): unknown {
    return this.#rows[index]![0]
  }

  time(index: number): number {
    return this.#rows[index]![1]
  }
}
