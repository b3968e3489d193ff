/**
 * The body of a page writer's `append`, as JavaScript. It first reads and checks all fields into
 * variables, then sees whether there is room, then writes: so a record that does not fit leaves
 * nothing behind.
 *
 * Unknown fields are found by counting: what `for in` visits must be as many as the fields that
 * were found. That costs 5 ns for two fields, against 11 to 30 ns for `Object.keys`, a rest
 * pattern, or comparing names.
 * Threads: any.
 */
import { SPELLED_WORDS } from './key-shape.ts'
import type { RowPlan, ValuePlan } from './row-plan.ts'
import { STATE_MISSING, STATE_NULL, STATE_UNDEFINED, STATE_VALUE } from './row-plan.ts'
import type { ValueKind } from './shape.ts'
import { SHORT_KEY_BYTES } from './short-key.ts'

const MISFIT = 'return this.misfit(record, timeMs)'

/** The code between the braces of `append(record, timeMs)`. */
export function writeCode(plan: RowPlan, withTime: boolean): string {
  return [
    ...plan.leaves.filter(hasVariable).map((leaf) => `let x${leaf.id} = ${emptyOf(leaf)}`),
    ...plan.all.filter((value) => value.state >= 0).map((value) => `let s${value.id} = 0`),
    ...(plan.leaves.some(isOf('coded')) ? ['const code = this.codes.current'] : []),
    ...(plan.leaves.some(isOf('spelled')) ? ['const spelling = this.spelling'] : []),
    `let v0 = record`,
    ...checkValue(plan.root, undefined),
    ...encodeBlobs(plan),
    ...checkRoom(plan),
    ...writeRow(plan, withTime),
    'return 1',
  ].join('\n')
}

function isOf(kind: ValueKind): (plan: ValuePlan) => boolean {
  return ({ shape }) => shape.kind === kind
}

function hasVariable(leaf: ValuePlan): boolean {
  return leaf.shape.kind !== 'nothing'
}

function isText(kind: ValueKind): boolean {
  return kind === 'string' || kind === 'coded' || kind === 'spelled' || kind === 'bigint'
}

/** What the variable of an absent value holds. */
function emptyOf({ shape: { kind } }: ValuePlan): string {
  if (isText(kind)) return `''`
  return kind === 'bytes' || kind === 'array' || kind === 'any' ? 'NONE' : '0'
}

/** Code that reads nothing but the variable `v<id>` and leaves the result in `x<id>`, `s<id>`. */
function checkValue(value: ValuePlan, parent: ValuePlan | undefined): string[] {
  const { id, shape } = value
  const take = checkPresent(value)
  if (shape.kind === 'any' && parent === undefined) return take
  const v = `v${id}`
  const absent = [
    `if (${v} === undefined) {`,
    ...checkUndefined(value, parent),
    shape.kind === 'any' ? '} else {' : `} else if (${v} === null) {`,
    ...(shape.kind === 'any' ? [] : [...checkNull(value, parent), '} else {']),
    ...found(value, parent),
    ...take,
    '}',
  ]
  const isPlain = !shape.nullable && !shape.undefinable && !value.optional && shape.kind !== 'any'
  return isPlain ? take : absent
}

function found(value: ValuePlan, parent: ValuePlan | undefined): string[] {
  return value.optional && parent !== undefined ? [`f${parent.id}++`] : []
}

function checkUndefined(value: ValuePlan, parent: ValuePlan | undefined): string[] {
  const { id, shape, optional } = value
  const isAny = shape.kind === 'any'
  const set = (state: number) => (value.state < 0 ? '' : `s${id} = ${state}`)
  const missing = optional ? set(STATE_MISSING) : MISFIT
  if (!shape.undefinable && !isAny) return [missing]
  const present = isAny ? `x${id} = undefined` : set(STATE_UNDEFINED)
  if (parent === undefined) return [present]
  const has = `hasOwn(v${parent.id}, ${JSON.stringify(value.name)})`
  return [`if (${has}) {`, ...found(value, parent), present, `} else {`, missing, '}']
}

function checkNull(value: ValuePlan, parent: ValuePlan | undefined): string[] {
  if (!value.shape.nullable) return [MISFIT]
  return [...found(value, parent), value.state < 0 ? '' : `s${value.id} = ${STATE_NULL}`]
}

/** Type checks, then the assignment of `x<id>`. */
function checkPresent(value: ValuePlan): string[] {
  const v = `v${value.id}`
  const { kind } = value.shape
  if (kind === 'nothing') return [MISFIT]
  if (kind === 'object') return checkObject(value)
  return [...misfits(kind, v), `x${value.id} = ${converted(kind, v)}`]
}

function misfits(kind: ValueKind, v: string): string[] {
  switch (kind) {
    case 'bool':
      return [`if (typeof ${v} !== 'boolean') ${MISFIT}`]
    case 'int32':
      return [
        `if (typeof ${v} !== 'number' || (${v} | 0) !== ${v}) ${MISFIT}`,
        `if (${v} === 0 && 1 / ${v} < 0) ${MISFIT}`,
      ]
    case 'double':
      return [`if (typeof ${v} !== 'number') ${MISFIT}`]
    case 'coded':
    case 'spelled':
      return [`if (typeof ${v} !== 'string') ${MISFIT}`]
    case 'string':
    case 'bigint':
      return [`if (typeof ${v} !== '${kind}') ${MISFIT}`]
    case 'date':
      return [`if (!(${v} instanceof Date)) ${MISFIT}`]
    case 'bytes':
      return [`if (!(${v} instanceof Uint8Array)) ${MISFIT}`]
    case 'array':
      return [`if (!Array.isArray(${v})) ${MISFIT}`]
    default:
      return []
  }
}

function converted(kind: ValueKind, v: string): string {
  if (kind === 'bool') return `${v} ? 1 : 0`
  if (kind === 'coded') return `code < 0 ? ${v} : ''`
  if (kind === 'spelled') return `spelling.length === 0 ? ${v} : ''`
  if (kind === 'date') return `${v}.getTime()`
  return kind === 'bigint' ? `${v}.toString(16)` : v
}

function checkObject(value: ValuePlan): string[] {
  const { id, fields } = value
  const v = `v${id}`
  const required = fields.filter((field) => !field.optional).length
  return [
    `if (typeof ${v} !== 'object' || ${v} === null) ${MISFIT}`,
    `if (${v}.constructor !== Object) {`,
    `if (!isRecord(${v})) ${MISFIT}`,
    `${v} = { ...${v} }`,
    '}',
    `let f${id} = ${required}`,
    ...fields.flatMap((field) => [
      `let v${field.id} = ${access(v, field.name)}`,
      ...checkValue(field, value),
    ]),
    `let n${id} = 0`,
    `for (const name in ${v}) n${id}++`,
    `if (n${id} !== f${id} && !hasOwnFields(${v}, f${id})) ${MISFIT}`,
  ]
}

/** A name that every object inherits counts only where it is the record's own. */
function access(object: string, name: string): string {
  const key = JSON.stringify(name)
  return name in Object.prototype
    ? `(hasOwn(${object}, ${key}) ? ${object}[${key}] : undefined)`
    : `${object}[${key}]`
}

function encodeBlobs(plan: RowPlan): string[] {
  if (plan.blobs.length === 0) return []
  return [
    'const blobs = this.blobs',
    'blobs.length = this.blobBytes',
    ...plan.blobs.flatMap(({ id, shape, path }) => [
      shape.kind === 'bytes'
        ? `if (x${id} !== NONE) blobs.appendBytes(x${id})`
        : `if (x${id} !== NONE) this.values.encodeTo(blobs, x${id}, ${JSON.stringify(path)})`,
      `const b${id} = blobs.length`,
    ]),
  ]
}

function checkRoom({ texts, blobs, stride }: RowPlan): string[] {
  const terms = [`(n + 1) * ${stride}`]
  if (texts.length > 0) terms.push('(chars << this.charShift)')
  if (blobs.length > 0) terms.push('blobs.length')
  const chars = texts.map(({ id }) => ` + x${id}.length`).join('')
  return [
    'const n = this.count',
    texts.length > 0 ? `let end = this.chars, chars = end${chars}` : '',
    `const bytes = ${terms.join(' + ')}`,
    'if (bytes > this.room) return this.full(bytes)',
  ]
}

function writeRow(plan: RowPlan, withTime: boolean): string[] {
  const { leaves, texts, blobs, all, stride } = plan
  const isWide = (leaf: ValuePlan) => leaf.shape.kind === 'double' || leaf.shape.kind === 'date'
  const ofKind = (kind: ValueKind) => leaves.filter((leaf) => leaf.shape.kind === kind)
  return [
    `const p8 = this.rows8 + n * ${stride / 8}, p4 = p8 * 2, p1 = p8 * 8`,
    'const f64 = this.f64, i32 = this.i32, u8 = this.u8',
    withTime ? 'f64[p8] = timeMs' : '',
    ...leaves.filter(isWide).map(({ column, id }) => `f64[p8 + ${column / 8}] = x${id}`),
    ...ofKind('int32').map(({ column, id }) => `i32[p4 + ${column / 4}] = x${id}`),
    ...texts.map(({ column, id }) => `i32[p4 + ${column / 4}] = end += x${id}.length`),
    ...blobs.map(({ column, id }) => `i32[p4 + ${column / 4}] = b${id}`),
    ...ofKind('coded').map(({ code }) => `i32[p4 + ${code / 4}] = code`),
    ...ofKind('spelled').flatMap(writeSpelling),
    ...ofKind('bool').map(({ column, id }) => `u8[p1 + ${column}] = x${id}`),
    ...all.filter(({ state }) => state >= 0).map(({ state, id }) => `u8[p1 + ${state}] = s${id}`),
    texts.length > 0
      ? `if (chars !== this.chars) this.heap += ${texts.map(({ id }) => `x${id}`).join(' + ')}`
      : '',
    texts.length > 0 ? 'this.chars = chars' : '',
    blobs.length > 0 ? 'this.blobBytes = blobs.length' : '',
    'this.count = n + 1',
  ]
}

/** All words, whatever their number: a loop would cost more. */
function writeSpelling({ spelling }: ValuePlan): string[] {
  const at = spelling / 4
  const words = Array.from({ length: SHORT_KEY_BYTES / 4 }, (_, w) => w)
  return [
    'const words = spelling.words',
    `i32[p4 + ${at + SPELLED_WORDS.length}] = spelling.length`,
    `i32[p4 + ${at + SPELLED_WORDS.hash}] = spelling.hash`,
    ...words.map((w) => `i32[p4 + ${at + SPELLED_WORDS.key + w}] = words[${w}]`),
  ]
}

if (STATE_VALUE !== 0) throw new Error('generated code takes 0 for a value that is there')
