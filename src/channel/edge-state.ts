/**
 * What the channels of one edge share: the shape that its records have come to, so that all
 * channels converge on one, the numbers of its keys, and how many pages are open.
 * Threads: the producing task.
 */
import type { Codecs } from '../codec/codecs.ts'
import type { Schema } from '../codec/schema.ts'
import { shapeOfSchema } from '../codec/schema.ts'
import type { Shape } from '../codec/shape.ts'
import type { KeyCodes } from './key-codes.ts'

export class EdgeState {
  shape: Shape | undefined
  openPages = 0
  /** Present where records are partitioned by a field. */
  codes: KeyCodes | undefined
  /** What the records must be; without it the first record teaches the shape. */
  readonly declared: Schema<unknown> | undefined
  /** Shapes with a coded key, and what they are without. */
  readonly #plain = new Map<Shape, Shape>()
  #coded: { readonly of: Shape; readonly shape: Shape } | undefined

  constructor(declared?: Schema<unknown>) {
    this.declared = declared
    this.shape = declared === undefined ? undefined : shapeOfSchema(declared)
  }

  /** In what shape the records of `shape` are written: with a coded key while keys have numbers. */
  written(shape: Shape, codecs: Codecs): Shape {
    const { codes } = this
    if (codes === undefined || !codes.isOn) return shape
    if (this.#coded?.of === shape) return this.#coded.shape
    const coded = codecs.coded(shape, codes.field)
    if (coded === undefined) {
      codes.end()
      return shape
    }
    this.#coded = { of: shape, shape: coded }
    this.#plain.set(coded, shape)
    return coded
  }

  /** The inverse of `written`. */
  plain(written: Shape): Shape {
    return this.#plain.get(written) ?? written
  }
}
