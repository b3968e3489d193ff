/**
 * Runs a job's build function and freezes what it built. Every worker does this anew, so the same
 * job and arguments must give the same graph.
 * Threads: main, and every worker. `parseArgs` only in the main thread, once.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { InvariantViolation } from '../base/assert.ts'
import { SluiceError } from '../base/errors.ts'
import type { StreamGraph } from '../graph/stream-graph.ts'
import { GraphBuilder } from './graph-builder.ts'
import type { Job } from './job.ts'
import { createEnv } from './stream-builder.ts'

/**
 * The arguments as the build function gets them: checked and converted where the job has a schema,
 * as they are otherwise. Throws BAD_ARGUMENT.
 */
export async function parseArgs(job: Job, given: unknown): Promise<unknown> {
  if (job.argsSchema === undefined) return given
  const result = await job.argsSchema['~standard'].validate(given)
  if (result.issues === undefined) return result.value
  const sentences = result.issues.map(sentenceOf)
  throw new SluiceError('BAD_ARGUMENT', `job '${job.name}': ${sentences.join('; ')}`, {
    hint: `the job's schema refused its arguments: correct ${result.issues.map(nameOf).join(', ')}`,
  })
}

/**
 * Builds the job's graph with arguments that went through `parseArgs`. Errors with a code pass as
 * they are; whatever else the build function throws becomes JOB_BUILD_FAILED.
 */
export function buildGraph(job: Job, args: unknown): StreamGraph {
  const builder = new GraphBuilder(job.name)
  const result = runBuild(job, () => job.build(createEnv(builder), args) as unknown)
  if (isPromise(result)) {
    // Its rejection would otherwise end the process; the mistake is told already.
    result.then(undefined, () => {})
    throw new SluiceError('BUILD_NOT_SYNCHRONOUS', `job '${job.name}': build returned a promise`, {
      hint: 'build only describes the graph: open clients and read files in open() or in a source',
    })
  }
  return builder.freeze()
}

function runBuild(job: Job, run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    if (error instanceof SluiceError || error instanceof InvariantViolation) throw error
    const text = error instanceof Error ? error.message : String(error)
    const message = `job '${job.name}' failed while it was built: ${text}`
    throw new SluiceError('JOB_BUILD_FAILED', message, { cause: error })
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** Sluice's own schemas name the field already. */
function sentenceOf(issue: StandardSchemaV1.Issue): string {
  if (issue.message.startsWith("field '")) return issue.message.replace('field', 'argument')
  return `${nameOf(issue)}: ${issue.message}`
}

function nameOf(issue: StandardSchemaV1.Issue): string {
  const steps = (issue.path ?? []).map((step) => (typeof step === 'object' ? step.key : step))
  return steps.length === 0 ? 'the arguments' : `argument '${steps.map(String).join('.')}'`
}
