import type { Schema } from '../codec/schema.ts'
import { shapeOfSchema } from '../codec/schema.ts'
import type { Shape } from '../codec/shape.ts'

/**
 * What the channels of one edge share: the shape that its records have come to, so that all
 * channels converge on one, and how many pages are open.
 * Threads: the producing task.
 */
export class EdgeState {
  shape: Shape | undefined
  openPages = 0

  /** What the records must be; without it the first record teaches the shape. */
  readonly declared: Schema<unknown> | undefined

  constructor(declared?: Schema<unknown>) {
    this.declared = declared
    this.shape = declared === undefined ? undefined : shapeOfSchema(declared)
  }
}
