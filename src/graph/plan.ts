/** What will run, for people and for programs: `sluice info` prints it. */
import type { OperatorSpec } from '../operator/spec.ts'
import type { JobEdge, JobGraph, JobVertex, OperatorTree } from './job-graph.ts'
import { operatorsOf } from './job-graph.ts'

export interface PlanOperator {
  readonly id: string
  readonly uid: string | undefined
  readonly name: string
  readonly kind: string
  /** Declared states: name to kind. */
  readonly states: Readonly<Record<string, string>>
}

export interface PlanInput {
  /** The producing vertex's id. */
  readonly from: string
  /** The producing operator's name. */
  readonly operator: string
  readonly sideOutput: string | undefined
  /** forward, hash, rebalance, ... */
  readonly exchange: string
  /** The key of a hash exchange: a field's name, or `(function)`. */
  readonly key: string | undefined
}

export interface PlanVertex {
  readonly id: string
  readonly name: string
  readonly parallelism: number
  readonly maxParallelism: number
  readonly operators: readonly PlanOperator[]
  readonly inputs: readonly PlanInput[]
}

/** Plain data: `JSON.stringify` gives what `sluice info --json` prints. */
export interface Plan {
  readonly job: string
  readonly tasks: number
  readonly vertices: readonly PlanVertex[]
}

export function planOf(graph: JobGraph): Plan {
  return {
    job: graph.jobName,
    tasks: graph.vertices.reduce((sum, vertex) => sum + vertex.parallelism, 0),
    vertices: graph.vertices.map((vertex) => planVertex(graph, vertex)),
  }
}

/** The plan as lines of text. */
export function planText(plan: Plan): string {
  const numbers = new Map(plan.vertices.map((vertex, index) => [vertex.id, index + 1]))
  const count = plan.vertices.length
  const head = `job ${plan.job}: ${counted(count, 'chain')}, ${counted(plan.tasks, 'task')}`
  const chains = plan.vertices.map((vertex) => vertexText(vertex, numbers))
  return `${[head, ...chains].join('\n\n')}\n`
}

function planVertex(graph: JobGraph, vertex: JobVertex): PlanVertex {
  return {
    id: vertex.id,
    name: vertex.name,
    parallelism: vertex.parallelism,
    maxParallelism: vertex.maxParallelism,
    operators: operatorsOf(vertex.root).map(planOperator),
    inputs: vertex.inputs.map((edge) => planInput(graph, edge)),
  }
}

function planOperator({ node, operatorId }: OperatorTree): PlanOperator {
  const { name, uid, spec } = node
  return { id: operatorId, uid, name, kind: spec.kind, states: statesOf(spec) }
}

function statesOf(spec: OperatorSpec): Readonly<Record<string, string>> {
  if (spec.kind !== 'keyed-process') return {}
  return Object.fromEntries(
    Object.entries(spec.process.state).map(([name, state]) => [name, state.kind]),
  )
}

function planInput(graph: JobGraph, edge: JobEdge): PlanInput {
  const producer = graph.vertices[edge.from]!
  const { partition, sideOutput } = edge
  const key = 'key' in partition ? partition.key : undefined
  return {
    from: producer.id,
    operator: operatorsOf(producer.root)[edge.fromOperator]!.node.name,
    sideOutput,
    exchange: partition.kind,
    key: key === undefined ? undefined : 'field' in key ? key.field : '(function)',
  }
}

function vertexText(vertex: PlanVertex, numbers: ReadonlyMap<string, number>): string {
  const { parallelism, maxParallelism } = vertex
  const subtasks = `${counted(parallelism, 'subtask')} (at most ${maxParallelism})`
  return [
    `${numbers.get(vertex.id)}  ${vertex.name}`,
    `   ${subtasks}`,
    ...vertex.inputs.map((input) => `   reads ${inputText(input, numbers)}`),
    ...vertex.operators.map((operator) => `   ${operatorText(operator)}`),
  ].join('\n')
}

function inputText(input: PlanInput, numbers: ReadonlyMap<string, number>): string {
  const output = input.sideOutput === undefined ? '' : ` [${input.sideOutput}]`
  const key = input.key === undefined ? '' : ` by ${input.key}`
  return `${numbers.get(input.from)} '${input.operator}'${output}: ${input.exchange}${key}`
}

function operatorText({ id, uid, name, kind, states }: PlanOperator): string {
  const told = uid === undefined ? '' : `, uid ${uid}`
  const list = Object.entries(states).map(([state, stateKind]) => `${state} (${stateKind})`)
  return `${id}  ${name}: ${kind}${told}${list.length === 0 ? '' : `, state ${list.join(', ')}`}`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
