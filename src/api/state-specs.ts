/**
 * States as users declare them beside a stateful function, so that names, types and initial values
 * stand in one place and can be listed without running the job. Threads: any.
 */
import type { StateSpecData } from '../operator/spec.ts'
import type { ListState, MapState, ValueState } from '../state/contract.ts'

/** A declared state; `Handle` is what `ctx.state.name` gives inside the function. */
export interface StateSpec<Handle> extends StateSpecData {
  readonly __handle?: Handle
}

/** The states of a function by name. */
export type StateSpecs = Readonly<Record<string, StateSpec<unknown>>>

/** Lists by name: the states there are without a key. */
export type ListSpecs = Readonly<Record<string, StateSpec<ListState<unknown>>>>

/** The handles that belong to declared states. */
export type StateHandles<S> = {
  readonly [N in keyof S]: S[N] extends StateSpec<infer Handle> ? Handle : never
}

type Widen<T> = T extends number
  ? number
  : T extends string
    ? string
    : T extends boolean
      ? boolean
      : T

/**
 * One value for each key. `get()` gives `initial` (a copy of its own for each key) until `set`,
 * and again after `clear`; without an initial value it gives `undefined`.
 *
 * @example
 * state: { total: value(0), last: value<Reading>() }
 */
export function value<T>(): StateSpec<ValueState<T | undefined>>
export function value<T>(initial: T): StateSpec<ValueState<Widen<T>>>
export function value(initial?: unknown): StateSpec<ValueState<never>> {
  return Object.freeze(initial === undefined ? { kind: 'value' } : { kind: 'value', initial })
}

/**
 * A list for each key, in the order of `add`. Iterate it to read it.
 *
 * @example
 * state: { waiting: list<Order>() }
 */
export function list<T>(): StateSpec<ListState<T>> {
  return Object.freeze({ kind: 'list' })
}

/**
 * A map for each key, each entry stored on its own: reading one does not read the others.
 *
 * @example
 * state: { perRoute: map<string, number>() }
 */
export function map<K, V>(): StateSpec<MapState<K, V>> {
  return Object.freeze({ kind: 'map' })
}
