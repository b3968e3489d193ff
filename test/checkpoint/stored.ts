/** Checkpoints as data: what the tasks of a job's graph would have put into one. */

import type { Env } from '../../src/api/streams.ts'
import type { StoredCheckpoint, StoredSource } from '../../src/checkpoint/stored-state.ts'
import type { ChainOptions } from '../../src/graph/chains.ts'
import { type ExecutionGraph, executionGraph } from '../../src/graph/execution-graph.ts'
import type { SinkCommittables } from '../../src/protocol/messages.ts'
import type { SplitProgress, StateFile, TaskSnapshot } from '../../src/protocol/snapshot.ts'
import { chainsOf } from '../graph/jobs.ts'

export function graphOf(
  build: (env: Env) => void,
  options: Partial<ChainOptions> = {},
): ExecutionGraph {
  return executionGraph(chainsOf(build, options))
}

/** The id of the first operator of that name. */
export function idOf(graph: ExecutionGraph, name: string): string {
  const operators = graph.vertices.flatMap((vertex) => vertex.operators)
  return operators.find((operator) => operator.name === name)!.id
}

export interface Contents {
  readonly sources?: readonly StoredSource[]
  readonly committables?: readonly SinkCommittables[]
  /** What a subtask of the vertex with that head has put in. */
  readonly tasks?: (head: string, subtask: number) => Partial<TaskSnapshot>
}

const nothing: TaskSnapshot = {
  operators: [],
  sinks: [],
  recordsSunk: 0,
  watermarkMs: 0,
  channels: [],
  files: [],
}

export function storedOf(
  graph: ExecutionGraph,
  { sources = [], committables = [], tasks = () => ({}) }: Contents,
): StoredCheckpoint {
  const vertices = graph.vertices.map((vertex) => ({
    vertexId: vertex.id,
    name: vertex.name,
    parallelism: vertex.parallelism,
    maxParallelism: vertex.maxParallelism,
    operators: vertex.operators.map(({ id, name, uid, kind }) => ({
      operatorId: id,
      name,
      uid,
      kind,
    })),
    inputs: graph.edges
      .filter((edge) => edge.to === vertex.index)
      .map((edge) => ({
        edge: edge.index,
        fromOperatorId: graph.vertices[edge.from]!.operators[edge.fromOperator]!.id,
        sideOutput: edge.sideOutput,
        input: edge.input,
        producerParallelism: graph.vertices[edge.from]!.parallelism,
        kind: edge.kind,
        keyField: edge.keyField,
      })),
    tasks: vertex.tasks.map((_, subtask) => ({
      ...nothing,
      ...tasks(vertex.operators[0]!.name, subtask),
    })),
  }))
  return { checkpointId: 7, vertices, sources, committables }
}

export function split(order: number): SplitProgress {
  return { split: { id: `split ${order}` }, order, read: 0, watermarkMs: 0 }
}

/** Stands for the state of some key groups. */
export function fileOf(...bytes: readonly number[]): StateFile {
  return { kind: 'inline', bytes: Uint8Array.from(bytes) }
}

export function bytesOf(file: StateFile): readonly number[] {
  return file.kind === 'inline' ? [...file.bytes] : []
}
