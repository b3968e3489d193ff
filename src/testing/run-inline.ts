/**
 * Runs a whole job in the calling thread on a manual clock: the same tasks, rings and chains as in
 * workers, advanced in turn. Jobs may use closures, since nothing is bundled or sent.
 * Threads: the caller's.
 */
import { randomUUID } from 'node:crypto'
import type { Job } from '../api/job.ts'
import { ManualClock } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import { JobSinks } from '../coordinator/job-sinks.ts'
import { discoverSources } from '../coordinator/job-sources.ts'
import type { PreparedJob } from '../coordinator/prepared-job.ts'
import { prepareJob, sinksOf, sourcesOf } from '../coordinator/prepared-job.ts'
import type { JobMetrics } from '../coordinator/run-options.ts'
import { InlineRun } from './inline-run.ts'

/** What `runInline` takes besides the job. */
export interface InlineOptions {
  /** The job's own arguments, checked by its schema if it has one. */
  readonly args?: Readonly<Record<string, unknown>>
  /** Options of the engine by Flink's key or by short path. `development` is on by default. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Subtasks of every operator that sets none. Default: 1. */
  readonly parallelism?: number
  /**
   * The job's clock. Work takes none of its time: it is moved on, to whatever is due next, only
   * when nothing is left to do. Default: a new one that starts at 0.
   */
  readonly clock?: ManualClock
  /**
   * Ends the job, as `cancel()` would, when all that is due up to this time of the clock is done.
   * Needed where a source has no end; such a source needs a rate, or time never passes.
   */
  readonly untilMs?: number
  /** Lets sinks replace output that is already there. Default: false. */
  readonly overwrite?: boolean
}

/** What a job gave. */
export interface InlineResult {
  /** 'canceled' where `untilMs` ended the job: what its sinks wrote is then withdrawn. */
  readonly status: 'finished' | 'canceled'
  /** What `stream.collect(name)` gave. Throws NO_SUCH_RESULT. */
  rows<T = unknown>(name: string): readonly T[]
  /** The records that `print()` was given, stream by stream in the order of the job. */
  readonly printed: readonly unknown[]
  /** As `job.metrics()` at the end. */
  readonly metrics: JobMetrics
  readonly clock: ManualClock
}

/**
 * Runs a job without threads. Resolves with everything it gave when all its input is consumed (or
 * `untilMs` is reached). Rejects with the SluiceError that a run in workers would give; besides
 * with JOB_UNBOUNDED for a source without an end where `untilMs` is not given, and with JOB_STUCK.
 *
 * Readers, sinks and `open` may be asynchronous: the clock stands still while they are waited for.
 *
 * @example
 * const seen: number[] = []
 * const job = defineJob('squares', (env) => {
 *   env
 *     .from(collection([1, 2, 3]))
 *     .map((n) => {
 *       seen.push(n)
 *       return { n, square: n * n }
 *     })
 *     .collect('squares')
 * })
 * const { rows } = await runInline(job)
 * assert.deepEqual(rows('squares').at(-1), { n: 3, square: 9 })
 * assert.deepEqual(seen, [1, 2, 3])
 */
export async function runInline<Args>(
  job: Job<Args>,
  options: InlineOptions = {},
): Promise<InlineResult> {
  const { args, parallelism, untilMs = Number.POSITIVE_INFINITY } = options
  const config = { development: true, ...options.config }
  const prepared = await prepareJob(job as Job, { args, config, parallelism })
  if (untilMs === Number.POSITIVE_INFINITY) refuseEndless(prepared)
  const clock = options.clock ?? new ManualClock()
  const sources = await discoverSources(prepared)
  const lineage = randomUUID().replaceAll('-', '')
  const sinks = new JobSinks(sinksOf(prepared.jobGraph), {
    lineage,
    overwrite: options.overwrite === true,
    checkpointing: false,
  })
  await sinks.start()
  try {
    const run = new InlineRun({ prepared, sources, clock, lineage })
    const status = await finish(run, { sinks, untilMs })
    return { status, clock, printed: run.printed(), metrics: run.metrics(), rows: rowsOf(run) }
  } finally {
    await sinks.close()
  }
}

interface Ending {
  readonly sinks: JobSinks
  readonly untilMs: number
}

/** A failure of the job is told before one of the cleaning up behind it. */
async function finish(run: InlineRun, { sinks, untilMs }: Ending): Promise<InlineResult['status']> {
  let status: InlineResult['status']
  try {
    await run.open()
    status = await run.toEnd(untilMs)
    if (status === 'finished') await sinks.commit(run.committables)
  } catch (error) {
    await Promise.allSettled([run.close()])
    await Promise.allSettled([sinks.abort()])
    throw error
  }
  await run.close()
  if (status === 'canceled') await sinks.abort()
  return status
}

function rowsOf(run: InlineRun): InlineResult['rows'] {
  return <T>(name: string) => {
    const rows = run.collected(name)
    if (rows === undefined) throw noSuchRows(name)
    return rows as readonly T[]
  }
}

function refuseEndless(prepared: PreparedJob): void {
  for (const source of sourcesOf(prepared.jobGraph).values()) {
    if (source.bounded) continue
    throw new SluiceError('JOB_UNBOUNDED', `the source '${source.name}' has no end`, {
      operator: source.name,
      hint: 'pass untilMs, the time on the clock at which to stop, or bound the source',
    })
  }
}

function noSuchRows(name: string): SluiceError {
  return new SluiceError('NO_SUCH_RESULT', `the job collects nothing as '${name}'`, {
    hint: `add .collect('${name}') to a stream`,
  })
}
