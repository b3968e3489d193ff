/** Shapes in which a text is coded or spelled: see `ValueKind`. Threads: any. */
import type { FieldShape, Shape, ValueKind } from './shape.ts'
import { shapeFromData } from './shape.ts'
import { SHORT_KEY_BYTES } from './short-key.ts'

/** Of a spelled text: canonical bytes (0 where the text itself is there), hash, those bytes. */
export const SPELLED_WORDS = { length: 0, hash: 1, key: 2 } as const
export const SPELLED_BYTES = 4 * SPELLED_WORDS.key + SHORT_KEY_BYTES

export type KeyKind = Extract<ValueKind, 'coded' | 'spelled'>

/** The shape with that field of that kind; undefined unless it is a string in every record. */
export function keyShape(shape: Shape, name: string, kind: KeyKind): Shape | undefined {
  const { root } = shape
  if (root.kind !== 'object' || root.nullable || root.undefinable) return undefined
  const field = root.fields.find((one) => one.name === name)
  if (field === undefined || field.optional || field.value.kind !== 'string') return undefined
  if (field.value.nullable || field.value.undefinable) return undefined
  const keyed: FieldShape = { ...field, value: { ...field.value, kind } }
  const fields = root.fields.map((one) => (one === field ? keyed : one))
  return shapeFromData({ root: { ...root, fields } })
}

/** The inverse: the shape with all texts as they are. */
export function plainShape({ root }: Shape): Shape {
  const fields = root.fields.map((field): FieldShape => {
    const { kind } = field.value
    if (kind !== 'coded' && kind !== 'spelled') return field
    return { ...field, value: { ...field.value, kind: 'string' } }
  })
  return shapeFromData({ root: { ...root, fields } })
}
