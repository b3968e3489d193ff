/**
 * What passes through a chain between two records: watermarks and idleness. Each action walks the
 * chain's operators head first and can stop anywhere (no credit, a step's time is over) and go on
 * later; no record is processed before the queue is empty.
 * Threads: the task.
 */
import { MARK_ACTIVE, MARK_IDLE, MARK_WATERMARK, NO_TIME } from '../codec/page.ts'
import type { ChainNode } from './chain-node.ts'

interface Action {
  readonly kind: 'watermark' | 'idle' | 'active'
  readonly timeMs: number
  /** Nodes still to visit; the next one is last. */
  readonly stack: ChainNode[]
}

export class ControlQueue {
  readonly #actions: Action[] = []
  readonly #watermarks: number[]
  /** True where the rest must wait: no credit, or something more urgent. */
  readonly #mustPause: () => boolean

  constructor(nodes: number, mustPause: () => boolean) {
    this.#watermarks = new Array<number>(nodes).fill(NO_TIME)
    this.#mustPause = mustPause
  }

  get isEmpty(): boolean {
    return this.#actions.length === 0
  }

  /** The operator at work, for the attribution of an error. */
  get node(): ChainNode | undefined {
    return this.#actions[0]?.stack.at(-1)
  }

  watermarkOf(node: ChainNode): number {
    return this.#watermarks[node.index]!
  }

  /** A watermark arrives at `node`. */
  watermarkAt(node: ChainNode, timeMs: number): void {
    this.#actions.push({ kind: 'watermark', timeMs, stack: [node] })
  }

  /** `node` itself emits a watermark: it reaches everything behind it. */
  watermarkFrom(node: ChainNode, timeMs: number): void {
    this.#pass(node, { kind: 'watermark', timeMs, stack: childrenOf(node) })
  }

  idleAt(node: ChainNode, idle: boolean): void {
    this.#actions.push({ kind: idle ? 'idle' : 'active', timeMs: 0, stack: [node] })
  }

  idleFrom(node: ChainNode, idle: boolean): void {
    const kind = idle ? 'idle' : 'active'
    this.#pass(node, { kind, timeMs: 0, stack: childrenOf(node) })
  }

  /** Works on the queue until it is empty (true) or must pause (false). */
  advance(): boolean {
    for (let action = this.#actions[0]; action !== undefined; action = this.#actions[0]) {
      for (let node = action.stack.at(-1); node !== undefined; node = action.stack.at(-1)) {
        if (this.#mustPause()) return false
        if (!this.#visit(action, node)) return false
      }
      this.#actions.shift()
    }
    return true
  }

  /** False: the operator has more to do for this action. */
  #visit(action: Action, node: ChainNode): boolean {
    const operator = node.operator
    if (action.kind === 'watermark') {
      this.#watermarks[node.index] = action.timeMs
      if (operator?.onWatermark?.(action.timeMs) === false) return false
    }
    action.stack.pop()
    if (operator?.ownsWatermarks === true) return true
    markExits(node, action)
    action.stack.push(...childrenOf(node))
    return true
  }

  #pass(node: ChainNode, action: Action): void {
    if (action.kind === 'watermark') this.#watermarks[node.index] = action.timeMs
    // The exits of the emitting operator hold records that came before this mark.
    markExits(node, action)
    if (action.stack.length > 0) this.#actions.push(action)
  }
}

function childrenOf(node: ChainNode): ChainNode[] {
  return node.children.map((child) => child.node).reverse()
}

function markExits(node: ChainNode, action: Action): void {
  const kind =
    action.kind === 'watermark' ? MARK_WATERMARK : action.kind === 'idle' ? MARK_IDLE : MARK_ACTIVE
  for (const exit of node.exits) exit.writer.mark(kind, action.timeMs)
}
