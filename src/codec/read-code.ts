/**
 * The methods of a page reader that build records, as JavaScript. A record is an object literal,
 * so that all of a page have one hidden class. An object with optional fields has a method of its
 * own, which uses the literal if all fields are there and adds one after the other if not.
 * Threads: any.
 */
import { SPELLED_WORDS } from './key-shape.ts'
import type { RowPlan, ValuePlan } from './row-plan.ts'
import { STATE_MISSING, STATE_NULL, STATE_VALUE } from './row-plan.ts'

/** Class members: `record(i)`, one method for each object with optional fields, and `time(i)`. */
export function readCode(plan: RowPlan, withTime: boolean): string {
  const objects = plan.all.filter(hasMethod)
  const time = `time(i) { return this.f64[this.rows8 + i * ${plan.stride / 8}] }`
  return [
    `record(i) {`,
    ...prologue(plan),
    `return ${expression(plan, plan.root)}`,
    `}`,
    ...objects.flatMap((value) => objectMethod(plan, value)),
    withTime ? time : '',
  ].join('\n')
}

/**
 * The members of a class of one object a reader that shows the fields of the row it stands on,
 * decoded when they are read. For code that looks at fields and keeps no record.
 */
export function fieldsCode(plan: RowPlan): string {
  const getters = plan.root.fields.map(
    (field) => `get [${JSON.stringify(field.name)}]() {
      const page = this.#reader, i = this.#row
      ${prologue(plan, 'page').join('\n')}
      return ${fieldExpression(plan, field)}
    }`,
  )
  return [
    '#reader',
    '#row = 0',
    'constructor(reader) { this.#reader = reader }',
    'static at(fields, row) { fields.#row = row; return fields }',
    ...getters,
  ].join('\n')
}

function fieldExpression(plan: RowPlan, field: ValuePlan): string {
  const value = expression(plan, field, 'page')
  if (!field.optional) return value
  return `u8[p1 + ${field.state}] === ${STATE_MISSING} ? undefined : ${value}`
}

function hasMethod({ fields }: ValuePlan): boolean {
  return fields.some((field) => field.optional)
}

function prologue({ stride, hasSpelled }: RowPlan, page = 'this'): string[] {
  return [
    `const f64 = ${page}.f64, i32 = ${page}.i32, u8 = ${page}.u8, heap = ${page}.heap`,
    `const p8 = ${page}.rows8 + i * ${stride / 8}, p4 = p8 * 2, p1 = p8 * 8`,
    ...(hasSpelled ? [`const rows = ${page}.rows`] : []),
  ]
}

/** The value of a field that is not missing. */
function expression(plan: RowPlan, value: ValuePlan, page = 'this'): string {
  const present = presentExpression(plan, value, page)
  const { shape, state } = value
  if (shape.kind === 'nothing' && !(shape.nullable && shape.undefinable)) {
    return shape.nullable ? 'null' : 'undefined'
  }
  if (state < 0) return present
  const byte = `u8[p1 + ${state}]`
  const absent =
    shape.nullable && shape.undefinable
      ? `(${byte} === ${STATE_NULL} ? null : undefined)`
      : shape.nullable
        ? 'null'
        : 'undefined'
  if (shape.kind === 'nothing') return absent
  return shape.nullable || shape.undefinable
    ? `(${byte} === ${STATE_VALUE} ? ${present} : ${absent})`
    : present
}

function presentExpression(plan: RowPlan, value: ValuePlan, page: string): string {
  const { column } = value
  switch (value.shape.kind) {
    case 'bool':
      return `(u8[p1 + ${column}] === 1)`
    case 'int32':
      return `i32[p4 + ${column / 4}]`
    case 'double':
      return `f64[p8 + ${column / 8}]`
    case 'date':
      return `new Date(f64[p8 + ${column / 8}])`
    case 'string':
      return `heap.substring(${range(plan.texts, value, plan.stride)})`
    case 'coded': {
      const code = `i32[p4 + ${value.code / 4}]`
      const text = `heap.substring(${range(plan.texts, value, plan.stride)})`
      return `(${code} < 0 ? ${text} : ${page}.texts.list[${code}])`
    }
    case 'spelled':
      return spelledExpression(plan, value)
    case 'bigint':
      return `bigintOf(heap.substring(${range(plan.texts, value, plan.stride)}))`
    case 'bytes':
      return `${page}.blobs.slice(${range(plan.blobs, value, plan.stride)})`
    case 'array':
    case 'any':
      return `${page}.values.decode(${page}.blobs, ${range(plan.blobs, value, plan.stride)})`
    case 'object':
      return hasMethod(value) ? `${page}.object${value.id}(i)` : literal(plan, value.fields, page)
    default:
      return 'undefined'
  }
}

/** The text behind the tag of the canonical key. */
function spelledExpression(plan: RowPlan, value: ValuePlan): string {
  const { stride, texts } = plan
  const length = `i32[p4 + ${value.spelling / 4 + SPELLED_WORDS.length}]`
  const from = `i * ${stride} + ${value.spelling + 4 * SPELLED_WORDS.key + 1}`
  const to = `i * ${stride} + ${value.spelling + 4 * SPELLED_WORDS.key} + ${length}`
  const text = `heap.substring(${range(texts, value, stride)})`
  return `(${length} === 0 ? ${text} : rows.substring(${from}, ${to}))`
}

/** Where a text or byte value begins and ends: a row's first begins where the last row ended. */
function range(chain: readonly ValuePlan[], value: ValuePlan, stride: number): string {
  const end = `i32[p4 + ${value.column / 4}]`
  if (value.previous >= 0) return `i32[p4 + ${value.previous / 4}], ${end}`
  const last = chain[chain.length - 1]!
  return `i === 0 ? 0 : i32[p4 - ${(stride - last.column) / 4}], ${end}`
}

function literal(plan: RowPlan, fields: readonly ValuePlan[], page = 'this'): string {
  const parts = fields.map(
    (field) => `${JSON.stringify(field.name)}: ${expression(plan, field, page)}`,
  )
  return `{ ${parts.join(', ')} }`
}

function objectMethod(plan: RowPlan, value: ValuePlan): string[] {
  const { id, fields } = value
  const optional = fields.filter((field) => field.optional)
  const first = fields.findIndex((field) => field.optional)
  const isThere = (field: ValuePlan) => `u8[p1 + ${field.state}] !== ${STATE_MISSING}`
  return [
    `object${id}(i) {`,
    ...prologue(plan),
    `if (${optional.map(isThere).join(' && ')}) return ${literal(plan, fields)}`,
    `const object = ${literal(plan, fields.slice(0, first))}`,
    ...fields.slice(first).map((field) => {
      const set = `object[${JSON.stringify(field.name)}] = ${expression(plan, field)}`
      return field.optional ? `if (${isThere(field)}) ${set}` : set
    }),
    'return object',
    '}',
  ]
}
