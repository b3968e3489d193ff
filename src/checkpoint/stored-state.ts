/**
 * What of a checkpoint is dealt out to the tasks of a job, and where in it each operator's state
 * lies. The shapes are those of the metadata.
 * Threads: main.
 */
import type { SinkCommittables } from '../protocol/messages.ts'
import type { SplitProgress, TaskSnapshot } from '../protocol/snapshot.ts'

export interface StoredCheckpoint {
  readonly checkpointId: number
  readonly vertices: readonly StoredVertex[]
  readonly sources: readonly StoredSource[]
  /** Handed over by sinks, and not known to be committed. */
  readonly committables: readonly SinkCommittables[]
}

export interface StoredVertex {
  readonly vertexId: string
  readonly name: string
  readonly parallelism: number
  readonly maxParallelism: number
  /** The head is the first: only it can be a source, or have keyed state. */
  readonly operators: readonly StoredOperator[]
  readonly inputs: readonly StoredEdge[]
  /** By subtask. */
  readonly tasks: readonly TaskSnapshot[]
}

export interface StoredOperator {
  readonly operatorId: string
  readonly name: string
  readonly uid?: string | undefined
  readonly kind: string
}

/** An edge into a vertex, told by what it joins: its number may be another in the next graph. */
export interface StoredEdge {
  /** As in `ChannelSnapshot.edge`. */
  readonly edge: number
  readonly fromOperatorId: string
  readonly sideOutput?: string | undefined
  readonly input: number
  readonly producerParallelism: number
  readonly kind?: string
  readonly keyField?: string | undefined
}

/** The coordinator's part of a source. */
export interface StoredSource {
  readonly operatorId: string
  /** Assigned to no task. */
  readonly splits: readonly SplitProgress[]
  /** No split will be found that is not here or at a task. */
  readonly discovered: boolean
}

/** Finds state by the operator it belongs to, in whatever chain that was. */
export class StoredState {
  readonly checkpoint: StoredCheckpoint
  readonly #vertices: ReadonlyMap<string, StoredVertex>

  constructor(checkpoint: StoredCheckpoint) {
    this.checkpoint = checkpoint
    this.#vertices = new Map(
      checkpoint.vertices.flatMap((vertex) =>
        vertex.operators.map(({ operatorId }) => [operatorId, vertex] as const),
      ),
    )
  }

  /** The vertex in whose chain the operator was. */
  vertexOf(operatorId: string): StoredVertex | undefined {
    return this.#vertices.get(operatorId)
  }

  /** The same, if the operator was the head of the chain. */
  headedBy(operatorId: string): StoredVertex | undefined {
    const vertex = this.vertexOf(operatorId)
    return vertex?.operators[0]?.operatorId === operatorId ? vertex : undefined
  }

  sourceOf(operatorId: string): StoredSource | undefined {
    return this.checkpoint.sources.find((source) => source.operatorId === operatorId)
  }
}
