/**
 * A record as one line of JSON. What JSON has no form for gets one here, or the record is refused
 * with a code: nothing becomes `{}` or fails without a word.
 * Threads: the task.
 */
import { inspect } from 'node:util'
import { SluiceError } from '../../base/errors.ts'

/**
 * The record's JSON, without a line end. bigint: decimal digits as a string. Date: ISO string.
 * Uint8Array: base64. Other typed arrays and Set: array. Map: array of pairs. NaN, Infinity and
 * an invalid Date: null. undefined: left out, null in an array. Functions, symbols, cycles and an
 * undefined record: RECORD_NOT_WRITABLE.
 */
export function jsonLine(record: unknown): string {
  let line: string | undefined
  try {
    line = isPlain(record, 0) ? JSON.stringify(record) : JSON.stringify(record, express)
  } catch (cause) {
    throw notWritable(record, cause)
  }
  if (line === undefined) throw notWritable(record, undefined)
  return line
}

/** Deeper values are looked at by the replacer, which also finds cycles. */
const DEPTH_MAX = 8

/** True where JSON.stringify alone says all: it is several times faster without a replacer. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'undefined':
      return true
    case 'object':
      return value === null || isPlainObject(value, depth)
    default:
      return false
  }
}

function isPlainObject(value: object, depth: number): boolean {
  if (depth > DEPTH_MAX) return false
  if (Array.isArray(value)) return value.every((element) => isPlain(element, depth + 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value instanceof Date
  for (const name in value) {
    const field = (value as Record<string, unknown>)[name]
    if (typeof field !== 'string' && typeof field !== 'number' && !isPlain(field, depth + 1)) {
      return false
    }
  }
  return true
}

/** A replacer: gets dates already as strings, and the object that holds the value as `this`. */
function express(this: unknown, _name: string, value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return value.toString()
    case 'function':
    case 'symbol':
      throw new TypeError(`JSON has no form for a ${typeof value}`)
    case 'object':
      return value === null ? null : expressObject(value)
    default:
      return value
  }
}

function expressObject(value: object): unknown {
  if (value instanceof Map || value instanceof Set) return [...value]
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as Iterable<unknown>)
  }
  return value
}

function notWritable(record: unknown, cause: unknown): SluiceError {
  const why = cause instanceof Error ? cause.message.split('\n')[0] : `it is ${typeof record}`
  return new SluiceError('RECORD_NOT_WRITABLE', `a record cannot be written as JSON: ${why}`, {
    record: inspect(record, { depth: 3, breakLength: Number.POSITIVE_INFINITY }).slice(0, 1000),
    hint: 'map the record to plain values before the sink',
    ...(cause === undefined ? {} : { cause }),
  })
}
