/**
 * Where each field of a shape lies in a row. Wide columns come first, so that all are aligned.
 * Threads: any.
 */
import { SPELLED_BYTES } from './key-shape.ts'
import { align8 } from './page-layout.ts'
import type { FieldShape, Shape, ValueKind, ValueShape } from './shape.ts'

/** What a state byte says about its value. */
export const STATE_VALUE = 0
export const STATE_NULL = 1
export const STATE_UNDEFINED = 2
export const STATE_MISSING = 3

export interface ValuePlan {
  /** Unique in its row: names variables of generated code. */
  readonly id: number
  readonly shape: ValueShape
  /** The field's name in its object, '' for the root. */
  readonly name: string
  /** From the record down, for messages. */
  readonly path: string
  readonly optional: boolean
  /** Byte in the row, -1 where the value has no column (objects, nothing). */
  column: number
  /** Byte in the row of a coded text's number, which is -1 where the text itself is there. */
  code: number
  /** Byte in the row of a spelled text's `SPELLED_WORDS`. */
  spelling: number
  /** Byte in the row, -1 where only one state is possible. */
  state: number
  /** For ends: the column of the value that lies before this one, -1 for the row's first. */
  previous: number
  readonly fields: readonly ValuePlan[]
}

export interface RowPlan {
  readonly root: ValuePlan
  /** All but objects and their fields' parents, in the order of the fields. */
  readonly leaves: readonly ValuePlan[]
  /** Values whose text is in the string heap, in order. */
  readonly texts: readonly ValuePlan[]
  /** Values whose bytes are behind it, in order. */
  readonly blobs: readonly ValuePlan[]
  readonly all: readonly ValuePlan[]
  readonly hasSpelled: boolean
  readonly stride: number
}

const WIDE: ReadonlySet<ValueKind> = new Set(['double', 'date'])
const TEXTS: ReadonlySet<ValueKind> = new Set(['string', 'coded', 'spelled', 'bigint'])
const BLOBS: ReadonlySet<ValueKind> = new Set(['bytes', 'array', 'any'])

export function planRow(shape: Shape, withTime: boolean): RowPlan {
  const all: ValuePlan[] = []
  const root = planValue({ name: '', value: shape.root, optional: false }, '', all)
  const leaves = all.filter((plan) => plan.shape.kind !== 'object')
  const ofKinds = (kinds: ReadonlySet<ValueKind>) => leaves.filter((p) => kinds.has(p.shape.kind))
  const texts = ofKinds(TEXTS)
  const blobs = ofKinds(BLOBS)
  let end = withTime ? 8 : 0
  const place = (plans: readonly ValuePlan[], bytes: number) => {
    for (const plan of plans) {
      plan.column = end
      end += bytes
    }
  }
  place(ofKinds(WIDE), 8)
  place(ofKinds(new Set(['int32'])), 4)
  place(texts, 4)
  place(blobs, 4)
  for (const plan of ofKinds(new Set(['coded']))) {
    plan.code = end
    end += 4
  }
  for (const plan of ofKinds(new Set(['spelled']))) {
    plan.spelling = end
    end += SPELLED_BYTES
  }
  place(ofKinds(new Set(['bool'])), 1)
  for (const plan of all) if (stateCount(plan) > 1) plan.state = end++
  chainEnds(texts)
  chainEnds(blobs)
  // A row of no columns takes room too, so that pages of such records are bounded.
  const stride = Math.max(8, align8(end))
  const hasSpelled = texts.some((plan) => plan.shape.kind === 'spelled')
  return { root, leaves, texts, blobs, all, hasSpelled, stride }
}

function planValue(field: FieldShape, path: string, all: ValuePlan[]): ValuePlan {
  const fields: ValuePlan[] = []
  const plan: ValuePlan = {
    id: all.length,
    shape: field.value,
    name: field.name,
    path,
    optional: field.optional,
    column: -1,
    code: -1,
    spelling: -1,
    state: -1,
    previous: -1,
    fields,
  }
  all.push(plan)
  for (const inner of field.value.fields) {
    fields.push(planValue(inner, path === '' ? inner.name : `${path}.${inner.name}`, all))
  }
  return plan
}

function stateCount({ shape, optional }: ValuePlan): number {
  const states = [shape.kind !== 'nothing', shape.nullable, shape.undefinable, optional]
  return states.filter(Boolean).length
}

function chainEnds(plans: readonly ValuePlan[]): void {
  plans.forEach((plan, index) => {
    plan.previous = index === 0 ? -1 : plans[index - 1]!.column
  })
}
