/**
 * What the channels of one edge share: the shape that its records have come to, so that all
 * channels converge on one, how its keys are written, and how many pages are open.
 * Threads: the producing task.
 */
import type { Codecs } from '../codec/codecs.ts'
import type { KeyKind } from '../codec/key-shape.ts'
import type { Schema } from '../codec/schema.ts'
import { shapeOfSchema } from '../codec/schema.ts'
import type { Shape } from '../codec/shape.ts'
import type { KeyCodes } from './key-codes.ts'
import type { KeySpelling } from './key-spelling.ts'

/** How texts by which records are partitioned are written: by numbers, spelled, as they are. */
export interface EdgeKeys {
  /** The records' field that is the key. */
  readonly field: string
  readonly codes: KeyCodes
  readonly spelling: KeySpelling
}

export class EdgeState {
  shape: Shape | undefined
  openPages = 0
  /** Present where records are partitioned by a field. */
  keys: EdgeKeys | undefined
  /** What the records must be; without it the first record teaches the shape. */
  readonly declared: Schema<unknown> | undefined
  #keyed: { readonly of: Shape; readonly kind: KeyKind; readonly shape: Shape } | undefined

  constructor(declared?: Schema<unknown>) {
    this.declared = declared
    this.shape = declared === undefined ? undefined : shapeOfSchema(declared)
  }

  /** In what shape the records of `shape` are written now. See `Codecs.plain` for the inverse. */
  written(shape: Shape, codecs: Codecs): Shape {
    const { keys } = this
    const kind = keys && kindNow(keys)
    if (keys === undefined || kind === undefined) return shape
    if (this.#keyed?.of === shape && this.#keyed.kind === kind) return this.#keyed.shape
    const keyed = codecs.keyed(shape, keys.field, kind)
    if (keyed === undefined) {
      keys.codes.end()
      keys.spelling.end()
      return shape
    }
    this.#keyed = { of: shape, kind, shape: keyed }
    return keyed
  }
}

function kindNow({ codes, spelling }: EdgeKeys): KeyKind | undefined {
  if (codes.isOn) return 'coded'
  return spelling.isOn ? 'spelled' : undefined
}
