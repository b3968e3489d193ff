/**
 * Shapes learned from records. A widened shape takes all that the old one took, and every change
 * goes one way (int32 to double, a field to optional, anything else to `any`), so that records
 * which alternate settle on one shape after at most a few pages.
 * Threads: the producing task.
 */
import type { FieldShape, Shape, ValueKind, ValueShape } from './shape.ts'
import { shapeFromData } from './shape.ts'
import { joinPath, kindOfValue, RECORD_DEPTH_MAX } from './value-kind.ts'

/** Objects with more fields are kept whole: they are tables of names, not records. */
const FIELDS_MAX = 256
/** As many fields may be missing before an object counts as a table of names. */
const OPTIONAL_FIELDS_MAX = 64
/** Columns of one row. */
const LEAVES_MAX = 1024

const ANY: ValueShape = { kind: 'any', nullable: false, undefinable: false, fields: [] }

/** The narrowest shape of one record. Throws `RECORD_NOT_ENCODABLE`. */
export function learnShape(record: unknown): Shape {
  return shapeFromData({ root: bounded(learnValue(record, '', 0)) })
}

/** The narrowest shape of `record` and all that had `shape`; `shape` itself if that is it. */
export function widenShape(shape: Shape, record: unknown): Shape {
  const root = bounded(union(shape.root, learnValue(record, '', 0)))
  const widened = shapeFromData({ root })
  return widened.id === shape.id ? shape : widened
}

function learnValue(value: unknown, path: string, depth: number): ValueShape {
  const kind = kindOfValue(value, path)
  return {
    kind,
    nullable: value === null,
    undefinable: value === undefined,
    fields: [],
    ...(kind === 'object' ? learnObject(value as Record<string, unknown>, path, depth) : {}),
  }
}

function learnObject(
  value: Record<string, unknown>,
  path: string,
  depth: number,
): Pick<ValueShape, 'kind' | 'fields'> {
  const names = Object.keys(value)
  if (depth >= RECORD_DEPTH_MAX || names.length > FIELDS_MAX) return ANY
  const fields = names.map((name) => ({
    name,
    value: learnValue(value[name], joinPath(path, name), depth + 1),
    optional: false,
  }))
  return { kind: 'object', fields }
}

function union(a: ValueShape, b: ValueShape): ValueShape {
  const kind = unionOfKinds(a.kind, b.kind)
  const fields = kind === 'object' ? unionOfFields(a, b) : []
  if (fields.filter((field) => field.optional).length > OPTIONAL_FIELDS_MAX) return ANY
  return {
    kind,
    nullable: a.nullable || b.nullable,
    undefinable: a.undefinable || b.undefinable,
    fields,
  }
}

function unionOfKinds(a: ValueKind, b: ValueKind): ValueKind {
  if (a === b || b === 'nothing') return a
  if (a === 'nothing') return b
  const areNumbers = (a === 'int32' || a === 'double') && (b === 'int32' || b === 'double')
  return areNumbers ? 'double' : 'any'
}

/** The fields of both, those of `a` first; what one lacks is optional, unless it was null there. */
function unionOfFields(a: ValueShape, b: ValueShape): readonly FieldShape[] {
  if (a.kind !== 'object') return b.fields
  if (b.kind !== 'object') return a.fields
  const others = new Map(b.fields.map((field) => [field.name, field]))
  const merged = a.fields.map((field) => {
    const other = others.get(field.name)
    others.delete(field.name)
    if (other === undefined) return { ...field, optional: true }
    const optional = field.optional || other.optional
    return { name: field.name, value: union(field.value, other.value), optional }
  })
  return [...merged, ...Array.from(others.values(), (field) => ({ ...field, optional: true }))]
}

function bounded(root: ValueShape): ValueShape {
  return leavesOf(root) > LEAVES_MAX ? ANY : root
}

function leavesOf(value: ValueShape): number {
  if (value.kind !== 'object') return 1
  return value.fields.reduce((leaves, field) => leaves + leavesOf(field.value), 1)
}
