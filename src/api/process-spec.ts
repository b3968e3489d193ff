/** Process functions as users write them, checked and in the form that operators read. */
import { SluiceError } from '../base/errors.ts'
import type { ProcessSpec, UserFunction } from '../operator/spec.ts'
import * as checks from './checks.ts'

/** Throws BAD_FUNCTION and BAD_STATE. */
export function processOf(given: unknown, where: string): ProcessSpec {
  if (typeof given !== 'object' || given === null) {
    throw new SluiceError('BAD_FUNCTION', `${where} got ${checks.describe(given)}`, {
      hint: 'pass { state: { ... }, process(record, ctx, emit) { ... } }',
    })
  }
  const parts = given as Record<string, unknown>
  return Object.freeze({
    state: checks.statesOf(parts.state, where),
    process: checks.functionOf(parts.process, `${where}: 'process'`),
    ...optional(parts, 'open', where),
    ...optional(parts, 'onTimer', where),
    ...optional(parts, 'close', where),
  })
}

function optional<N extends string>(
  parts: Record<string, unknown>,
  name: N,
  where: string,
): { readonly [M in N]?: UserFunction } {
  if (parts[name] === undefined) return {}
  const fn = checks.functionOf(parts[name], `${where}: '${name}'`)
  return { [name]: fn } as { readonly [M in N]?: UserFunction }
}
