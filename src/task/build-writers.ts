/** A task's record writers: one for each exit of its vertex. Threads: the task. */
import type { OutputChannelDescription } from '../channel/create-channel.ts'
import { EdgeState } from '../channel/edge-state.ts'
import { OutputChannel } from '../channel/output-channel.ts'
import type { OutputCredit } from '../channel/output-credit.ts'
import type { Routing } from '../channel/partitioner.ts'
import { RecordWriter } from '../channel/record-writer.ts'
import type { SharedWords } from '../channel/shared-words.ts'
import type { Codecs } from '../codec/codecs.ts'
import { Schema } from '../codec/schema.ts'
import type { JobVertex, OperatorTree } from '../graph/job-graph.ts'
import type { JobOptions } from '../graph/options.ts'
import type { BuildSubtaskOptions } from './build-subtask.ts'

export interface BuildWritersOptions {
  readonly build: BuildSubtaskOptions
  readonly vertex: JobVertex
  readonly codecs: Codecs
  readonly credit: OutputCredit
  /** By edge index: whether records travel with their event time. */
  readonly timed: readonly boolean[]
}

export function buildWriters(options: BuildWritersOptions): readonly RecordWriter[] {
  const { vertex, build, timed } = options
  const vertices = build.jobGraph.vertices
  return build.deployment.outputs.map((ends, exit) => {
    const edge = vertex.outputs[exit]
    // Behind the edges come the exits of `collect` and `print`: one channel to the main thread.
    if (edge === undefined) return exitWriter(options, { ends, ...TO_MAIN })
    return exitWriter(options, {
      ends,
      routing: edge.partition,
      withTime: timed[edge.index]!,
      declared:
        edge.sideOutput === undefined ? schemaAt(vertex.root, edge.fromOperator) : undefined,
      maxParallelism: vertices[edge.to]!.maxParallelism,
    })
  })
}

/** Where the default is not to be had by name. */
export function wordsOf({ words }: BuildSubtaskOptions): { readonly words?: SharedWords } {
  return words === undefined ? {} : { words }
}

const TO_MAIN = { routing: { kind: 'forward' }, withTime: false, maxParallelism: 1 } as const

interface Exit {
  readonly ends: readonly OutputChannelDescription[]
  readonly routing: Routing
  readonly withTime: boolean
  readonly maxParallelism: number
  readonly declared?: Schema<unknown> | undefined
}

/** Operators behind which records are what they were. */
const KEEPS_RECORDS: ReadonlySet<string> = new Set(['filter', 'watermarks', 'schema'])

/** The schema that was declared for an operator's output, there or before. */
function schemaAt(root: OperatorTree, index: number): Schema<unknown> | undefined {
  const path = pathTo(root, index).reverse()
  for (const { node } of path) {
    if (node.spec.kind === 'schema') return new Schema(node.spec.node)
    if (!KEEPS_RECORDS.has(node.spec.kind)) return undefined
  }
  return undefined
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

function exitWriter({ build, codecs, credit }: BuildWritersOptions, exit: Exit): RecordWriter {
  const { recordBytesMax } = build.deployment.options as JobOptions
  const edge = new EdgeState(exit.declared)
  const { withTime, routing, maxParallelism } = exit
  const channels = exit.ends.map(
    (end) =>
      new OutputChannel(end, {
        codecs,
        credit,
        edge,
        withTime,
        recordBytesMax,
        ...wordsOf(build),
      }),
  )
  const firstTurn = build.deployment.subtask
  return new RecordWriter({ routing, channels, edge, maxParallelism, firstTurn })
}
