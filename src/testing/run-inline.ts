/**
 * Runs a whole job in the calling thread on a manual clock: the same tasks, rings and chains as in
 * workers, advanced in turn. Jobs may use closures, since nothing is bundled or sent.
 * Threads: the caller's.
 */
import { randomUUID } from 'node:crypto'
import type { Job } from '../api/job.ts'
import { ManualClock } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import type { Duration } from '../base/units.ts'
import type { CheckpointStats } from '../checkpoint/checkpoint-stats.ts'
import { JobSinks } from '../coordinator/job-sinks.ts'
import { discoverSources } from '../coordinator/job-sources.ts'
import type { JobMetrics } from '../coordinator/metrics-view.ts'
import type { PreparedJob } from '../coordinator/prepared-job.ts'
import { prepareJob, sinksOf, sourcesOf } from '../coordinator/prepared-job.ts'
import { InlineCheckpoints } from './inline-checkpoints.ts'
import { InlineJob } from './inline-job.ts'
import type { InlineResults } from './inline-results.ts'
import { type CheckpointSchedule, type CrashSchedule, InlineSchedule } from './inline-schedule.ts'

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
  /** When checkpoints are taken. They are kept in memory, and one ends the job. */
  readonly checkpoints?: InlineCheckpointOptions
  /** Throws all tasks away, and goes on from the latest checkpoint that is complete. */
  readonly crashes?: InlineCrashOptions
  /**
   * Lets the tasks work in another order, in steps of another size: a result that depends on
   * either is one that threads may change at any time. The same seed gives the same run again.
   */
  readonly seed?: number
}

export interface InlineCheckpointOptions extends CheckpointSchedule {
  /** On the job's clock. */
  readonly interval?: Duration
  /** How many may be under way at a time, 1 to 8. Default: 1. */
  readonly maxConcurrent?: number
}

export interface InlineCrashOptions extends CrashSchedule {
  /** Of the second attempt, the third, ...: the last one holds for the rest. Default: the same. */
  readonly parallelism?: readonly number[]
}

/** What a job gave. */
export interface InlineResult {
  /** 'canceled' where `untilMs` ended the job: what its sinks wrote is then withdrawn. */
  readonly status: 'finished' | 'canceled'
  /** What `stream.collect(name)` gave. Throws NO_SUCH_RESULT. */
  rows<T = unknown>(name: string): readonly T[]
  /** The records that `print()` was given, stream by stream in the order of the job. */
  readonly printed: readonly unknown[]
  /** As `job.metrics()` at the end: of the last attempt. */
  readonly metrics: JobMetrics
  /** Newest first. */
  readonly checkpoints: readonly CheckpointStats[]
  /** How many crashes there were. */
  readonly restarts: number
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
  const prepared = await prepare(job as Job, options)
  if (options.untilMs === undefined) refuseEndless(prepared(1))
  const clock = options.clock ?? new ManualClock()
  const sources = await discoverSources(prepared(1))
  const lineage = randomUUID().replaceAll('-', '')
  const checkpointing = takesCheckpoints(options, prepared(1))
  const sinks = new JobSinks(sinksOf(prepared(1).jobGraph), {
    lineage,
    overwrite: options.overwrite === true,
    checkpointing,
  })
  await sinks.start()
  try {
    const { crashes = {}, seed } = options
    const schedule = new InlineSchedule({ checkpoints: options.checkpoints ?? {}, crashes, seed })
    const checkpoints = checkpointing
      ? new InlineCheckpoints({ options: prepared(1).options, sinks, clock })
      : undefined
    const given = { prepared, sources, sinks, schedule, clock, lineage, checkpoints }
    const run = new InlineJob(given)
    const status = await finish(run, {
      sinks,
      untilMs: options.untilMs ?? Number.POSITIVE_INFINITY,
    })
    return {
      status,
      clock,
      printed: run.results.printed(),
      metrics: run.metrics(),
      rows: rowsOf(run.results),
      checkpoints: checkpoints?.statistics.report().history ?? [],
      restarts: run.restarts,
    }
  } finally {
    await sinks.close()
  }
}

/** The job of each attempt: a restart may have given it another parallelism. */
async function prepare(
  job: Job,
  { args, parallelism, crashes, checkpoints, ...options }: InlineOptions,
): Promise<(attempt: number) => PreparedJob> {
  const config = { development: true, ...options.config }
  const { interval, maxConcurrent } = checkpoints ?? {}
  const typed = {
    ...(interval === undefined ? {} : { interval }),
    ...(maxConcurrent === undefined ? {} : { maxConcurrent }),
  }
  const all: PreparedJob[] = []
  for (const given of [parallelism, ...(crashes?.parallelism ?? [])]) {
    all.push(await prepareJob(job, { args, config, parallelism: given, checkpoints: typed }))
  }
  return (attempt) => all[Math.min(attempt, all.length) - 1]!
}

function takesCheckpoints({ checkpoints, crashes }: InlineOptions, prepared: PreparedJob): boolean {
  if (checkpoints !== undefined || crashes !== undefined) return true
  return prepared.options.checkpointIntervalMs !== undefined
}

interface Ending {
  readonly sinks: JobSinks
  readonly untilMs: number
}

/** A failure of the job is told before one of the cleaning up behind it. */
async function finish(run: InlineJob, { sinks, untilMs }: Ending): Promise<InlineResult['status']> {
  let status: InlineResult['status']
  try {
    status = await run.toEnd(untilMs)
  } catch (error) {
    await Promise.allSettled([run.close()])
    await Promise.allSettled([sinks.abort()])
    throw error
  }
  await run.close()
  await (status === 'canceled' ? sinks.abort() : sinks.finish())
  return status
}

function rowsOf(results: InlineResults): InlineResult['rows'] {
  return <T>(name: string) => {
    const rows = results.collected(name)
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
