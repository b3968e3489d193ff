/**
 * The graph while a job is being built: nodes that modifiers may still change, edges, and the rule
 * that nothing changes once it is frozen. One per run of a build function.
 */
import { SluiceError } from '../base/errors.ts'
import type {
  Chaining,
  Partition,
  StreamEdge,
  StreamGraph,
  StreamNode,
} from '../graph/stream-graph.ts'
import type { KeySelector, OperatorSpec } from '../operator/spec.ts'

/** A node that modifiers may still change. */
export interface NodeDraft {
  readonly index: number
  readonly spec: OperatorSpec
  readonly key: KeySelector | undefined
  name: string
  uid: string | undefined
  parallelism: number | undefined
  maxParallelism: number | undefined
  slotSharingGroup: string | undefined
  chaining: Chaining
}

/** Where records come from: a node's output, and how they are dealt out to what follows. */
export interface Origin {
  readonly node: NodeDraft
  readonly partition: Partition
  readonly sideOutput: string | undefined
}

export const forward: Partition = Object.freeze({ kind: 'forward' })

export class GraphBuilder {
  readonly #jobName: string
  readonly #nodes: NodeDraft[] = []
  readonly #edges: StreamEdge[] = []
  #frozen = false

  constructor(jobName: string) {
    this.#jobName = jobName
  }

  /** Adds a node that reads from `origins`, all on its first input. */
  add(spec: OperatorSpec, name: string, origins: readonly Origin[]): NodeDraft {
    this.checkOpen()
    const node: NodeDraft = {
      index: this.#nodes.length,
      spec: Object.freeze(spec),
      key: keyOf(origins),
      name,
      uid: undefined,
      parallelism: undefined,
      maxParallelism: undefined,
      slotSharingGroup: undefined,
      chaining: 'always',
    }
    this.#nodes.push(node)
    for (const origin of origins) this.#edges.push(edge(origin, node.index))
    return node
  }

  setUid(node: NodeDraft, uid: string): void {
    this.checkOpen()
    const other = this.#nodes.find((candidate) => candidate !== node && candidate.uid === uid)
    if (other !== undefined) {
      const message = `the uid '${uid}' is used by both '${other.name}' and '${node.name}'`
      throw new SluiceError('DUPLICATE_UID', message, {
        operator: node.name,
        hint: 'a uid finds the state of one operator: give each its own',
      })
    }
    node.uid = uid
  }

  checkOpen(): void {
    if (!this.#frozen) return
    throw new SluiceError('GRAPH_FROZEN', `the graph of job '${this.#jobName}' is built already`, {
      hint: 'make and change streams inside the build function only, before it returns',
    })
  }

  /** Ends building. Throws JOB_WITHOUT_SINK, and DUPLICATE_NAME for two `collect` of one name. */
  freeze(): StreamGraph {
    this.checkOpen()
    this.#frozen = true
    checkSinks(this.#jobName, this.#nodes)
    return Object.freeze({
      jobName: this.#jobName,
      nodes: Object.freeze(this.#nodes.map((node): StreamNode => Object.freeze({ ...node }))),
      edges: Object.freeze([...this.#edges]),
    })
  }
}

function edge(origin: Origin, to: number): StreamEdge {
  const { node, partition, sideOutput } = origin
  return Object.freeze({ from: node.index, to, input: 0, partition, sideOutput })
}

function keyOf(origins: readonly Origin[]): KeySelector | undefined {
  const partition = origins[0]?.partition
  return partition?.kind === 'hash' ? partition.key : undefined
}

function checkSinks(jobName: string, nodes: readonly NodeDraft[]): void {
  const collected = new Set<string>()
  let sinks = 0
  for (const { spec } of nodes) {
    if (spec.kind === 'sink') sinks++
    if (spec.kind !== 'collect') continue
    sinks++
    if (!spec.print && collected.has(spec.target)) {
      throw new SluiceError('DUPLICATE_NAME', `two streams are collected as '${spec.target}'`, {
        hint: 'give each its own name, or collect their union',
      })
    }
    if (!spec.print) collected.add(spec.target)
  }
  if (sinks > 0) return
  throw new SluiceError('JOB_WITHOUT_SINK', `job '${jobName}' has no sink: it would do nothing`, {
    hint: "end at least one stream with .to(sink) or .collect('name')",
  })
}
