/**
 * Which kind a value has: the one place that decides what is a number column, what is a record
 * and what is neither. Generated writers, learned shapes, schemas and keys agree through it.
 * Threads: any.
 */
import { SluiceError } from '../base/errors.ts'
import type { ValueKind } from './shape.ts'

/** Records within records are flattened down to here; deeper ones are `any`. */
export const RECORD_DEPTH_MAX = 8

/** The kind of a value, `undefined` and `null` being `nothing`. Functions are no data: throws. */
export function kindOfValue(value: unknown, path: string): ValueKind {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'number':
      return Object.is(value | 0, value) ? 'int32' : 'double'
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'bigint'
    case 'undefined':
      return 'nothing'
    case 'object':
      return value === null ? 'nothing' : kindOfObject(value)
    default:
      throw notEncodable(`a ${typeof value}`, path)
  }
}

function kindOfObject(value: object): ValueKind {
  if (Array.isArray(value)) return 'array'
  if (value instanceof Date) return 'date'
  if (value instanceof Uint8Array) return 'bytes'
  return isRecord(value) ? 'object' : 'any'
}

/**
 * True for objects that are nothing but their own fields: literals and instances of a user's
 * classes (which arrive as literals), not what the language builds in.
 */
export function isRecord(value: object): boolean {
  const isPlain =
    value.constructor === Object || Object.prototype.toString.call(value) === '[object Object]'
  // A field of this name cannot be part of an object literal's code.
  return isPlain && !Object.hasOwn(value, '__proto__')
}

/** True for an object literal with exactly `count` fields, though a prototype may add to them. */
export function hasOwnFields(value: object, count: number): boolean {
  return Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length === count
}

/** The value with records that inherit fields made literals; the same value if there are none. */
export function withOwnFields(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > RECORD_DEPTH_MAX) return value
  if (!isRecord(value)) return value
  const own: Record<string, unknown> = { ...value }
  let changed = Object.getPrototypeOf(value) !== Object.prototype
  for (const [name, field] of Object.entries(own)) {
    own[name] = withOwnFields(field, depth + 1)
    changed ||= !Object.is(own[name], field)
  }
  return changed ? own : value
}

/** The error for what no record can hold; `path` is the field's name, '' for the record itself. */
export function notEncodable(what: string, path: string, cause?: unknown): SluiceError {
  const where = path === '' ? 'a record' : `field '${path}' of a record`
  return new SluiceError('RECORD_NOT_ENCODABLE', `${where} cannot be sent: it holds ${what}`, {
    hint: 'records hold plain data: objects, arrays, strings, numbers, dates, bytes, null',
    cause,
  })
}

/** Where a field of `path` is. */
export function joinPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
