/**
 * What may go wrong in the world, as one error type with a stable code, and its form on the way
 * between threads (an Error's own properties do not survive structured clone).
 */
export interface SluiceErrorOptions {
  readonly cause?: unknown
  /** One sentence: what the user can do about it. */
  readonly hint?: string
  /** Name of the operator in which it happened. */
  readonly operator?: string
  /** Where: `file:line:column` of the user's own source, or `file:line` of an input. */
  readonly place?: string
  /** The record that was being processed, as text. */
  readonly record?: string
}

/** An expected failure. `code` is stable and documented in docs/errors.md. */
export class SluiceError extends Error {
  override readonly name = 'SluiceError'
  readonly code: string
  readonly hint: string | undefined
  readonly operator: string | undefined
  readonly place: string | undefined
  readonly record: string | undefined

  constructor(code: string, message: string, options: SluiceErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.operator = options.operator
    this.place = options.place
    this.record = options.record
  }
}

/**
 * Gives what was thrown a code, and says what could not be done; an error that has a code already
 * stays as it is.
 */
export function withCode(
  thrown: unknown,
  told: { readonly code: string; readonly what: string; readonly operator?: string },
): SluiceError {
  if (thrown instanceof SluiceError) return thrown
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const { code, what, ...where } = told
  return new SluiceError(code, `${what}: ${text}`, { ...where, cause: thrown })
}

/** An error as plain data, for a message between threads. */
export interface ErrorData {
  readonly name: string
  readonly message: string
  readonly stack?: string | undefined
  readonly code?: string | undefined
  readonly hint?: string | undefined
  readonly operator?: string | undefined
  readonly place?: string | undefined
  readonly record?: string | undefined
  readonly cause?: ErrorData | undefined
}

const CAUSES_MAX = 8

/** Describes any thrown value as plain data. */
export function errorToData(thrown: unknown, depth = 0): ErrorData {
  if (!(thrown instanceof Error)) return { name: 'Error', message: describeThrown(thrown) }
  const told = thrown as Error & Partial<SluiceError>
  return {
    name: told.name,
    message: told.message,
    stack: told.stack,
    code: typeof told.code === 'string' ? told.code : undefined,
    hint: told.hint,
    operator: told.operator,
    place: told.place,
    record: told.record,
    cause:
      told.cause === undefined || depth >= CAUSES_MAX
        ? undefined
        : errorToData(told.cause, depth + 1),
  }
}

/** The inverse of `errorToData`: a SluiceError where there is a code, an Error otherwise. */
export function errorFromData(data: ErrorData): Error {
  const cause = data.cause === undefined ? undefined : errorFromData(data.cause)
  const error =
    data.code !== undefined && data.name === 'SluiceError'
      ? new SluiceError(data.code, data.message, definedOnly({ ...data, cause }))
      : Object.assign(new Error(data.message, cause === undefined ? {} : { cause }), {
          name: data.name,
        })
  if (data.stack !== undefined) error.stack = data.stack
  return error
}

function definedOnly(data: Record<string, unknown>): SluiceErrorOptions {
  const kept = Object.entries(data).filter(([, value]) => value !== undefined)
  return Object.fromEntries(kept) as SluiceErrorOptions
}

function describeThrown(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown
  try {
    return `thrown: ${JSON.stringify(thrown) ?? String(thrown)}`
  } catch {
    return `thrown: ${String(thrown)}`
  }
}
