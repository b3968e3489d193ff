/** Typed tags of side outputs. Threads: any. */
import { nameOf } from './checks.ts'

/** The tag of a side output: a name, and the type of the records that go there. */
export interface SideOutput<T> {
  readonly name: string
  readonly __record?: T
}

/**
 * Names a side output. Records get there by `ctx.emitTo(tag, record)` in a process function, by
 * `lateTo(tag)` on a window or by a source's option, and are read by `stream.sideOutput(tag)`. Two
 * tags of one name are the same output. A record sent to a tag that nobody reads is dropped.
 *
 * Throws `BAD_NAME` for an empty name.
 *
 * @example
 * const late = output<Flight>('late')
 */
export function output<T>(name: string): SideOutput<T> {
  return Object.freeze({ name: nameOf(name, 'output') })
}
