/**
 * The frozen description of a job as its author wrote it: nodes in the order of their creation,
 * edges with their kind of exchange. It holds closures, so it is rebuilt in every worker and never
 * sent.
 */
import type { Routing } from '../channel/partitioner.ts'
import type { KeySelector, OperatorSpec } from '../operator/spec.ts'

/** How the records of an edge are spread over the channels. */
export type Partition = Routing

/** 'start': begins a chain. 'never': neither chained to its input nor to its output. */
export type Chaining = 'always' | 'start' | 'never'

export interface StreamNode {
  /** Index in `StreamGraph.nodes`. */
  readonly index: number
  readonly name: string
  readonly uid?: string | undefined
  readonly parallelism?: number | undefined
  readonly maxParallelism?: number | undefined
  readonly slotSharingGroup?: string | undefined
  readonly chaining: Chaining
  readonly spec: OperatorSpec
  /** How the key of keyed state is found; present behind keyBy. */
  readonly key?: KeySelector | undefined
}

export interface StreamEdge {
  readonly from: number
  readonly to: number
  /** Which input of `to`: 0, or 1 for the second of a two-input operator. */
  readonly input: number
  readonly partition: Partition
  /** Reads this side output of `from` instead of its main output. */
  readonly sideOutput?: string | undefined
}

export interface StreamGraph {
  readonly jobName: string
  readonly nodes: readonly StreamNode[]
  readonly edges: readonly StreamEdge[]
}
