/**
 * Code generated once per operator, so that each has feedback of its own: a class shared by all
 * operators of a kind would call users' functions through one megamorphic call site.
 * Threads: the task.
 */
import { assert, InvariantViolation } from '../base/assert.ts'
import type { KeySelector } from './spec.ts'

export interface CodeOptions {
  /** Makes the text unique, or V8 shares functions of equal text. Seen in stack traces. */
  readonly name: string
  /** Statements that end with `return`. */
  readonly code: string
  /** What the code refers to by name. */
  readonly bindings: Readonly<Record<string, unknown>>
}

export function compile<T>(options: CodeOptions): T {
  const url = `sluice-operator:///${encodeURIComponent(options.name)}`
  const code = `'use strict'\n${options.code}\n//# sourceURL=${url}`
  const make = new Function(...Object.keys(options.bindings), code)
  return make(...Object.values(options.bindings)) as T
}

/** The expression that reads the key of `record`, and what it refers to. */
export function keyExpression(key: KeySelector | undefined): {
  readonly code: string
  readonly bindings: Readonly<Record<string, unknown>>
} {
  assert(key !== undefined, 'a keyed operator needs a key selector')
  if ('field' in key) return { code: `record[${JSON.stringify(key.field)}]`, bindings: {} }
  return { code: 'selectKey(record)', bindings: { selectKey: key.fn } }
}

export function keyIsField(key: KeySelector | undefined): boolean {
  return key !== undefined && 'field' in key
}

/** A field that no object has unless it is its own: `PageReader.fields` inherits as records do. */
export function keyIsOwnField(key: KeySelector | undefined): boolean {
  return key !== undefined && 'field' in key && isOwnName(key.field)
}

export function isOwnName(name: string): boolean {
  return !(name in Object.prototype)
}

/** Stands for `process` until `open` has compiled it. */
export function notOpen(): never {
  throw new InvariantViolation('the operator is not open')
}
