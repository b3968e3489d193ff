/**
 * The schema that is declared for the records of an exchange, if there is one.
 * Threads: the task.
 */
import { Schema } from '../codec/schema.ts'
import type { JobEdge, JobGraph, OperatorTree } from '../graph/job-graph.ts'

/** Operators behind which records are what they were. */
const KEEPS_RECORDS: ReadonlySet<string> = new Set(['filter', 'watermarks', 'schema'])

/** Of what an operator writes into the edge: there or before, in the producing chain. */
export function schemaWritten(root: OperatorTree, edge: JobEdge): Schema<unknown> | undefined {
  if (edge.sideOutput !== undefined) return undefined
  const path = pathTo(root, edge.fromOperator).reverse()
  for (const { node } of path) {
    if (node.spec.kind === 'schema') return new Schema(node.spec.node)
    if (!KEEPS_RECORDS.has(node.spec.kind)) return undefined
  }
  return undefined
}

/** Of what is read from it: as written, or as the consuming chain declares it first of all. */
export function schemaRead({ vertices }: JobGraph, edge: JobEdge): Schema<unknown> | undefined {
  const written = schemaWritten(vertices[edge.from]!.root, edge)
  return written ?? schemaFrom(vertices[edge.to]!.root)
}

function schemaFrom({ node, children }: OperatorTree): Schema<unknown> | undefined {
  if (node.spec.kind === 'schema') return new Schema(node.spec.node)
  const [only, ...others] = children
  if (!KEEPS_RECORDS.has(node.spec.kind) || only === undefined || others.length > 0) {
    return undefined
  }
  return only.sideOutput === undefined ? schemaFrom(only.tree) : undefined
}

function pathTo(tree: OperatorTree, index: number): OperatorTree[] {
  if (tree.index === index) return [tree]
  for (const { tree: child, sideOutput } of tree.children) {
    const below = pathTo(child, index)
    // What a side output carries is not what the operator's main output does.
    if (below.length > 0) return sideOutput === undefined ? [tree, ...below] : below
  }
  return []
}
