/**
 * Stable names for operators: from the uid where there is one, otherwise from the operator's kind,
 * what it reads, and its place among operators of the same kind that read the same. They depend
 * on neither names, parallelism nor chaining, so that state is found again when those change.
 */
import { createHash } from 'node:crypto'
import { edgesWithoutUnions } from './inputs.ts'
import type { StreamGraph } from './stream-graph.ts'

/** One id for each node, by the node's index: 32 hex digits. Nodes come after what they read. */
export function operatorIds(graph: StreamGraph): readonly string[] {
  const edges = edgesWithoutUnions(graph)
  const seen = new Map<string, number>()
  const ids: string[] = []
  for (const node of graph.nodes) {
    const inputs = edges
      .filter((edge) => edge.to === node.index)
      .map((edge) => [edge.input, ids[edge.from], edge.sideOutput ?? ''] as const)
    const structure = JSON.stringify([node.spec.kind, inputs])
    const position = seen.get(structure) ?? 0
    seen.set(structure, position + 1)
    const told = node.uid === undefined ? `${structure}#${position}` : `uid:${node.uid}`
    ids.push(shortHash(told))
  }
  return ids
}

/** The first 128 bits of SHA-256, as hex digits. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
