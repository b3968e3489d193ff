/** A task's record writers: one for each exit of its vertex. Threads: the task. */
import type { OutputChannelDescription } from '../channel/create-channel.ts'
import { EdgeState } from '../channel/edge-state.ts'
import { OutputChannel } from '../channel/output-channel.ts'
import type { OutputCredit } from '../channel/output-credit.ts'
import type { Routing } from '../channel/partitioner.ts'
import { RecordWriter } from '../channel/record-writer.ts'
import type { SharedWords } from '../channel/shared-words.ts'
import type { Codecs } from '../codec/codecs.ts'
import type { Schema } from '../codec/schema.ts'
import type { JobVertex } from '../graph/job-graph.ts'
import type { JobOptions } from '../graph/options.ts'
import type { BuildSubtaskOptions } from './build-subtask.ts'
import { schemaWritten } from './declared-schema.ts'

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
      declared: schemaWritten(vertex.root, edge),
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
