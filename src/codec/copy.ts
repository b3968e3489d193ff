/**
 * Deep copies, for values that state keeps or that a second receiver gets: nothing is shared
 * with the original, and no string of the copy holds the page it was read from.
 * Threads: any.
 */
import { types } from 'node:util'
import { SluiceError } from '../base/errors.ts'

/** V8 copies shorter substrings and points into the parent for longer ones. */
const SLICED_CHARS_MIN = 13
const DEPTH_MAX = 1000

/**
 * A deep copy of plain data: arrays, objects (own fields, same prototype), Date, Uint8Array, Map,
 * Set, and what structured clone knows besides. Throws `VALUE_NOT_COPYABLE` for the rest.
 */
export function copyValue<T>(value: T): T {
  return copy(value, 0) as T
}

/** The same string with memory of its own, whatever it was cut out of. */
export function detachString(text: string): string {
  // Cutting a concatenation makes V8 flatten it into fresh memory: the cheapest way by a factor
  // of two against a round trip through bytes, and exact for any code unit.
  return text.length < SLICED_CHARS_MIN ? text : ` ${text}`.slice(1)
}

/** As many values one call of `detachStrings` looks at, lest a growing value cost ever more. */
const VISITS_MAX = 64

/**
 * For a value that is kept and was changed in place: strings in its fields and items get memory
 * of their own, or each would hold the page it was read from. Looks at the last items of an array,
 * where new ones are put, and at a bounded number of values in all.
 */
export function detachStrings(value: unknown): void {
  if (typeof value === 'object' && value !== null) detachWithin(value, VISITS_MAX)
}

function detachWithin(holder: object, visits: number): number {
  if (Array.isArray(holder)) {
    let left = visits
    for (let i = holder.length; --i >= 0 && left > 0; ) left = detachAt(holder, i, left)
    return left
  }
  if (holder.constructor !== Object && !isNamedFields(holder)) return visits
  let left = visits
  for (const name in holder) {
    if (left <= 0) break
    left = detachAt(holder, name, left)
  }
  return left
}

function detachAt(holder: object, name: string | number, left: number): number {
  const value = (holder as Record<string | number, unknown>)[name]
  if (typeof value === 'string') {
    // `Reflect.set` minds no frozen object: nothing of it can have changed.
    if (value.length >= SLICED_CHARS_MIN) Reflect.set(holder, name, detachString(value))
  } else if (typeof value === 'object' && value !== null) return detachWithin(value, left - 1)
  return left - 1
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return detachString(value)
  if (typeof value !== 'object' || value === null) return copyPrimitive(value)
  if (depth > DEPTH_MAX) throw notCopyable('it is cyclic or nested too deeply')
  if (Array.isArray(value)) return copyArray(value, depth)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype) return copyFields({ ...value }, depth)
  return copyBuiltIn(value, depth)
}

function copyPrimitive(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw notCopyable(`it holds a ${typeof value}`)
  }
  return value
}

/** Deepens a shallow copy in place, which keeps the original's hidden class. */
function copyFields(shallow: object, depth: number): object {
  const fields = shallow as Record<string, unknown>
  for (const name in fields) {
    const value = fields[name]
    if (typeof value === 'number' || typeof value === 'boolean') continue
    if (Object.hasOwn(fields, name)) fields[name] = copy(value, depth + 1)
  }
  return fields
}

function copyArray(values: readonly unknown[], depth: number): unknown[] {
  const copied = values.slice()
  // `forEach` leaves holes holes.
  copied.forEach((value, index) => {
    if (typeof value !== 'number') copied[index] = copy(value, depth + 1)
  })
  return copied
}

function copyBuiltIn(value: object, depth: number): unknown {
  if (value instanceof Date) return new Date(value.getTime())
  if (value instanceof Uint8Array) return Uint8Array.prototype.slice.call(value)
  if (types.isMap(value)) return copyMap(value, depth)
  if (types.isSet(value)) return new Set(Array.from(value, (item) => copy(item, depth + 1)))
  if (isNamedFields(value)) {
    const shallow = Object.assign(Object.create(Object.getPrototypeOf(value)), value)
    return copyFields(shallow, depth)
  }
  try {
    return structuredClone(value)
  } catch (cause) {
    throw notCopyable((cause as Error).message, cause)
  }
}

/** Not one of the language's own kinds of objects. */
function isNamedFields(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object Object]'
}

function copyMap(map: ReadonlyMap<unknown, unknown>, depth: number): Map<unknown, unknown> {
  const copied = new Map<unknown, unknown>()
  for (const [key, value] of map) copied.set(copy(key, depth + 1), copy(value, depth + 1))
  return copied
}

function notCopyable(why: string, cause?: unknown): SluiceError {
  return new SluiceError('VALUE_NOT_COPYABLE', `a value cannot be copied: ${why}`, {
    hint: 'records and state hold plain data: objects, arrays, strings, numbers, dates, bytes',
    cause,
  })
}
