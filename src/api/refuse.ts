/**
 * Methods that types rule out but that unchecked code may call all the same: they say what is
 * missing instead of `... is not a function`.
 */
import { SluiceError } from '../base/errors.ts'

export interface Refusal {
  readonly methods: readonly string[]
  readonly code: string
  readonly hint: string
}

/** Adds methods to a prototype that throw, with the refusal's code and hint. */
export function refuse(prototype: object, refusal: Refusal): void {
  for (const method of refusal.methods) {
    Object.defineProperty(prototype, method, {
      value: () => {
        throw new SluiceError(refusal.code, `.${method}() cannot be called here`, {
          hint: refusal.hint,
        })
      },
    })
  }
}
