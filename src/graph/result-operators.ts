/** Operators whose records leave the job for the program around it: `collect` and `print`. */
import type { JobVertex, OperatorTree } from './job-graph.ts'
import { operatorsOf } from './job-graph.ts'

export interface ResultOperator {
  readonly tree: OperatorTree
  /** The name given to `collect`. */
  readonly target: string
  readonly print: boolean
}

/** In the order of the exits that follow a vertex's own edges. */
export function resultOperators(vertex: JobVertex): readonly ResultOperator[] {
  return operatorsOf(vertex.root).flatMap((tree) => {
    const { spec } = tree.node
    return spec.kind === 'collect' ? [{ tree, target: spec.target, print: spec.print }] : []
  })
}
