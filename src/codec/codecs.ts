/**
 * A task's shapes and the writer and reader classes generated for them, each made once.
 * Threads: one task.
 */
import { assert } from '../base/assert.ts'
import type { KeyKind } from './key-shape.ts'
import { keyShape, plainShape } from './key-shape.ts'
import { learnShape, widenShape } from './learn-shape.ts'
import type { PageReader, PageViews, PageWriter } from './page.ts'
import { compilePageReader, compilePageWriter } from './page-compiler.ts'
import { headerWord, SHAPE_HI_WORD, SHAPE_LO_WORD } from './page-layout.ts'
import type { Shape, ShapeData } from './shape.ts'
import { shapeFromData } from './shape.ts'

export class Codecs {
  readonly #shapes = new Map<string, Shape>()
  /** By the halves of the id, so that a page's header finds its shape without making a string. */
  readonly #byLo = new Map<number, Shape[]>()
  readonly #writers = new Map<string, new () => PageWriter>()
  readonly #readers = new Map<string, new () => PageReader>()

  /** The narrowest shape of one record. Throws `RECORD_NOT_ENCODABLE`. */
  learn(record: unknown): Shape {
    return this.#keep(learnShape(record))
  }

  /** A shape for `record` and for all that fits `shape`; `shape` itself if the record does. */
  widen(shape: Shape, record: unknown): Shape {
    return this.#keep(widenShape(shape, record))
  }

  /** See `keyShape`. */
  keyed(shape: Shape, field: string, kind: KeyKind): Shape | undefined {
    const keyed = keyShape(shape, field, kind)
    return keyed && this.#keep(keyed)
  }

  /** See `plainShape`. */
  plain(shape: Shape): Shape {
    return this.#keep(plainShape(shape))
  }

  /** A new writer of that shape. */
  writer(shape: Shape, withTime: boolean): PageWriter {
    const key = keyOf(shape, withTime)
    let Writer = this.#writers.get(key)
    if (Writer === undefined) {
      Writer = compilePageWriter(shape, withTime)
      this.#writers.set(key, Writer)
    }
    return new Writer()
  }

  /** A new reader of that shape. */
  reader(shape: Shape, withTime: boolean): PageReader {
    const key = keyOf(shape, withTime)
    let Reader = this.#readers.get(key)
    if (Reader === undefined) {
      Reader = compilePageReader(shape, withTime)
      this.#readers.set(key, Reader)
    }
    return new Reader()
  }

  /** Makes a shape known that another thread made. */
  add(data: ShapeData): Shape {
    return this.#keep(shapeFromData(data))
  }

  /** The shape with these halves of an id, if it is known. */
  shape(hi: number, lo: number): Shape | undefined {
    return this.#byLo.get(lo)?.find((shape) => shape.hi === hi)
  }

  /** The shape of the records of a page, which was made known. */
  shapeOf(views: PageViews, offset: number): Shape {
    const hi = headerWord(views, offset, SHAPE_HI_WORD)
    const shape = this.shape(hi, headerWord(views, offset, SHAPE_LO_WORD))
    assert(shape !== undefined, 'a page has a shape that was not announced')
    return shape
  }

  #keep(shape: Shape): Shape {
    const known = this.#shapes.get(shape.id)
    if (known === undefined) {
      this.#shapes.set(shape.id, shape)
      this.#byLo.set(shape.lo, [...(this.#byLo.get(shape.lo) ?? []), shape])
      return shape
    }
    assert(sameRoot(known, shape), `two shapes have the id ${shape.id}`)
    return known
  }
}

function sameRoot(a: Shape, b: Shape): boolean {
  return a === b || JSON.stringify(a.root) === JSON.stringify(b.root)
}

function keyOf(shape: Shape, withTime: boolean): string {
  return withTime ? `${shape.id}t` : shape.id
}
