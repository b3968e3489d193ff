/** The sinks that need no connector. Threads: built in any; writers run in the task. */
import { InvariantViolation } from '../base/assert.ts'
import type { Sink, SinkWriter } from '../operator/sink.ts'
import { nameOf } from './checks.ts'

/** `to` turns a sink of this kind into rows for the main thread. */
export const PRINT_KIND = 'print'

/**
 * Writes every record as a line to the process's standard output, in the main thread. With a
 * label, each line begins with it and `> `.
 *
 * @example
 * alerts.to(print())
 * alerts.to(print('alerts'))
 */
export function print(label?: string): Sink<unknown> {
  const text = label === undefined ? '' : nameOf(label, 'print')
  return Object.freeze({
    kind: PRINT_KIND,
    name: text === '' ? 'print' : `print ${text}`,
    options: Object.freeze({ label: text }),
    writer: () => {
      throw new InvariantViolation('print is carried out by the main thread')
    },
  })
}

/**
 * Drops every record, at no cost: for measuring what comes before it.
 *
 * @example
 * bids.filter((bid) => bid.price > 100).to(blackhole())
 */
export function blackhole(): Sink<unknown> {
  return Object.freeze({
    kind: 'blackhole',
    encodesAtOnce: true,
    name: 'blackhole',
    options: Object.freeze({}),
    writer: () => nothing,
  })
}

const nothing: SinkWriter = Object.freeze({
  write: () => {},
  ready: () => true,
  prepareCommit: () => [],
  close: () => {},
})
