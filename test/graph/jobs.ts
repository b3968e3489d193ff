/** Jobs as data for tests of the graph: sources and sinks that are never run. */
import { buildGraph } from '../../src/api/build-graph.ts'
import { defineJob } from '../../src/api/job.ts'
import { blackhole } from '../../src/api/sinks.ts'
import type { Env } from '../../src/api/streams.ts'
import { type ChainOptions, jobGraph } from '../../src/graph/chains.ts'
import type { JobGraph } from '../../src/graph/job-graph.ts'
import type { StreamGraph } from '../../src/graph/stream-graph.ts'
import type { Source } from '../../src/operator/source.ts'

export interface Bid {
  auction: string
  price: number
  time: number
}

/** A source that is only described. */
export function bids(name = 'bids', options: Readonly<Record<string, unknown>> = {}): Source<Bid> {
  const never = () => {
    throw new Error('not to be run')
  }
  return { kind: 'test', name, options, bounded: true, enumerator: never, reader: never }
}

export const sink = blackhole

export function graphOf(build: (env: Env) => void): StreamGraph {
  return buildGraph(defineJob('test', build), {})
}

export function chainsOf(build: (env: Env) => void, options: Partial<ChainOptions> = {}): JobGraph {
  return jobGraph(graphOf(build), { parallelism: 2, chaining: true, ...options })
}

/** Chains and exchanges as lines: `name xP`, `from -exchange-> to`. */
export function drawn(graph: JobGraph): readonly string[] {
  const name = (vertex: number) => graph.vertices[vertex]!.name
  return [
    ...graph.vertices.map((vertex) => `${vertex.name} x${vertex.parallelism}`),
    ...graph.edges.map((edge) => {
      const tag = edge.sideOutput === undefined ? '' : `[${edge.sideOutput}]`
      return `${name(edge.from)}${tag} -${edge.partition.kind}-> ${name(edge.to)}`
    }),
  ]
}
