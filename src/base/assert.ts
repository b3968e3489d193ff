/**
 * A broken invariant is a bug of ours: it fails the task, and nobody catches it to go on.
 * What the world may do wrong is a `SluiceError` instead.
 */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation'
}

/** Throws `InvariantViolation` unless the condition holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message)
}

/** For the `default` of a switch that handles every case. */
export function unreachable(value: never): never {
  throw new InvariantViolation(`unexpected value ${String(value)}`)
}
