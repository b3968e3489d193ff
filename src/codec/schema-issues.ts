/**
 * What keeps a value from being what a schema declares, in words for the user.
 * Threads: any.
 */
import { inspect } from 'node:util'
import type { ValueKind } from './shape.ts'
import { isRecord } from './value-kind.ts'

/** A schema as plain data. */
export interface SchemaNode {
  readonly kind: ValueKind
  readonly nullable: boolean
  /** The field may be missing or undefined. */
  readonly optional: boolean
  /** What an array holds. */
  readonly item?: SchemaNode
  /** An object's fields by name. */
  readonly fields?: Readonly<Record<string, SchemaNode>>
}

export interface SchemaIssue {
  /** Names field, value and expected type. */
  readonly message: string
  /** Names and indexes from the record down. */
  readonly path: readonly PropertyKey[]
}

const ISSUES_MAX = 16
const VALUE_CHARS_MAX = 80

/** At most sixteen issues; none if the value fits. */
export function findIssues(node: SchemaNode, value: unknown): readonly SchemaIssue[] {
  const issues: SchemaIssue[] = []
  visit(node, value, { path: [], issues })
  return issues
}

/** A value in at most 80 characters. */
export function describeValue(value: unknown): string {
  const text = inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY })
  return text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX - 3)}...` : text
}

interface Visit {
  readonly path: readonly PropertyKey[]
  readonly issues: SchemaIssue[]
}

function visit(node: SchemaNode, value: unknown, at: Visit): void {
  if (at.issues.length >= ISSUES_MAX) return
  if (value === null && node.nullable) return
  if (value === undefined && node.optional) return
  if (!isOfKind(node, value)) {
    const found = value === undefined ? 'is missing' : `is ${describeValue(value)}`
    return report(at, `${found}, expected ${describeType(node)}`)
  }
  if (node.item !== undefined) visitItems(node.item, value as unknown[], at)
  if (node.fields !== undefined) visitFields(node.fields, value as Record<string, unknown>, at)
}

function visitItems(item: SchemaNode, items: readonly unknown[], { path, issues }: Visit): void {
  for (let i = 0; i < items.length; i++) visit(item, items[i], { path: [...path, i], issues })
}

function visitFields(
  fields: Readonly<Record<string, SchemaNode>>,
  record: Record<string, unknown>,
  { path, issues }: Visit,
): void {
  for (const [name, field] of Object.entries(fields)) {
    const value = Object.hasOwn(record, name) ? record[name] : undefined
    visit(field, value, { path: [...path, name], issues })
  }
  for (const name of Object.keys(record)) {
    if (Object.hasOwn(fields, name)) continue
    report({ path: [...path, name], issues }, `is ${describeValue(record[name])}, not declared`)
  }
}

function report({ path, issues }: Visit, what: string): void {
  const field = path.length === 0 ? 'the record' : `field '${pathText(path)}'`
  issues.push({ message: `${field} ${what}`, path })
}

function pathText(path: readonly PropertyKey[]): string {
  const parts = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
  return parts.join('').replace(/^\./, '')
}

function describeType(node: SchemaNode): string {
  const { kind, item, nullable } = node
  const named = kind === 'bool' ? 'boolean' : kind === 'bytes' ? 'Uint8Array' : kind
  const type = item === undefined ? named : `array of ${describeType(item)}`
  return nullable ? `${type} or null` : type
}

function isOfKind({ kind }: SchemaNode, value: unknown): boolean {
  switch (kind) {
    case 'bool':
      return typeof value === 'boolean'
    case 'int32':
      return typeof value === 'number' && (value | 0) === value
    case 'double':
      return typeof value === 'number'
    case 'date':
      return value instanceof Date
    case 'bytes':
      return value instanceof Uint8Array
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && isRecord(value)
    case 'any':
      return true
    default:
      return typeof value === kind
  }
}
