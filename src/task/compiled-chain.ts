/**
 * A chain as code: one generated function a chain, in every worker anew, so that each has its own
 * feedback and everything inlines. Loops over a page or a batch are generated once a record shape.
 */
import { copyValue } from '../codec/copy.ts'
import type { UserFunction } from '../operator/spec.ts'
import { ChainFlows } from './chain-flows.ts'
import type { ChainNode } from './chain-node.ts'
import { nodesOf } from './chain-node.ts'
import { chainSource } from './chain-source.ts'
import {
  BODY_LINE,
  batchBody,
  LOOP_PARAMETERS,
  loopSource,
  nodesThatFill,
  pageBody,
} from './loop-source.ts'
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
  readonly flows: ChainFlows
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
  const flows = new ChainFlows(head)
  const source = chainSource(head, flows)
  const url = `sluice-chain:///${encodeURIComponent(options.label)}`
  const code = `${source.code}\n//# sourceURL=${url}`
  const make = new Function('fns', 'operators', 'exits', 'own', 'counts', code)
  const built = make(
    nodes.map(userFunctionOf),
    nodes.map((node) => node.operator),
    nodes.map((node) => node.exits.map((exit) => exit.writer)),
    own,
    flows.counts,
  ) as { head: EmitFunction; emitters: Record<number, Emitters> }
  const ready = nodesThatFill(head).map((node) => node.operator)
  const loop = (body: string, keys?: KeysAhead) => {
    const text = loopSource({ head, body, ahead: keys !== undefined })
    const makeLoop = new Function(...LOOP_PARAMETERS, `${text}\n//# sourceURL=${url}-loop`)
    const { gate, onFailure } = options
    return makeLoop(built.head, gate.credit, gate.control, onFailure, ready, keys)
  }
  return {
    code: source.code,
    flows,
    emitters: built.emitters,
    pageLoop: ({ keys, hasFields }) => loop(pageBody(head, hasFields), keys) as PageLoop,
    batchLoop: (withTime) => loop(batchBody(withTime)) as BatchLoop,
    nodeOfStack: (stack) => nodes[lineNode(stack, url, source.nodeOfLine)],
  }
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
const LOOP_BODY_LINE = FUNCTION_HEADER_LINES + BODY_LINE

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
