/**
 * Says what failed: the operator, the record, the user's own error as the cause. A SluiceError
 * keeps its code; anything else the user's code threw becomes OPERATOR_FAILED.
 */
import { inspect } from 'node:util'
import { InvariantViolation } from '../base/assert.ts'
import { SluiceError } from '../base/errors.ts'

export interface FailurePlace {
  readonly operator: string
  /** The record that was being processed, if one was. */
  readonly record?: unknown
}

const RECORD_TEXT_MAX = 1_000

export function attribute(error: unknown, place: FailurePlace): SluiceError {
  const record = 'record' in place ? { record: describeRecord(place.record) } : {}
  if (error instanceof SluiceError) {
    if (error.operator !== undefined && error.record !== undefined) return error
    const attributed = new SluiceError(error.code, error.message, {
      operator: error.operator ?? place.operator,
      ...(error.record === undefined ? record : { record: error.record }),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.place === undefined ? {} : { place: error.place }),
      cause: error.cause,
    })
    if (error.stack !== undefined) attributed.stack = error.stack
    return attributed
  }
  const code = error instanceof InvariantViolation ? 'INTERNAL' : 'OPERATOR_FAILED'
  const message = `operator '${place.operator}' failed: ${messageOf(error)}`
  return new SluiceError(code, message, { operator: place.operator, cause: error, ...record })
}

/** Runs the action; what it throws says where. */
export function attributed<T>(place: FailurePlace, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw attribute(error, place)
  }
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message
  return typeof error === 'string' ? error : inspect(error, { depth: 1 })
}

function describeRecord(record: unknown): string {
  const text = inspect(record, { depth: 4, breakLength: Number.POSITIVE_INFINITY })
  return text.length <= RECORD_TEXT_MAX ? text : `${text.slice(0, RECORD_TEXT_MAX)}...`
}
