/**
 * A chain at work: its operators opened, its code compiled, its watermarks and wake-ups kept.
 * Threads: the task.
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { PageReader } from '../codec/page.ts'
import { pageKeys } from '../codec/page-keys.ts'
import type { TaskMetrics } from '../metrics/task-metrics.ts'
import type { Operator, OperatorContext, OperatorMetrics } from '../operator/contract.ts'
import type { SinkCommittables } from '../protocol/messages.ts'
import type { KeyedState, OperatorState } from '../state/contract.ts'
import type { ChainNode } from './chain-node.ts'
import { nodesOf } from './chain-node.ts'
import type { CompiledChain } from './compiled-chain.ts'
import { compileChain } from './compiled-chain.ts'
import { ControlQueue } from './control-queue.ts'
import { attribute } from './failure.ts'
import type { BatchLoop, KeysAhead, PageLoop } from './loops.ts'
import { PageKeysAhead } from './page-keys-ahead.ts'

export interface ChainState {
  keyed(node: ChainNode): KeyedState | undefined
  operator(node: ChainNode): OperatorState
}

export interface ChainRuntimeOptions {
  readonly head: ChainNode
  readonly label: string
  /** Of the whole chain: told where nobody knows which of its operators failed. */
  readonly name: string
  readonly subtask: number
  readonly parallelism: number
  readonly maxParallelism: number
  readonly attempt: number
  readonly clock: Clock
  readonly log: Logger
  readonly credit: { readonly stalled: number }
  readonly metrics: TaskMetrics
  readonly state: ChainState
  readonly wake: () => void
  /** True where a barrier or a command waits: firing timers and windows pauses for it. */
  readonly isUrgent?: () => boolean
}

/** A sink's operator: the one kind that hands committables over. */
export interface CommittingOperator extends Operator {
  readonly recordsWritten: number
  readonly bytesWritten: number
  prepareCommit(checkpointId: number): readonly unknown[] | Promise<readonly unknown[]>
}

/**
 * What is urgent interrupts a step behind so many visits and firings: where barriers or commands
 * come one upon the other, watermarks would never get through, and the task would never end.
 */
const PATIENCE = 2

export class ChainRuntime {
  readonly nodes: readonly ChainNode[]
  readonly chain: CompiledChain
  readonly control: ControlQueue
  readonly #options: ChainRuntimeOptions
  readonly #hold = { pending: 0 }
  readonly #wakeMs: number[]
  /** Nodes that may be full. */
  readonly #mayFill: readonly ChainNode[]
  readonly #setOperator = (operator: number, recordsIn: number, recordsOut: number) =>
    this.#options.metrics.setOperator(operator, recordsIn, recordsOut)
  #nextWakeMs = Number.POSITIVE_INFINITY
  #patience = 0

  constructor(options: ChainRuntimeOptions) {
    this.#options = options
    this.nodes = nodesOf(options.head)
    this.#wakeMs = this.nodes.map(() => Number.POSITIVE_INFINITY)
    this.#mayFill = this.nodes.filter((node) => node.operator?.ready !== undefined)
    this.control = new ControlQueue(this.nodes.length, () => this.#mustPause())
    this.chain = compileChain({
      head: options.head,
      label: options.label,
      gate: { credit: options.credit, control: this.#hold },
      onFailure: (error, read) => this.#failedRecord(error, read),
    })
  }

  get state(): ChainState {
    return this.#options.state
  }

  get head(): ChainNode {
    return this.#options.head
  }

  get nextWakeMs(): number {
    return this.#nextWakeMs
  }

  /** For the pages that this reader reads. */
  pageLoop(reader: PageReader): PageLoop {
    const { hasFields } = reader
    return this.chain.pageLoop({ keys: this.#keysAhead(reader), hasFields })
  }

  /** Where the chain begins with a keyed operator, and the key can be read from a page's bytes. */
  #keysAhead(reader: PageReader): KeysAhead | undefined {
    const { head, state } = this.#options
    const keyed = state.keyed(head)
    if (keyed === undefined || head.operator?.setsKeyFirst !== true) return undefined
    if (head.key === undefined || !('field' in head.key)) return undefined
    const keys = pageKeys(reader.shape, reader.withTime, head.key.field)
    return keys && new PageKeysAhead(keys, keyed, reader)
  }

  batchLoop(withTime: boolean): BatchLoop {
    return this.chain.batchLoop(withTime)
  }

  async open(): Promise<void> {
    for (const node of this.nodes) {
      await this.#asyncly(node, () => node.operator?.open(this.#contextOf(node)))
    }
  }

  /** A watermark from outside arrives at the head. */
  watermark(timeMs: number): void {
    this.#options.metrics.set('watermarkMs', timeMs)
    this.control.watermarkAt(this.head, timeMs)
    this.#hold.pending = 1
  }

  idle(idle: boolean): void {
    this.control.idleAt(this.head, idle)
    this.#hold.pending = 1
  }

  /** Passes watermarks on; false while something is left to do. */
  advanceControl(): boolean {
    if (this.#hold.pending === 0) return true
    this.#patience = PATIENCE
    const done = this.#guarded(
      () => this.control.node,
      () => this.control.advance(),
    )
    if (done) this.#hold.pending = 0
    return done
  }

  get controlPending(): boolean {
    return this.#hold.pending !== 0
  }

  /** Calls the operators whose time has come. */
  fireProcessingTime(nowMs: number): void {
    if (nowMs < this.#nextWakeMs) return
    this.#patience = PATIENCE
    for (const node of this.nodes) {
      if (this.#wakeMs[node.index]! > nowMs) continue
      this.#setWake(node, Number.POSITIVE_INFINITY)
      this.#guarded(
        () => node,
        () => node.operator?.onProcessingTime?.(nowMs),
      )
    }
  }

  /** A batch of the source is through: watermark generators may speak. */
  batchEnded(): void {
    this.forEachNode((node) => node.operator?.onBatchEnd?.())
  }

  /** False while a sink of the chain is full. */
  isReady(): boolean {
    let at = this.head
    try {
      for (const node of this.#mayFill) {
        at = node
        if (node.operator?.ready?.() === false) return false
      }
      return true
    } catch (error) {
      throw attribute(error, { operator: at.name })
    }
  }

  /** Calls something of each operator in turn; what fails is told of by its name. */
  forEachNode(action: (node: ChainNode) => void): void {
    for (const node of this.nodes) {
      this.#guarded(
        () => node,
        () => action(node),
      )
    }
  }

  finish(): void {
    this.forEachNode((node) => node.operator?.finish?.())
  }

  /** Every sink settles what belongs to the checkpoint before this returns its promise. */
  prepareCommit(checkpointId: number): Promise<readonly SinkCommittables[]> {
    const sinks = this.nodes.flatMap((node) => {
      const operator = node.operator as CommittingOperator | undefined
      if (operator?.prepareCommit === undefined) return []
      const prepared = this.#asyncly(node, () => operator.prepareCommit(checkpointId))
      return [prepared.then((committables) => ({ operatorId: node.operatorId, committables }))]
    })
    return Promise.all(sinks)
  }

  /** Records that the chain's sinks were given. */
  get recordsSunk(): number {
    return this.#sumOfSinks('recordsWritten')
  }

  /** Bytes that those sinks have written which know. */
  get bytesSunk(): number {
    return this.#sumOfSinks('bytesWritten')
  }

  #sumOfSinks(counter: 'recordsWritten' | 'bytesWritten'): number {
    let total = 0
    for (const { operator } of this.nodes) {
      total += (operator as CommittingOperator | undefined)?.[counter] ?? 0
    }
    return total
  }

  /** Tells how many records each operator took and gave. */
  publishOperators(): void {
    const { metrics } = this.#options
    this.chain.flows.forEach(metrics.get('recordsIn'), this.#setOperator)
  }

  /** Closes every operator, also when one of them fails; throws the first error. */
  async close(): Promise<void> {
    const errors: unknown[] = []
    for (const node of this.nodes) {
      try {
        await node.operator?.close?.()
      } catch (error) {
        errors.push(attribute(error, { operator: node.name }))
      }
    }
    if (errors.length > 0) throw errors[0]
  }

  /** Emits to a side output of `node`; false if nobody reads it. */
  emitTo(node: ChainNode, tag: string, record: unknown, timeMs: number): boolean {
    const emit = this.chain.emitters[node.index]?.sides.get(tag)
    emit?.(record, timeMs)
    return emit !== undefined
  }

  #contextOf(node: ChainNode): OperatorContext {
    const options = this.#options
    const emitters = this.chain.emitters[node.index]!
    return {
      name: node.name,
      operatorId: node.operatorId,
      subtask: options.subtask,
      parallelism: options.parallelism,
      maxParallelism: options.maxParallelism,
      attempt: options.attempt,
      clock: options.clock,
      log: options.log,
      output: {
        emit: emitters.main,
        emitTo: (tag, record, timeMs) => emitters.sides.get(tag)?.(record, timeMs),
        watermark: (timeMs) => this.#pass(() => this.control.watermarkFrom(node, timeMs), timeMs),
        idle: (idle) => this.#pass(() => this.control.idleFrom(node, idle)),
      },
      metrics: operatorMetrics(options.metrics),
      keyed: options.state.keyed(node),
      operatorState: options.state.operator(node),
      watermark: () => this.control.watermarkOf(node),
      wakeAt: (timeMs) => this.#setWake(node, timeMs),
      wake: options.wake,
      shouldPause: () => this.#mustPause(),
    }
  }

  /** Whoever emits by itself pauses where no record could start. */
  #mustPause(): boolean {
    const { credit, isUrgent } = this.#options
    if (credit.stalled !== 0 || !this.isReady()) return true
    return isUrgent?.() === true && --this.#patience < 0
  }

  #pass(enqueue: () => void, watermarkMs?: number): void {
    enqueue()
    if (watermarkMs !== undefined) this.#options.metrics.set('watermarkMs', watermarkMs)
    if (!this.control.isEmpty) this.#hold.pending = 1
  }

  #setWake(node: ChainNode, timeMs: number): void {
    this.#wakeMs[node.index] = timeMs
    this.#nextWakeMs = Math.min(...this.#wakeMs)
  }

  #failedRecord(error: unknown, read: () => unknown): never {
    const operator = this.#nodeOf(error)?.name ?? this.#options.name
    throw attribute(error, { operator, ...recordRead(read) })
  }

  /** Innermost first: a cause's stack was taken where the user's code threw. */
  #nodeOf(error: unknown): ChainNode | undefined {
    if (!(error instanceof Error)) return undefined
    return this.chain.nodeOfStack(error.stack ?? '')
  }

  #guarded<T>(node: () => ChainNode | undefined, action: () => T): T {
    try {
      return action()
    } catch (error) {
      const at = this.#nodeOf(error) ?? node()
      throw attribute(error, { operator: at?.name ?? this.#options.name })
    }
  }

  async #asyncly<T>(node: ChainNode, action: () => T | Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      throw attribute(error, { operator: node.name })
    }
  }
}

/** Nothing where reading the record is what failed. */
function recordRead(read: () => unknown): { readonly record?: unknown } {
  try {
    return { record: read() }
  } catch {
    return {}
  }
}

function operatorMetrics(metrics: TaskMetrics): OperatorMetrics {
  return {
    lateRecordsDropped: { add: (n) => metrics.add('lateRecordsDropped', n) },
    recordsUnreadable: { add: (n) => metrics.add('recordsUnreadable', n) },
  }
}
