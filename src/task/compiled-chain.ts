/**
 * A chain as code: one generated function a chain, in every worker anew, so that each has its own
 * feedback and everything inlines. Loops over a page or a batch are generated once a record shape.
 */
import { copyValue } from '../codec/copy.ts'
import { NO_TIME } from '../codec/page.ts'
import type { UserFunction } from '../operator/spec.ts'
import type { ChainNode } from './chain-node.ts'
import { nodesOf } from './chain-node.ts'
import { chainSource } from './chain-source.ts'
import type {
  BatchLoop,
  EmitFunction,
  Emitters,
  KeysAhead,
  LoopFailure,
  LoopGate,
  PageLoop,
} from './loops.ts'

export interface CompiledChain {
  readonly code: string
  readonly emitters: Readonly<Record<number, Emitters>>
  /** A loop with feedback of its own: one for each record shape. */
  pageLoop(page: PageLoopOptions): PageLoop
  batchLoop(withTime: boolean): BatchLoop
  /** The node whose code threw, by the innermost frame of the chain's own code. */
  nodeOfStack(stack: string): ChainNode | undefined
}

export interface PageLoopOptions {
  readonly keys?: KeysAhead | undefined
  /** All records are objects. */
  readonly hasFields: boolean
}

export interface CompileOptions {
  readonly head: ChainNode
  /** Shown in stack traces, such as `3-window`. */
  readonly label: string
  readonly gate: LoopGate
  readonly onFailure: LoopFailure
}

export function compileChain(options: CompileOptions): CompiledChain {
  const { head } = options
  const nodes = nodesOf(head)
  const source = chainSource(head)
  const url = `sluice-chain:///${encodeURIComponent(options.label)}`
  const code = `${source.code}\n//# sourceURL=${url}`
  const make = new Function('fns', 'operators', 'exits', 'own', code)
  const built = make(
    nodes.map(userFunctionOf),
    nodes.map((node) => node.operator),
    nodes.map((node) => node.exits.map((exit) => exit.writer)),
    own,
  ) as { head: EmitFunction; emitters: Record<number, Emitters> }
  const readiness = nodes.filter((node) => node.operator?.ready !== undefined)
  const owns = nodes.some((node) => node.operator?.ownsWatermarks === true)
  const condition = [
    ...(owns ? ['control.pending === 0'] : []),
    ...readiness.map((_, k) => `ready[${k}].ready()`),
  ]
    .map((test) => ` && ${test}`)
    .join('')
  const ready = readiness.map((node) => node.operator)
  const readsFieldsOnly = head.operator?.readsFieldsOnly === true
  const loop = (body: string, keys?: KeysAhead) =>
    new Function(
      ...LOOP_PARAMETERS,
      loopSource({ condition, body, url, ahead: keys !== undefined }),
    )(built.head, options.gate.credit, options.gate.control, options.onFailure, ready, keys)
  return {
    code: source.code,
    emitters: built.emitters,
    pageLoop: ({ keys, hasFields }) => {
      const taken = readsFieldsOnly && hasFields ? 'fields' : 'record'
      return loop(`head(from.${taken}(i), from.time(i))`, keys) as PageLoop
    },
    batchLoop: (withTime) =>
      loop(
        withTime ? 'head(from.record(i), from.time(i))' : `head(from.record(i), ${NO_TIME})`,
      ) as BatchLoop,
    nodeOfStack: (stack) => nodes[lineNode(stack, url, source.nodeOfLine)],
  }
}

const LOOP_PARAMETERS = ['head', 'credit', 'control', 'fail', 'ready', 'keys']

interface LoopParts {
  readonly condition: string
  readonly body: string
  readonly url: string
  /** Whether keys are looked up some records ahead. */
  readonly ahead: boolean
}

/** The body stands on one line in both forms: see `LOOP_BODY_LINE`. */
function loopSource({ condition, body, url, ahead }: LoopParts): string {
  const goesOn = `credit.stalled === 0${condition}`
  const inner = ahead ? `for (const to = keys.look(from, i, end); i < to && ${goesOn}; i++)` : ''
  return `'use strict'
return function loop(from, start, end) {
  let i = start
  try {
    ${ahead ? `while (i < end && ${goesOn}) ${inner}` : `for (; i < end && ${goesOn}; i++)`}
      ${ahead ? `{ keys.expect(i); ${body} }` : body}
    ${ahead ? 'keys.leave()' : ''}
  } catch (error) {
    fail(error, () => from.record(i))
  }
  return i
}
//# sourceURL=${url}-loop`
}

/** A field's value for a second receiver; what cannot be changed is shared. */
function own(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? copyValue(value) : value
}

function userFunctionOf(node: ChainNode): UserFunction | undefined {
  return 'fn' in node.spec ? node.spec.fn : undefined
}

/** A generated function's code begins two lines below the frame's first line. */
const FUNCTION_HEADER_LINES = 2
const LOOP_BODY_LINE = FUNCTION_HEADER_LINES + 6

function lineNode(stack: string, url: string, nodeOfLine: readonly number[]): number {
  for (const frame of stack.split('\n')) {
    // The loop's body, with no code of the chain above it: the record was being read.
    if (frame.includes(`${url}-loop:${LOOP_BODY_LINE}:`)) return 0
    const at = frame.indexOf(`${url}:`)
    if (at === -1) continue
    const line = Number.parseInt(frame.slice(at + url.length + 1), 10) - FUNCTION_HEADER_LINES
    const node = nodeOfLine[line]
    if (node !== undefined && node >= 0) return node
  }
  return -1
}
