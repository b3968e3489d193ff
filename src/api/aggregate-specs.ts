/** Aggregates as users write them, checked and in the form that operators read. */
import { SluiceError } from '../base/errors.ts'
import type { AggregateSpec, Aggregates } from '../operator/spec.ts'
import type { CustomAggregate } from './aggregate-types.ts'

type AnyCustom = CustomAggregate<unknown, unknown, unknown>

const kinds = new Set(['count', 'sum', 'mean', 'min', 'max', 'first', 'last'])

/** Checks what was passed to `aggregate` and gives it the form that operators read. */
export function aggregatesOf(given: unknown, reserved: readonly string[]): Aggregates {
  if (isCustom(given)) return Object.freeze({ single: customSpec(given) })
  const entries = typeof given === 'object' && given !== null ? Object.entries(given) : []
  if (entries.length === 0 || isAggregate(given)) {
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
  if (!isCustom(aggregate) && !isAggregate(aggregate)) {
    throw new SluiceError('BAD_AGGREGATE', `'${name}' is not an aggregate`, {
      hint: 'use count(), sum, mean, min, max, first, last or { create, add, result }',
    })
  }
}

/** One of our own: `count()`, `sum('field')`, ... */
function isAggregate(value: unknown): boolean {
  const kind = (value as { kind?: unknown } | null | undefined)?.kind
  return typeof kind === 'string' && kinds.has(kind)
}

function isCustom(value: unknown): value is AnyCustom {
  if (typeof value !== 'object' || value === null) return false
  const custom = value as Partial<AnyCustom>
  return [custom.create, custom.add, custom.result].every((part) => typeof part === 'function')
}

function specOf(aggregate: unknown): AggregateSpec {
  return isCustom(aggregate) ? customSpec(aggregate) : (aggregate as AggregateSpec)
}

function customSpec(custom: AnyCustom): AggregateSpec {
  const { create, add, merge, result } = custom
  const optional = merge === undefined ? {} : { merge }
  return Object.freeze({ kind: 'custom', create, add, result, ...optional })
}
