/**
 * How many records went into each operator of a chain and came out. Most of it somebody counts
 * anyway: what a map emits is what it was given, and exits and sinks know what they got. Only the
 * outputs that nobody can be asked about are counted by the chain's own code.
 * Threads: the task.
 */
import type { ChainNode } from './chain-node.ts'
import { nodesOf, sideOutputsOf } from './chain-node.ts'
import type { CommittingOperator } from './chain-runtime.ts'

/** A side output's tag, undefined for the main output. */
type Tag = string | undefined
/** Records of one output so far; `headIn` is what the chain was given. */
type Flow = (headIn: number) => number

/** Kinds that emit one record for each they are given. */
const ONE_TO_ONE: ReadonlySet<string> = new Set([
  'source',
  'map',
  'pick',
  'schema',
  'watermarks',
  'reduce',
  'aggregate',
  'union',
  'collect',
])

interface OperatorFlows {
  readonly into: Flow
  readonly outOf: readonly Flow[]
}

export class ChainFlows {
  /** By slot: records that the chain's code counts: of an output, or those that a filter drops. */
  readonly counts: Float64Array
  readonly #slots = new Map<ChainNode, Map<Tag, number>>()
  readonly #operators: readonly OperatorFlows[]

  constructor(head: ChainNode) {
    let slots = 0
    for (const node of nodesOf(head)) {
      const counted = outputsOf(node).filter((tag) => !isKnown(node, tag))
      this.#slots.set(node, new Map(counted.map((tag) => [tag, slots++])))
    }
    this.counts = new Float64Array(slots)
    this.#operators = this.#flowsFrom(head, (headIn) => headIn)
  }

  /** Where the code counts an output of `node`; undefined if it need not. */
  slotOf(node: ChainNode, tag: Tag): number | undefined {
    return this.#slots.get(node)?.get(tag)
  }

  /** Tells of every operator, head first. `headIn`: records that the chain was given. */
  forEach(headIn: number, tell: (operator: number, recordsIn: number, out: number) => void): void {
    const operators = this.#operators
    for (let k = 0; k < operators.length; k++) {
      const { into, outOf } = operators[k]!
      let out = 0
      for (const flow of outOf) out += flow(headIn)
      tell(k, into(headIn), out)
    }
  }

  /** Those of the node and of all below it, in the order of `nodesOf`. */
  #flowsFrom(node: ChainNode, into: Flow): readonly OperatorFlows[] {
    const flows = new Map<Tag, Flow>()
    if (isOneToOne(node)) flows.set(undefined, into)
    for (const tag of outputsOf(node)) flows.set(tag, this.#flowOf(node, tag, into))
    const below = node.children.flatMap((child) =>
      this.#flowsFrom(child.node, flows.get(child.sideOutput)!),
    )
    return [{ into, outOf: [...flows.values()] }, ...below]
  }

  #flowOf(node: ChainNode, tag: Tag, into: Flow): Flow {
    const slot = this.slotOf(node, tag)
    if (slot === undefined) return knownFlow(node, tag)!
    const { counts } = this
    if (node.spec.kind === 'filter') return (headIn) => into(headIn) - counts[slot]!
    return () => counts[slot]!
  }
}

function isOneToOne({ spec }: ChainNode): boolean {
  return ONE_TO_ONE.has(spec.kind)
}

/** The outputs whose records are not simply those that came in. */
function outputsOf(node: ChainNode): readonly Tag[] {
  if (node.spec.kind === 'sink') return []
  return isOneToOne(node) ? sideOutputsOf(node) : [undefined, ...sideOutputsOf(node)]
}

function isKnown(node: ChainNode, tag: Tag): boolean {
  return knownFlow(node, tag) !== undefined
}

/** As somebody has it who gets all of this output, perhaps through others. */
function knownFlow(node: ChainNode, tag: Tag): Flow | undefined {
  const exit = node.exits.find(({ sideOutput }) => sideOutput === tag)
  if (exit !== undefined) return () => exit.writer.recordsTaken
  const branches = node.children.filter(({ sideOutput }) => sideOutput === tag)
  return branches.map((child) => knownInto(child.node)).find((flow) => flow !== undefined)
}

function knownInto(node: ChainNode): Flow | undefined {
  if (node.spec.kind !== 'sink') return isOneToOne(node) ? knownFlow(node, undefined) : undefined
  const sink = node.operator as CommittingOperator
  return () => sink.recordsWritten
}
