/**
 * From a vertex of the job graph to the nodes of its chain: an operator object where a kind needs
 * one, the writers of its exits, its keyed state.
 * Threads: the task.
 */
import type { RecordWriter } from '../channel/record-writer.ts'
import { keyGroupRange } from '../codec/key-groups.ts'
import type { JobVertex, OperatorTree } from '../graph/job-graph.ts'
import type { JobOptions } from '../graph/options.ts'
import { resultOperators } from '../graph/result-operators.ts'
import type { Operator } from '../operator/contract.ts'
import { createOperator } from '../operator/create-operator.ts'
import type { KeyedState, OperatorState } from '../state/contract.ts'
import { HeapKeyedState } from '../state/heap/heap-keyed-state.ts'
import { HeapOperatorState } from '../state/operator-state.ts'
import type { ChainExit, ChainNode } from './chain-node.ts'
import type { ChainState } from './chain-runtime.ts'
import { sinkOperator } from './sink-operator.ts'

export interface BuildChainOptions {
  readonly vertex: JobVertex
  readonly options: JobOptions
  readonly lineage: string
  /** Writers of the vertex's exits: its edges, then its result operators. */
  readonly writers: readonly RecordWriter[]
}

export function buildChain(build: BuildChainOptions): ChainNode {
  return chainNode(build.vertex.root, build)
}

function chainNode(tree: OperatorTree, build: BuildChainOptions): ChainNode {
  const { node } = tree
  return {
    index: tree.index,
    name: node.name,
    operatorId: tree.operatorId,
    spec: node.spec,
    key: node.key,
    operator: operatorOf(tree, build),
    children: tree.children.map((branch) => ({
      sideOutput: branch.sideOutput,
      node: chainNode(branch.tree, build),
    })),
    exits: exitsOf(tree, build),
  }
}

function operatorOf(tree: OperatorTree, build: BuildChainOptions): Operator | undefined {
  const { spec, key } = tree.node
  if (spec.kind === 'sink') return sinkOperator(spec.sink, build.lineage)
  return createOperator(spec, {
    key,
    autoWatermarkIntervalMs: build.options.autoWatermarkIntervalMs,
  })
}

function exitsOf(tree: OperatorTree, { vertex, writers }: BuildChainOptions): readonly ChainExit[] {
  const edges = vertex.outputs.flatMap((edge, k) =>
    edge.fromOperator === tree.index ? [{ sideOutput: edge.sideOutput, writer: writers[k]! }] : [],
  )
  const results = resultOperators(vertex).flatMap((result, k) =>
    result.tree === tree
      ? [{ sideOutput: undefined, writer: writers[vertex.outputs.length + k]! }]
      : [],
  )
  return [...edges, ...results]
}

/** State of the heap backend for each operator that asks for it. */
export function heapState(vertex: JobVertex, subtask: number): ChainState {
  const { maxParallelism, parallelism } = vertex
  const [keyGroupFrom, keyGroupTo] = keyGroupRange(subtask, maxParallelism, parallelism)
  const options = { maxParallelism, keyGroupFrom, keyGroupTo }
  const keyed = onceANode((): KeyedState => new HeapKeyedState(options))
  return {
    keyed: (node) => (node.key === undefined ? undefined : keyed(node)),
    operator: onceANode((): OperatorState => new HeapOperatorState()),
  }
}

function onceANode<T>(make: () => T): (node: ChainNode) => T {
  const made = new Map<ChainNode, T>()
  return (node) => {
    const known = made.get(node)
    if (known !== undefined) return known
    const one = make()
    made.set(node, one)
    return one
  }
}
