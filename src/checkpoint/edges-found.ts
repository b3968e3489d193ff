/**
 * Finds the edges into a vertex again in a checkpoint: by the operators that they join.
 * Threads: main; pure functions.
 */
import type { ExecutionEdge, ExecutionGraph } from '../graph/execution-graph.ts'
import type { StoredEdge, StoredVertex } from './stored-state.ts'

export interface FoundEdge {
  readonly edge: ExecutionEdge
  readonly before: StoredEdge
}

/** Those that both have. */
export function edgesFound(
  stored: StoredVertex,
  { graph, vertex }: { readonly graph: ExecutionGraph; readonly vertex: number },
): readonly FoundEdge[] {
  const storedEdges = byIdentity(stored.inputs, (edge) => edge)
  const edges = byIdentity(
    graph.edges.filter((edge) => edge.to === vertex),
    (edge) => joinedBy(graph, edge),
  )
  return [...edges].flatMap(([identity, edge]) => {
    const before = storedEdges.get(identity)
    return before === undefined ? [] : [{ edge, before }]
  })
}

/** What an edge is known by, besides the vertex that it leads to. */
type Joined = Pick<StoredEdge, 'fromOperatorId' | 'sideOutput' | 'input'>

function joinedBy(graph: ExecutionGraph, edge: ExecutionEdge): Joined {
  const fromOperatorId = graph.vertices[edge.from]!.operators[edge.fromOperator]!.id
  return { fromOperatorId, sideOutput: edge.sideOutput, input: edge.input }
}

/** A stream united with itself makes equal edges: these are told apart by their order. */
function byIdentity<T>(edges: readonly T[], joinedOf: (edge: T) => Joined): ReadonlyMap<string, T> {
  const found = new Map<string, T>()
  for (const edge of edges) {
    const { fromOperatorId, sideOutput, input } = joinedOf(edge)
    let identity = JSON.stringify([fromOperatorId, sideOutput ?? null, input])
    while (found.has(identity)) identity += ' again'
    found.set(identity, edge)
  }
  return found
}
