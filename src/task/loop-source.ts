/**
 * Writes the source of the loop that gives a chain its records. Made once a record shape, so that
 * each has feedback of its own.
 */
import { NO_TIME } from '../codec/page.ts'
import type { ChainNode } from './chain-node.ts'
import { nodesOf } from './chain-node.ts'

/** What the code refers to by name. */
export const LOOP_PARAMETERS = ['head', 'credit', 'control', 'fail', 'ready', 'keys'] as const

/** Where the body stands in what `loopSource` gives. */
export const BODY_LINE = 7

export interface LoopParts {
  readonly head: ChainNode
  /** The call of `head`: `pageBody` or `batchBody`. */
  readonly body: string
  /** Whether keys are looked up some records ahead. */
  readonly ahead: boolean
}

/** The body stands on one line, and on the same in both forms: see `BODY_LINE`. */
export function loopSource({ head, body, ahead }: LoopParts): string {
  const goesOn = `credit.stalled === 0${conditionOf(head)}`
  const perRecord = ahead
    ? `while (i < end && ${goesOn})
      for (const to = keys.look(from, i, end); i < to && ${goesOn}; i++)
        { keys.expect(i); ${body} }
    keys.leave()`
    : `// One call a record, while there is credit.
    for (; i < end && ${goesOn}; i++)
      ${body}`
  return `'use strict'
return function loop(from, start, end) {
  let i = start
  try {
    ${perRecord}
  } catch (error) {
    fail(error, () => from.record(i))
  }
  return i
}`
}

/** For the records of a page; `hasFields`: all of them are objects. */
export function pageBody(head: ChainNode, hasFields: boolean): string {
  const isRead = head.operator?.readsFieldsOnly === true && hasFields
  return `head(from.${isRead ? 'fields' : 'record'}(i), from.time(i))`
}

/** For the records of a source's batch. */
export function batchBody(withTime: boolean): string {
  return withTime ? 'head(from.record(i), from.time(i))' : `head(from.record(i), ${NO_TIME})`
}

/** The nodes that `ready` stands for: those that may be full. */
export function nodesThatFill(head: ChainNode): readonly ChainNode[] {
  return nodesOf(head).filter((node) => node.operator?.ready !== undefined)
}

/** What must hold before a record begins, besides credit. */
function conditionOf(head: ChainNode): string {
  const owns = nodesOf(head).some((node) => node.operator?.ownsWatermarks === true)
  const tests = [
    ...(owns ? ['control.pending === 0'] : []),
    ...nodesThatFill(head).map((_, k) => `ready[${k}].ready()`),
  ]
  return tests.map((test) => ` && ${test}`).join('')
}
