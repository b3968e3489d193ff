/**
 * What records of a page look like, as plain data: learned from records or declared by a schema.
 * A shape has the hash of its own content as its id, so that two threads that learn the same
 * shape, or one after a restart, mean the same by it. Shapes are immutable.
 * Threads: any; between threads as `ShapeData`.
 */
import { murmur3 } from './murmur.ts'

/**
 * How a value is kept in a page. `nothing` is a field that was only ever null or undefined, `any`
 * one that no other kind fits (null and undefined among its values); objects are flattened into
 * the columns of their fields. `coded` is a string for which pages hold a number where both ends of
 * the channel know it by one, `spelled` one for which rows hold the canonical key and its hash
 * where it is a short key: no record is learned to be so (`keyShape`).
 */
export type ValueKind =
  | 'nothing'
  | 'bool'
  | 'int32'
  | 'double'
  | 'string'
  | 'coded'
  | 'spelled'
  | 'date'
  | 'bigint'
  | 'bytes'
  | 'object'
  | 'array'
  | 'any'

export interface ValueShape {
  readonly kind: ValueKind
  readonly nullable: boolean
  /** May be undefined and yet be there; see also `FieldShape.optional`. */
  readonly undefinable: boolean
  /** The fields of an object, in the order in which records are built; empty otherwise. */
  readonly fields: readonly FieldShape[]
}

export interface FieldShape {
  readonly name: string
  readonly value: ValueShape
  /** May be missing. */
  readonly optional: boolean
}

/** A shape without what follows from it: what travels and what is stored. */
export interface ShapeData {
  /** The record itself; any kind, since streams of plain strings or numbers are legal. */
  readonly root: ValueShape
}

export interface Shape extends ShapeData {
  /** Content hash, 16 hex digits; `hi` and `lo` are its halves as int32. */
  readonly id: string
  readonly hi: number
  readonly lo: number
}

const HI_SEED = 0x51f7a3d9
const LO_SEED = 0x2c0e9b65

/** The plain description, ready for structured clone or JSON. */
export function shapeToData(shape: Shape): ShapeData {
  return { root: shape.root }
}

/** The inverse of `shapeToData`, and the way to make any shape. */
export function shapeFromData(data: ShapeData): Shape {
  const root = canonical(data.root)
  // UTF-16 tells apart field names that differ in a lone surrogate.
  const descriptor = Buffer.from(JSON.stringify(root), 'utf16le')
  const hi = murmur3(descriptor, 0, descriptor.length, HI_SEED)
  const lo = murmur3(descriptor, 0, descriptor.length, LO_SEED)
  return { root, id: hex(hi) + hex(lo), hi, lo }
}

/** The same properties in the same order, whoever made it: what the id is computed over. */
function canonical(value: ValueShape): ValueShape {
  const isAny = value.kind === 'any'
  return {
    kind: value.kind,
    nullable: value.nullable && !isAny,
    undefinable: value.undefinable && !isAny,
    fields: value.fields.map((field) => ({
      name: field.name,
      value: canonical(field.value),
      optional: field.optional,
    })),
  }
}

function hex(int32: number): string {
  return (int32 >>> 0).toString(16).padStart(8, '0')
}
