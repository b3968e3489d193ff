/**
 * Stream graph to chains: operators without an exchange between them run in one thread as one
 * compiled function. Pure, and equal in every worker for the same graph and options.
 */
import { SluiceError } from '../base/errors.ts'
import { defaultMaxParallelism } from '../codec/key-groups.ts'
import { edgesWithoutUnions } from './inputs.ts'
import type { JobEdge, JobGraph, JobVertex, OperatorTree } from './job-graph.ts'
import { operatorsOf } from './job-graph.ts'
import { operatorIds } from './operator-ids.ts'
import type { Partition, StreamEdge, StreamGraph, StreamNode } from './stream-graph.ts'

/** The options that decide about chains; a part of `JobOptions`. */
export interface ChainOptions {
  /** Subtasks of operators that set no parallelism of their own. */
  readonly parallelism: number
  /** The maximum parallelism of operators that set none; undefined: from the parallelism. */
  readonly maxParallelism?: number | undefined
  readonly chaining: boolean
  /** By operator id, where neither sets one: what a restored checkpoint was taken with. */
  readonly adoptedMaxParallelism?: Readonly<Record<string, number>> | undefined
}

/** A node with everything about it decided. */
interface ResolvedNode {
  readonly node: StreamNode
  readonly operatorId: string
  readonly parallelism: number
  readonly maxParallelism: number
  readonly slotSharingGroup: string
}

/** Edges with partitions as they will run, and which of them lie inside a chain. */
interface ResolvedGraph {
  readonly nodes: readonly ResolvedNode[]
  readonly exchanges: readonly StreamEdge[]
  readonly chained: readonly StreamEdge[]
}

/** Cuts a job into chains. Throws BAD_PARALLELISM where a parallelism exceeds its maximum. */
export function jobGraph(graph: StreamGraph, options: ChainOptions): JobGraph {
  const resolved = resolve(graph, options)
  const roots = rootsOf(graph, resolved)
  const trees = roots.map((root) => growTree(resolved, root))
  const vertexOf = new Map<number, { vertex: number; operator: number }>()
  trees.forEach((root, vertex) => {
    for (const tree of operatorsOf(root)) {
      vertexOf.set(tree.node.index, { vertex, operator: tree.index })
    }
  })
  const edges = resolved.exchanges.map((edge, index): JobEdge => {
    const from = vertexOf.get(edge.from)!
    return Object.freeze({
      index,
      from: from.vertex,
      fromOperator: from.operator,
      sideOutput: edge.sideOutput,
      to: vertexOf.get(edge.to)!.vertex,
      input: edge.input,
      partition: edge.partition,
    })
  })
  const vertices = trees.map((root, index) => vertex(resolved, { root, index, edges }))
  return Object.freeze({ jobName: graph.jobName, vertices, edges })
}

function resolve(graph: StreamGraph, options: ChainOptions): ResolvedGraph {
  const ids = operatorIds(graph)
  const nodes = resolveNodes(graph, { ids, options })
  const edges = edgesWithoutUnions(graph).map((edge) => ({
    ...edge,
    partition: partitionOf(edge.partition, nodes[edge.from]!, nodes[edge.to]!),
  }))
  const inputCount = new Map<number, number>()
  for (const { to } of edges) inputCount.set(to, (inputCount.get(to) ?? 0) + 1)
  const chained = edges.filter(
    (edge) =>
      options.chaining &&
      edge.partition.kind === 'forward' &&
      inputCount.get(edge.to) === 1 &&
      canChain(nodes[edge.from]!, nodes[edge.to]!),
  )
  return { nodes, chained, exchanges: edges.filter((edge) => !chained.includes(edge)) }
}

function resolveNodes(
  graph: StreamGraph,
  { ids, options }: { readonly ids: readonly string[]; readonly options: ChainOptions },
): readonly ResolvedNode[] {
  const groups: string[] = []
  return graph.nodes.map((node) => {
    const parallelism = node.parallelism ?? options.parallelism
    const maxParallelism =
      node.maxParallelism ??
      options.maxParallelism ??
      adopted(options, { operatorId: ids[node.index]!, parallelism }) ??
      defaultMaxParallelism(parallelism)
    if (parallelism > maxParallelism) throw tooParallel(node, { parallelism, maxParallelism })
    const slotSharingGroup = node.slotSharingGroup ?? groupOfInputs(graph, { node, groups })
    groups.push(slotSharingGroup)
    return { node, operatorId: ids[node.index]!, parallelism, maxParallelism, slotSharingGroup }
  })
}

/** One that is too small is of no use: restoring tells what to do. */
function adopted(
  { adoptedMaxParallelism }: ChainOptions,
  { operatorId, parallelism }: { readonly operatorId: string; readonly parallelism: number },
): number | undefined {
  const stored = adoptedMaxParallelism?.[operatorId]
  return stored !== undefined && stored >= parallelism ? stored : undefined
}

const DEFAULT_GROUP = 'default'

/** As in Flink: the inputs' group where they agree, the default group otherwise. */
function groupOfInputs(
  graph: StreamGraph,
  { node, groups }: { readonly node: StreamNode; readonly groups: readonly string[] },
): string {
  const inputs = graph.edges.filter((edge) => edge.to === node.index)
  const own = new Set(inputs.map((edge) => groups[edge.from]!))
  return own.size === 1 ? [...own][0]! : DEFAULT_GROUP
}

function tooParallel(
  node: StreamNode,
  { parallelism, maxParallelism }: { parallelism: number; maxParallelism: number },
): SluiceError {
  const text = `cannot have ${parallelism} subtasks: its maximum is ${maxParallelism}`
  return new SluiceError('BAD_PARALLELISM', `'${node.name}' ${text}`, {
    operator: node.name,
    hint: 'lower the parallelism, or raise maxParallelism (pipeline.max-parallelism)',
  })
}

/** Without a word from the user, subtasks that cannot be paired one to one take turns. */
function partitionOf(partition: Partition, from: ResolvedNode, to: ResolvedNode): Partition {
  if (partition.kind !== 'forward' || from.parallelism === to.parallelism) return partition
  return { kind: 'rebalance' }
}

function canChain(from: ResolvedNode, to: ResolvedNode): boolean {
  return (
    from.parallelism === to.parallelism &&
    from.maxParallelism === to.maxParallelism &&
    from.slotSharingGroup === to.slotSharingGroup &&
    from.node.chaining !== 'never' &&
    to.node.chaining === 'always'
  )
}

function rootsOf(graph: StreamGraph, resolved: ResolvedGraph): readonly number[] {
  const chainedNodes = new Set(resolved.chained.map((edge) => edge.to))
  return graph.nodes
    .filter((node) => node.spec.kind !== 'union' && !chainedNodes.has(node.index))
    .map((node) => node.index)
}

function growTree(resolved: ResolvedGraph, root: number): OperatorTree {
  let count = 0
  const grow = (index: number): OperatorTree => {
    const { node, operatorId } = resolved.nodes[index]!
    const own = count++
    const children = resolved.chained
      .filter((edge) => edge.from === index)
      .map((edge) => Object.freeze({ sideOutput: edge.sideOutput, tree: grow(edge.to) }))
    return Object.freeze({ index: own, node, operatorId, children: Object.freeze(children) })
  }
  return grow(root)
}

function vertex(
  resolved: ResolvedGraph,
  { root, index, edges }: { root: OperatorTree; index: number; edges: readonly JobEdge[] },
): JobVertex {
  const { parallelism, maxParallelism, slotSharingGroup } = resolved.nodes[root.node.index]!
  return Object.freeze({
    index,
    id: root.operatorId,
    name: chainName(root),
    parallelism,
    maxParallelism,
    slotSharingGroup,
    root,
    inputs: Object.freeze(edges.filter((edge) => edge.to === index)),
    outputs: Object.freeze(edges.filter((edge) => edge.from === index)),
  })
}

function chainName(tree: OperatorTree): string {
  const names = tree.children.map((branch) => chainName(branch.tree))
  if (names.length === 0) return tree.node.name
  return `${tree.node.name} -> ${names.length === 1 ? names[0] : `(${names.join(', ')})`}`
}
