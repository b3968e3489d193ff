/** Shapes with a coded text: see `ValueKind`. Threads: any. */
import type { FieldShape, Shape } from './shape.ts'
import { shapeFromData } from './shape.ts'

/** The shape with that field coded; undefined unless it is a string in every record. */
export function codedShape(shape: Shape, name: string): Shape | undefined {
  const { root } = shape
  if (root.kind !== 'object' || root.nullable || root.undefinable) return undefined
  const field = root.fields.find((one) => one.name === name)
  if (field === undefined || field.optional || field.value.kind !== 'string') return undefined
  if (field.value.nullable || field.value.undefinable) return undefined
  const coded: FieldShape = { ...field, value: { ...field.value, kind: 'coded' } }
  const fields = root.fields.map((one) => (one === field ? coded : one))
  return shapeFromData({ root: { ...root, fields } })
}
