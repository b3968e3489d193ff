/**
 * A job as it runs: a task for each subtask of each vertex, a channel for each pair of subtasks
 * that exchange records. Plain data only, so that threads can be sent it.
 */
import { connect } from '../channel/connections.ts'
import type { JobEdge, JobGraph, JobVertex } from './job-graph.ts'
import { operatorsOf } from './job-graph.ts'
import type { Partition } from './stream-graph.ts'

export interface ExecutionOperator {
  /** Index within the chain. */
  readonly index: number
  readonly id: string
  readonly name: string
  readonly uid: string | undefined
  readonly kind: string
}

export interface ExecutionVertex {
  readonly index: number
  readonly id: string
  readonly name: string
  readonly parallelism: number
  readonly maxParallelism: number
  /** Depth first; the head is 0. */
  readonly operators: readonly ExecutionOperator[]
  /** Indices of its tasks, by subtask. */
  readonly tasks: readonly number[]
}

export interface ExecutionEdge {
  readonly index: number
  readonly from: number
  readonly fromOperator: number
  readonly sideOutput: string | undefined
  readonly to: number
  readonly input: number
  readonly kind: Partition['kind']
  /** Of `hash`, where keys are found by a field's name. */
  readonly keyField?: string | undefined
}

/** One subtask: one thread. */
export interface ExecutionTask {
  /** Index in `ExecutionGraph.tasks`. */
  readonly index: number
  readonly vertex: number
  readonly subtask: number
  /** Channels in the order of the input gate: by edge, then by producing subtask. */
  readonly inputs: readonly number[]
  /** For each exit of the vertex (`JobVertex.outputs`), its channels by consuming subtask. */
  readonly outputs: readonly (readonly number[])[]
}

export interface ExecutionChannel {
  /** Index in `ExecutionGraph.channels`. */
  readonly index: number
  readonly edge: number
  /** Index of the producing task. */
  readonly producer: number
  readonly consumer: number
}

export interface ExecutionGraph {
  readonly jobName: string
  readonly vertices: readonly ExecutionVertex[]
  readonly edges: readonly ExecutionEdge[]
  readonly tasks: readonly ExecutionTask[]
  readonly channels: readonly ExecutionChannel[]
}

/** Unfolds a job graph into tasks and channels; the same graph gives the same numbers. */
export function executionGraph(graph: JobGraph): ExecutionGraph {
  const vertices = numberTasks(graph.vertices)
  const channels = graph.edges
    .flatMap((edge) => channelsOf(edge, vertices))
    .map((channel, index) => ({ index, ...channel }))
  const tasks = tasksOf(graph, { vertices, channels })
  return { jobName: graph.jobName, vertices, edges: graph.edges.map(plainEdge), tasks, channels }
}

function numberTasks(vertices: readonly JobVertex[]): readonly ExecutionVertex[] {
  let next = 0
  return vertices.map(({ index, id, name, parallelism, maxParallelism, root }) => ({
    index,
    id,
    name,
    parallelism,
    maxParallelism,
    operators: operatorsOf(root).map((tree) => ({
      index: tree.index,
      id: tree.operatorId,
      name: tree.node.name,
      uid: tree.node.uid,
      kind: tree.node.spec.kind,
    })),
    tasks: Array.from({ length: parallelism }, () => next++),
  }))
}

function tasksOf(
  graph: JobGraph,
  plan: {
    readonly vertices: readonly ExecutionVertex[]
    readonly channels: readonly ExecutionChannel[]
  },
): readonly ExecutionTask[] {
  const tasks = graph.vertices.flatMap(({ index: vertex, outputs }) =>
    plan.vertices[vertex]!.tasks.map((index, subtask) => {
      const exits = outputs.map((edge) => ({ edge: edge.index, channels: [] as number[] }))
      return { index, vertex, subtask, inputs: [] as number[], exits }
    }),
  )
  for (const { index, edge, producer, consumer } of plan.channels) {
    tasks[consumer]!.inputs.push(index)
    const exit = tasks[producer]!.exits.find((candidate) => candidate.edge === edge)
    exit!.channels.push(index)
  }
  return tasks.map(({ exits, ...task }) => ({ ...task, outputs: exits.map((it) => it.channels) }))
}

function plainEdge(edge: JobEdge): ExecutionEdge {
  const { index, from, fromOperator, sideOutput, to, input, partition } = edge
  const { kind } = partition
  const keyField = kind === 'hash' && 'field' in partition.key ? partition.key.field : undefined
  return { index, from, fromOperator, sideOutput, to, input, kind, keyField }
}

/** Ordered by producing subtask, then by consuming one: so gates and exits come out in order. */
function channelsOf(edge: JobEdge, vertices: readonly ExecutionVertex[]) {
  const producers = vertices[edge.from]!.tasks
  const consumers = vertices[edge.to]!.tasks
  const connections = connect(edge.partition.kind, producers.length, consumers.length)
  return connections.map(({ producer, consumer }) => ({
    edge: edge.index,
    producer: producers[producer]!,
    consumer: consumers[consumer]!,
  }))
}
