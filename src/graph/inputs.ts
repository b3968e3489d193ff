/**
 * The edges of a stream graph with union nodes dissolved: what reads from a union reads from each
 * of its inputs. Shared by chains, operator ids and fingerprint, so that all see the same inputs.
 */
import type { Partition, StreamEdge, StreamGraph } from './stream-graph.ts'

/** All edges between nodes that do something, by consumer, then by place among its inputs. */
export function edgesWithoutUnions(graph: StreamGraph): readonly StreamEdge[] {
  const incoming = edgesInto(graph)
  return graph.nodes
    .filter((node) => node.spec.kind !== 'union')
    .flatMap((node) => incoming[node.index]!.flatMap((edge) => resolve(graph, incoming, edge)))
}

function edgesInto(graph: StreamGraph): readonly (readonly StreamEdge[])[] {
  const incoming = graph.nodes.map((): StreamEdge[] => [])
  for (const edge of graph.edges) incoming[edge.to]!.push(edge)
  return incoming
}

/** An edge that reads a union becomes one edge for each of the union's inputs. */
function resolve(
  graph: StreamGraph,
  incoming: readonly (readonly StreamEdge[])[],
  edge: StreamEdge,
): readonly StreamEdge[] {
  if (graph.nodes[edge.from]!.spec.kind !== 'union') return [edge]
  return incoming[edge.from]!.flatMap((inner) =>
    resolve(graph, incoming, {
      from: inner.from,
      to: edge.to,
      input: edge.input,
      partition: outerOf(edge.partition, inner.partition),
      sideOutput: inner.sideOutput,
    }),
  )
}

/** What is said behind the union counts; where nothing is, what was said before it. */
function outerOf(behind: Partition, before: Partition): Partition {
  return behind.kind === 'forward' ? before : behind
}
