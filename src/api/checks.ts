/**
 * Checks of what users pass while they build a job. Types catch most of it; jobs are bundled
 * without being type-checked, so each mistake also has its sentence here.
 */
import { SluiceError } from '../base/errors.ts'
import type { KeySelector, StateSpecData, UserFunction } from '../operator/spec.ts'

/** A name that is a string with something in it. Throws BAD_NAME. */
export function nameOf(value: unknown, where: string): string {
  if (typeof value === 'string' && value.trim() !== '') return value
  throw new SluiceError('BAD_NAME', `${where} needs a name, and got ${describe(value)}`, {
    hint: 'pass a string that is not empty',
  })
}

/** A function of the user's. Throws BAD_FUNCTION. */
export function functionOf(value: unknown, where: string): UserFunction {
  if (typeof value === 'function') return value as UserFunction
  throw new SluiceError('BAD_FUNCTION', `${where} needs a function, and got ${describe(value)}`)
}

/** A field's name or a function. Throws BAD_KEY. */
export function selectorOf(value: unknown, where: string): KeySelector {
  if (typeof value === 'function') return Object.freeze({ fn: value as UserFunction })
  if (typeof value === 'string' && value !== '') return Object.freeze({ field: value })
  throw new SluiceError('BAD_KEY', `${where} got ${describe(value)}`, {
    hint: `write ${where}('field') or ${where}((record) => ...)`,
  })
}

/** An integer in 1..max. Throws BAD_PARALLELISM. */
export function parallelismOf(value: unknown, max: number, where: string): number {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max) {
    return value as number
  }
  throw new SluiceError('BAD_PARALLELISM', `${where} cannot be ${describe(value)}`, {
    hint: `pass a whole number from 1 to ${max}`,
  })
}

/** One of a few words. Throws BAD_CHAINING. */
export function wordOf<W extends string>(value: unknown, words: readonly W[], where: string): W {
  if (words.includes(value as W)) return value as W
  throw new SluiceError('BAD_CHAINING', `${where} cannot be ${describe(value)}`, {
    hint: `pass one of ${words.map((word) => `'${word}'`).join(', ')}`,
  })
}

const stateKinds = ['value', 'list', 'map']

/** States declared beside a function. Throws BAD_STATE. */
export function statesOf(
  given: unknown,
  operator: string,
): Readonly<Record<string, StateSpecData>> {
  if (given === undefined) return Object.freeze({})
  if (typeof given !== 'object' || given === null) {
    throw badState(`${operator}: 'state' is ${describe(given)}`)
  }
  for (const [name, spec] of Object.entries(given)) {
    const kind = (spec as { kind?: unknown } | null | undefined)?.kind
    if (typeof kind !== 'string' || !stateKinds.includes(kind)) {
      throw badState(`${operator}: the state '${name}' is ${describe(spec)}`)
    }
  }
  return Object.freeze({ ...given })
}

function badState(message: string): SluiceError {
  return new SluiceError('BAD_STATE', message, {
    hint: 'declare states with value(), list() or map(): state: { total: value(0) }',
  })
}

/** A value as a sentence names it: short, with strings in quotes. */
export function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'number') return String(value)
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
