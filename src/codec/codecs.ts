/**
 * A task's shapes, and writers and readers of the classes generated for them.
 * Threads: one task.
 */
import { assert } from '../base/assert.ts'
import type { KeyKind } from './key-shape.ts'
import { keyShape, plainShape } from './key-shape.ts'
import { learnShape, widenShape } from './learn-shape.ts'
import type { PageReader, PageViews, PageWriter } from './page.ts'
import { pageReader, pageWriter, sameRoot, sharedShape } from './page-classes.ts'
import { headerWord, SHAPE_HI_WORD, SHAPE_LO_WORD } from './page-layout.ts'
import type { Shape, ShapeData } from './shape.ts'
import { shapeFromData } from './shape.ts'

export class Codecs {
  readonly #shapes = new Map<string, Shape>()
  /** By the halves of the id, so that a page's header finds its shape without making a string. */
  readonly #byLo = new Map<number, Shape[]>()

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
    return pageWriter(shape, withTime)
  }

  /** A new reader of that shape. */
  reader(shape: Shape, withTime: boolean): PageReader {
    return pageReader(shape, withTime)
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
      const shared = sharedShape(shape)
      this.#shapes.set(shared.id, shared)
      this.#byLo.set(shared.lo, [...(this.#byLo.get(shared.lo) ?? []), shared])
      return shared
    }
    assert(sameRoot(known, shape), `two shapes have the id ${shape.id}`)
    return known
  }
}
