/**
 * A job's vertices as a checkpoint's metadata keeps them, by ids that a later build of the job
 * finds again.
 * Threads: main.
 */
import type { EdgeMetadata, VertexMetadata } from '../checkpoint/metadata.ts'
import type { ExecutionGraph, ExecutionVertex } from '../graph/execution-graph.ts'
import type { TaskSnapshot } from '../protocol/snapshot.ts'
import type { PreparedJob } from './prepared-job.ts'

/** `snapshots` by task, one for each. */
export function verticesOf(
  { execution }: PreparedJob,
  snapshots: ReadonlyMap<number, TaskSnapshot>,
): readonly VertexMetadata[] {
  return execution.vertices.map((vertex) => ({
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
    inputs: inputsOf(execution, vertex),
    // Output is kept apart, together with what earlier checkpoints could not commit.
    tasks: vertex.tasks.map((task) => ({ ...snapshots.get(task)!, sinks: [] })),
  }))
}

function inputsOf(execution: ExecutionGraph, vertex: ExecutionVertex): readonly EdgeMetadata[] {
  return execution.edges
    .filter((edge) => edge.to === vertex.index)
    .map((edge) => {
      const producer = execution.vertices[edge.from]!
      return {
        edge: edge.index,
        fromOperatorId: producer.operators[edge.fromOperator]!.id,
        sideOutput: edge.sideOutput,
        input: edge.input,
        producerParallelism: producer.parallelism,
        kind: edge.kind,
        keyField: edge.keyField,
      }
    })
}
