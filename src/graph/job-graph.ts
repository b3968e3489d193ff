/**
 * A job as chains: each vertex is a tree of operators that run in one thread, joined by edges
 * that cross threads. It still holds closures, so every worker makes it anew.
 */
import type { Partition, StreamNode } from './stream-graph.ts'

/** One operator of a chain and what is chained to it. */
export interface OperatorTree {
  /** Index within the chain, depth first; the root is 0. */
  readonly index: number
  readonly node: StreamNode
  readonly operatorId: string
  readonly children: readonly OperatorBranch[]
}

export interface OperatorBranch {
  /** Present where the child reads a side output instead of the main one. */
  readonly sideOutput: string | undefined
  readonly tree: OperatorTree
}

/** An exchange between two vertices. */
export interface JobEdge {
  /** Index in `JobGraph.edges`. */
  readonly index: number
  readonly from: number
  /** The operator of the producing chain whose output this is: its `OperatorTree.index`. */
  readonly fromOperator: number
  readonly sideOutput: string | undefined
  readonly to: number
  /** Which input of the consuming vertex: 0, or 1 for the second of a two-input operator. */
  readonly input: number
  readonly partition: Partition
}

export interface JobVertex {
  /** Index in `JobGraph.vertices`; producers come before their consumers. */
  readonly index: number
  /** The root operator's id: 32 hex digits, equal in every worker. */
  readonly id: string
  /** Its operators' names: `a -> b`, with branches in parentheses: `a -> (b, c)`. */
  readonly name: string
  readonly parallelism: number
  readonly maxParallelism: number
  readonly slotSharingGroup: string
  readonly root: OperatorTree
  /** Edges into this vertex, in the order of its input gate. */
  readonly inputs: readonly JobEdge[]
  /** Edges out of this vertex: one exit each, in this order. */
  readonly outputs: readonly JobEdge[]
}

export interface JobGraph {
  readonly jobName: string
  readonly vertices: readonly JobVertex[]
  readonly edges: readonly JobEdge[]
}

/** All operators of a chain, depth first: `operatorsOf(root)[i].index === i`. */
export function operatorsOf(root: OperatorTree): readonly OperatorTree[] {
  return [root, ...root.children.flatMap((branch) => operatorsOf(branch.tree))]
}
