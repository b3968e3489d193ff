/**
 * One operator of a chain as the task sees it: a node of the tree that the chain compiler turns
 * into code, with the objects that its code calls.
 */
import type { RecordWriter } from '../channel/record-writer.ts'
import type { Operator } from '../operator/contract.ts'
import type { KeySelector, OperatorSpec } from '../operator/spec.ts'

export interface ChainBranch {
  /** Present where the branch reads a side output instead of the main one. */
  readonly sideOutput: string | undefined
}

export interface ChainChild extends ChainBranch {
  readonly node: ChainNode
}

export interface ChainExit extends ChainBranch {
  readonly writer: RecordWriter
}

export interface ChainNode {
  /** Index within the chain, in depth-first order; the head is 0. */
  readonly index: number
  readonly name: string
  readonly operatorId: string
  readonly spec: OperatorSpec
  readonly key: KeySelector | undefined
  /** The object behind the node; absent for kinds that are inlined. */
  readonly operator: Operator | undefined
  readonly children: readonly ChainChild[]
  readonly exits: readonly ChainExit[]
}

/** All nodes of a chain, head first, in the order in which watermarks pass. */
export function nodesOf(head: ChainNode): readonly ChainNode[] {
  return [head, ...head.children.flatMap((child) => nodesOf(child.node))]
}

/** Tags of those side outputs that somebody reads. */
export function sideOutputsOf(node: ChainNode): readonly string[] {
  const tags = [...node.children, ...node.exits].map((branch) => branch.sideOutput)
  return [...new Set(tags.filter((tag) => tag !== undefined))]
}
