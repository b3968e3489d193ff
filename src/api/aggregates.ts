/**
 * Declarative aggregates. What can be said by a field's name is said so: the engine then works on
 * columns and builds no objects. Custom ones are `{ create, add, merge?, result }`.
 * Threads: any.
 */
import { SluiceError } from '../base/errors.ts'
import type { FieldAggregate, FunctionAggregate } from './aggregate-types.ts'

/**
 * The number of records.
 *
 * @example
 * .aggregate({ flights: count() })
 */
export function count(): { readonly kind: 'count' } {
  return Object.freeze({ kind: 'count' })
}

/**
 * The sum of a number field, or of what a function gives. 0 for no records.
 *
 * @example
 * .aggregate({ bytes: sum('size'), late: sum((flight) => (flight.delay > 15 ? 1 : 0)) })
 */
export function sum<F extends string>(field: F): FieldAggregate<'sum', F>
export function sum<T>(fn: (record: T) => number): FunctionAggregate<'sum', T, number>
export function sum(over: unknown): never {
  return aggregateOver('sum', over)
}

/**
 * The arithmetic mean of a number field, or of what a function gives.
 *
 * @example
 * .aggregate({ meanDelay: mean('delay'), shareLate: mean((f) => (f.delay > 15 ? 1 : 0)) })
 */
export function mean<F extends string>(field: F): FieldAggregate<'mean', F>
export function mean<T>(fn: (record: T) => number): FunctionAggregate<'mean', T, number>
export function mean(over: unknown): never {
  return aggregateOver('mean', over)
}

/**
 * The least value of a number field, or of what a function gives.
 *
 * @example
 * .aggregate({ best: min('delay') })
 */
export function min<F extends string>(field: F): FieldAggregate<'min', F>
export function min<T>(fn: (record: T) => number): FunctionAggregate<'min', T, number>
export function min(over: unknown): never {
  return aggregateOver('min', over)
}

/**
 * The greatest value of a number field, or of what a function gives.
 *
 * @example
 * .aggregate({ worst: max('delay') })
 */
export function max<F extends string>(field: F): FieldAggregate<'max', F>
export function max<T>(fn: (record: T) => number): FunctionAggregate<'max', T, number>
export function max(over: unknown): never {
  return aggregateOver('max', over)
}

/**
 * A field of the first record that arrived, or what a function gives for it; of any type.
 *
 * @example
 * .aggregate({ opening: first('price') })
 */
export function first<F extends string>(field: F): FieldAggregate<'first', F>
export function first<T, R>(fn: (record: T) => R): FunctionAggregate<'first', T, R>
export function first(over: unknown): never {
  return aggregateOver('first', over)
}

/**
 * A field of the last record that arrived, or what a function gives for it; of any type.
 *
 * @example
 * .aggregate({ closing: last('price') })
 */
export function last<F extends string>(field: F): FieldAggregate<'last', F>
export function last<T, R>(fn: (record: T) => R): FunctionAggregate<'last', T, R>
export function last(over: unknown): never {
  return aggregateOver('last', over)
}

function aggregateOver(kind: string, over: unknown): never {
  if (typeof over === 'string' && over !== '') return Object.freeze({ kind, field: over }) as never
  if (typeof over === 'function') return Object.freeze({ kind, fn: over }) as never
  const got = over === '' ? 'an empty name' : typeof over
  throw new SluiceError('BAD_AGGREGATE', `${kind} got ${got} instead of a field or a function`, {
    hint: `write ${kind}('field') or ${kind}((record) => ...)`,
  })
}
