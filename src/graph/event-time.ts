/**
 * Which exchanges carry event times: only those with somebody behind them who reads it and
 * somebody before them who gave it. Elsewhere a page has no column for it.
 */
import type { OperatorSpec } from '../operator/spec.ts'
import type { JobEdge, JobGraph, JobVertex, OperatorTree } from './job-graph.ts'

type Kinds = ReadonlySet<OperatorSpec['kind']>

const READS: Kinds = new Set([
  'process',
  'keyed-process',
  'window-aggregate',
  'window-process',
  'sink',
])

/** For each edge of the graph, by index: true if its records travel with their event time. */
export function timedEdges(graph: JobGraph): readonly boolean[] {
  const given = new Map<JobEdge, boolean>()
  for (const vertex of graph.vertices) {
    const arriving = vertex.inputs.some((edge) => given.get(edge) === true)
    for (const edge of vertex.outputs) given.set(edge, isGiven(vertex.root, edge, arriving))
  }
  return graph.edges.map(
    (edge) => given.get(edge) === true && isRead(graph, graph.vertices[edge.to]!),
  )
}

/** Follows the path from the head to the operator whose output the edge is. */
function isGiven(tree: OperatorTree, edge: JobEdge, arriving: boolean): boolean {
  const leaving = arriving || gives(tree.node.spec)
  if (tree.index === edge.fromOperator) return leaving
  return tree.children.some(
    ({ tree: child }) => contains(child, edge.fromOperator) && isGiven(child, edge, leaving),
  )
}

function gives(spec: OperatorSpec): boolean {
  if (spec.kind === 'source') return spec.source.timed === true
  return spec.kind === 'watermarks' || spec.kind.startsWith('window')
}

function contains(tree: OperatorTree, index: number): boolean {
  return tree.index === index || tree.children.some(({ tree: child }) => contains(child, index))
}

function isRead(graph: JobGraph, vertex: JobVertex): boolean {
  return (
    treeReads(vertex.root) || vertex.outputs.some((edge) => isRead(graph, graph.vertices[edge.to]!))
  )
}

function treeReads(tree: OperatorTree): boolean {
  if (READS.has(tree.node.spec.kind)) return true
  if (tree.node.spec.kind === 'watermarks') return false
  return tree.children.some(({ tree: child }) => treeReads(child))
}
