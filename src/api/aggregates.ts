/**
 * Declarative aggregates. What can be said by a field's name is said so: the engine then works on
 * columns and builds no objects. Custom ones are three functions.
 */
import { SluiceError } from '../base/errors.ts'
import type { AggregateSpec, Aggregates, UserFunction } from '../operator/spec.ts'

type NumberKind = 'sum' | 'mean' | 'min' | 'max'

/** The number of records. */
export interface CountAggregate {
  readonly kind: 'count'
}

/** A number over the values of one field. */
export interface FieldAggregate<F extends string> {
  readonly kind: NumberKind
  readonly field: F
}

/** A number over what a function gives for each record. */
export interface FunctionAggregate<T> {
  readonly kind: NumberKind
  fn(record: T): number
}

/** One record's field: the first or the last in order of arrival. */
export interface FieldPick<F extends string> {
  readonly kind: 'first' | 'last'
  readonly field: F
}

/** What a function gives for one record: the first or the last in order of arrival. */
export interface FunctionPick<T, R> {
  readonly kind: 'first' | 'last'
  fn(record: T): R
}

/**
 * An aggregate of your own: `create` gives an empty accumulator, `add` takes a record in and gives
 * the accumulator (the same or a new one), `result` reads it. `merge` is used where two
 * accumulators of one key meet.
 */
export interface CustomAggregate<T, A, R> {
  create(): A
  add(accumulator: A, record: T): A
  merge?(a: A, b: A): A
  result(accumulator: A): R
}

/** Names of the fields of `T` that hold a number. */
export type NumberField<T> = {
  [F in keyof T & string]: T[F] extends number ? F : never
}[keyof T & string]

/** Any aggregate over records of type `T`. */
export type AggregateFor<T> =
  | CountAggregate
  | FieldAggregate<NumberField<T>>
  | FunctionAggregate<T>
  | FieldPick<keyof T & string>
  | FunctionPick<T, unknown>
  | CustomAggregate<T, unknown, unknown>

type ResultOf<A, T> =
  A extends FieldPick<infer F>
    ? F extends keyof T
      ? T[F]
      : never
    : A extends { readonly kind: 'first' | 'last'; fn(record: never): infer R }
      ? R
      : A extends { readonly kind: 'count' | NumberKind }
        ? number
        : A extends { result(accumulator: never): infer R }
          ? R
          : never

/** The results of a record of aggregates over records of type `T`. */
export type AggregateResults<M, T> = { [N in keyof M]: ResultOf<M[N], T> }

/**
 * The number of records.
 *
 * @example
 * .aggregate({ flights: count() })
 */
export function count(): CountAggregate {
  return Object.freeze({ kind: 'count' })
}

/**
 * The sum of a number field, or of what a function gives. 0 for no records.
 *
 * @example
 * .aggregate({ bytes: sum('size'), late: sum((flight) => (flight.delay > 15 ? 1 : 0)) })
 */
export function sum<F extends string>(field: F): FieldAggregate<F>
export function sum<T>(fn: (record: T) => number): FunctionAggregate<T>
export function sum(over: unknown): never {
  return aggregateOver('sum', over)
}

/**
 * The arithmetic mean of a number field, or of what a function gives.
 *
 * @example
 * .aggregate({ meanDelay: mean('delay'), shareLate: mean((f) => (f.delay > 15 ? 1 : 0)) })
 */
export function mean<F extends string>(field: F): FieldAggregate<F>
export function mean<T>(fn: (record: T) => number): FunctionAggregate<T>
export function mean(over: unknown): never {
  return aggregateOver('mean', over)
}

/**
 * The least value of a number field, or of what a function gives.
 *
 * @example
 * .aggregate({ best: min('delay') })
 */
export function min<F extends string>(field: F): FieldAggregate<F>
export function min<T>(fn: (record: T) => number): FunctionAggregate<T>
export function min(over: unknown): never {
  return aggregateOver('min', over)
}

/**
 * The greatest value of a number field, or of what a function gives.
 *
 * @example
 * .aggregate({ worst: max('delay') })
 */
export function max<F extends string>(field: F): FieldAggregate<F>
export function max<T>(fn: (record: T) => number): FunctionAggregate<T>
export function max(over: unknown): never {
  return aggregateOver('max', over)
}

/**
 * A field of the first record that arrived, or what a function gives for it; of any type.
 *
 * @example
 * .aggregate({ opening: first('price') })
 */
export function first<F extends string>(field: F): FieldPick<F>
export function first<T, R>(fn: (record: T) => R): FunctionPick<T, R>
export function first(over: unknown): never {
  return aggregateOver('first', over)
}

/**
 * A field of the last record that arrived, or what a function gives for it; of any type.
 *
 * @example
 * .aggregate({ closing: last('price') })
 */
export function last<F extends string>(field: F): FieldPick<F>
export function last<T, R>(fn: (record: T) => R): FunctionPick<T, R>
export function last(over: unknown): never {
  return aggregateOver('last', over)
}

function aggregateOver(kind: NumberKind | 'first' | 'last', over: unknown): never {
  if (typeof over === 'string' && over !== '') return Object.freeze({ kind, field: over }) as never
  if (typeof over === 'function') return Object.freeze({ kind, fn: over }) as never
  const got = over === '' ? 'an empty name' : typeof over
  throw new SluiceError('BAD_AGGREGATE', `${kind} got ${got} instead of a field or a function`, {
    hint: `write ${kind}('field') or ${kind}((record) => ...)`,
  })
}

const kinds = new Set(['count', 'sum', 'mean', 'min', 'max', 'first', 'last'])

/** Checks what was passed to `aggregate` and gives it the form that operators read. */
export function aggregatesOf(given: unknown, reserved: readonly string[]): Aggregates {
  if (isCustom(given)) return Object.freeze({ single: customSpec(given) })
  const entries = typeof given === 'object' && given !== null ? Object.entries(given) : []
  if (entries.length === 0 || (given as { kind?: unknown }).kind !== undefined) {
    throw new SluiceError('BAD_AGGREGATE', 'aggregate needs at least one named aggregate', {
      hint: "write .aggregate({ total: sum('amount') })",
    })
  }
  for (const [name, aggregate] of entries) checkNamed(name, aggregate, reserved)
  const named = entries.map(([name, aggregate]) => [name, specOf(aggregate)] as const)
  return Object.freeze({ named: Object.freeze(Object.fromEntries(named)) })
}

function checkNamed(name: string, aggregate: unknown, reserved: readonly string[]): void {
  if (reserved.includes(name)) {
    throw new SluiceError('BAD_AGGREGATE', `an aggregate cannot be called '${name}'`, {
      hint: `the results already have ${reserved.map((word) => `'${word}'`).join(' and ')}`,
    })
  }
  const kind = (aggregate as { kind?: unknown } | null | undefined)?.kind
  if (!isCustom(aggregate) && !(typeof kind === 'string' && kinds.has(kind))) {
    throw new SluiceError('BAD_AGGREGATE', `'${name}' is not an aggregate`, {
      hint: 'use count(), sum, mean, min, max, first, last or { create, add, result }',
    })
  }
}

function isCustom(value: unknown): value is CustomAggregate<unknown, unknown, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const custom = value as Partial<CustomAggregate<unknown, unknown, unknown>>
  return [custom.create, custom.add, custom.result].every((part) => typeof part === 'function')
}

function specOf(aggregate: unknown): AggregateSpec {
  return isCustom(aggregate) ? customSpec(aggregate) : (aggregate as AggregateSpec)
}

function customSpec(custom: CustomAggregate<unknown, unknown, unknown>): AggregateSpec {
  const { merge } = custom
  const bound = (name: 'create' | 'add' | 'result'): UserFunction => custom[name]
  return Object.freeze({
    kind: 'custom',
    create: bound('create'),
    add: bound('add'),
    result: bound('result'),
    ...(merge === undefined ? {} : { merge }),
  })
}
