/**
 * A job from its module to plain numbers: built, cut into chains, unfolded into tasks. Everything
 * that can be refused without starting a thread is refused here.
 * Threads: main.
 */
import { buildGraph, parseArgs } from '../api/build-graph.ts'
import type { Job } from '../api/job.ts'
import { SluiceError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { CheckpointMetadata } from '../checkpoint/metadata.ts'
import { jobGraph } from '../graph/chains.ts'
import type { ExecutionGraph } from '../graph/execution-graph.ts'
import { executionGraph } from '../graph/execution-graph.ts'
import type { Fingerprint } from '../graph/fingerprint.ts'
import { fingerprint } from '../graph/fingerprint.ts'
import type { JobGraph, JobVertex } from '../graph/job-graph.ts'
import { operatorsOf } from '../graph/job-graph.ts'
import type { JobOptions } from '../graph/options.ts'
import { parseOptions } from '../graph/parse-options.ts'
import type { StreamGraph } from '../graph/stream-graph.ts'
import type { Source } from '../operator/source.ts'
import type { Configured } from './config-of.ts'
import { configOf } from './config-of.ts'
import type { DeployedSink } from './job-sinks.ts'

export interface PreparedJob {
  readonly job: Job
  readonly args: unknown
  readonly options: JobOptions
  readonly graph: StreamGraph
  readonly jobGraph: JobGraph
  readonly execution: ExecutionGraph
  readonly fingerprint: Fingerprint
}

export interface PrepareOptions extends Configured {
  readonly args?: Readonly<Record<string, unknown>> | undefined
}

export async function prepareJob(job: Job, given: PrepareOptions): Promise<PreparedJob> {
  const options = parseOptions(configOf(given))
  const args = await parseArgs(job, given.args ?? {})
  const graph = buildGraph(job, args)
  const plan = unfold(job, { graph, options })
  return { job, args, options, graph, ...plan, fingerprint: fingerprint(graph) }
}

function unfold(
  job: Job,
  { graph, options }: Pick<PreparedJob, 'graph' | 'options'>,
): Pick<PreparedJob, 'jobGraph' | 'execution'> {
  const chains = jobGraph(graph, options)
  const execution = executionGraph(chains)
  checkTasks(job, execution.tasks.length)
  return { jobGraph: chains, execution }
}

/** The job with the key groups of a checkpoint, wherever nobody sets their number. */
export function adoptKeyGroups(prepared: PreparedJob, from: CheckpointMetadata): PreparedJob {
  const adopted = from.vertices.flatMap(({ operators, maxParallelism }) =>
    operators.map(({ operatorId }) => [operatorId, maxParallelism] as const),
  )
  const adoptedMaxParallelism = Object.fromEntries(adopted)
  const options: JobOptions = Object.freeze({ ...prepared.options, adoptedMaxParallelism })
  return { ...prepared, options, ...unfold(prepared.job, { graph: prepared.graph, options }) }
}

/** Beyond the limit the process itself would die, with all that it runs besides. */
function checkTasks(job: Job, tasks: number): void {
  const { tasksMax } = limits
  if (tasks <= tasksMax) return
  const message = `job '${job.name}' has ${tasks} tasks, each a thread; at most ${tasksMax} fit`
  throw new SluiceError('TOO_MANY_TASKS', message, { hint: 'lower the parallelism' })
}

/** The source of each vertex that has one. */
export function sourcesOf(graph: JobGraph): ReadonlyMap<JobVertex, Source<unknown>> {
  const sources = graph.vertices.flatMap((vertex) => {
    const { spec } = vertex.root.node
    return spec.kind === 'source' ? [[vertex, spec.source] as const] : []
  })
  return new Map(sources)
}

export function sinksOf(graph: JobGraph): readonly DeployedSink[] {
  return graph.vertices.flatMap((vertex) =>
    operatorsOf(vertex.root).flatMap(({ node, operatorId }) =>
      node.spec.kind === 'sink' ? [{ operatorId, sink: node.spec.sink }] : [],
    ),
  )
}
