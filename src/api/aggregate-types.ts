/**
 * The types of aggregates: which are allowed over records of a type, and what they result in.
 */

/** An aggregate over one field. */
export interface FieldAggregate<Kind extends string, F extends string> {
  readonly kind: Kind
  readonly field: F
}

/** An aggregate over what a function gives for each record. */
export interface FunctionAggregate<Kind extends string, T, R> {
  readonly kind: Kind
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

type NumberKind = 'sum' | 'mean' | 'min' | 'max'
type PickKind = 'first' | 'last'

/** Any aggregate over records of type `T`. */
export type AggregateFor<T> =
  | { readonly kind: 'count' }
  | FieldAggregate<NumberKind, NumberField<T>>
  | FunctionAggregate<NumberKind, T, number>
  | FieldAggregate<PickKind, keyof T & string>
  | FunctionAggregate<PickKind, T, unknown>
  | CustomAggregate<T, unknown, unknown>

/** What `aggregate` takes: aggregates by name, or one of your own. */
export type Aggregation<T> =
  | Readonly<Record<string, AggregateFor<T>>>
  | CustomAggregate<T, unknown, unknown>

/** The results by name; those of a single aggregate of your own are called `value`. */
export type AggregateResults<M, T> =
  M extends CustomForm<infer R> ? { value: R } : { [N in keyof M]: ResultOf<M[N], T> }

interface CustomForm<R> {
  create(): unknown
  add(...args: never): unknown
  result(...args: never): R
}

type ResultOf<A, T> = A extends { readonly kind: 'count' | NumberKind }
  ? number
  : A extends FieldAggregate<PickKind, infer F>
    ? T[F & keyof T]
    : A extends { readonly kind: PickKind; fn(record: never): infer R }
      ? R
      : A extends CustomForm<infer R>
        ? R
        : never
