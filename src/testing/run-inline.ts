/**
 * Runs a whole job in the calling thread on a manual clock: the same tasks, rings and chains as in
 * workers, advanced in turn. Jobs may use closures, since nothing is bundled or sent.
 * Threads: the caller's.
 */
import type { Job } from '../api/job.ts'
import { assert } from '../base/assert.ts'
import { ManualClock, turn } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import { silentLogger } from '../base/log.ts'
import { Doorbell } from '../channel/doorbell.ts'
import { JobSinks } from '../coordinator/job-sinks.ts'
import type { JobSources } from '../coordinator/job-sources.ts'
import { discoverSources } from '../coordinator/job-sources.ts'
import type { PreparedJob } from '../coordinator/prepared-job.ts'
import { prepareJob, sinksOf } from '../coordinator/prepared-job.ts'
import { planDeployment } from '../coordinator/task-deployment.ts'
import type { FromTask, SinkCommittables } from '../protocol/messages.ts'
import type { BuiltSubtask } from '../task/build-subtask.ts'
import { buildSubtask } from '../task/build-subtask.ts'
import { ResultBuffer } from './result-buffer.ts'

export interface InlineOptions {
  /** The job's own arguments. */
  readonly args?: Readonly<Record<string, unknown>>
  readonly config?: Readonly<Record<string, unknown>>
  /** Default: 1. */
  readonly parallelism?: number
  /**
   * The job's clock. It is moved on to the next timer or event whenever nothing else is left to
   * do. Default: a new one that starts at 0.
   */
  readonly clock?: ManualClock
  /** Stops an unbounded job once its clock has come this far. Default: never. */
  readonly untilMs?: number
  readonly overwrite?: boolean
}

export interface InlineResult {
  /** What `stream.collect(name)` gave. */
  rows<T = unknown>(name: string): readonly T[]
  /** What `print()` gave, by stream in the order of the job. */
  readonly printed: readonly unknown[]
  readonly clock: ManualClock
}

/**
 * Resolves with everything the job gave when all its input is consumed (or `untilMs` is reached).
 * Rejects with the SluiceError that a run in workers would give.
 *
 * @example
 * const { rows } = await runInline(job, { args: { limit: 3 } })
 * expect(rows('counts')).toEqual([{ word: 'a', count: 1 }])
 */
export async function runInline<Args>(
  job: Job<Args>,
  options: InlineOptions = {},
): Promise<InlineResult> {
  const { args, config, parallelism } = options
  const inDevelopment = { development: true, ...config }
  const prepared = await prepareJob(job as Job, { args, config: inDevelopment, parallelism })
  const sources = await discoverSources(prepared)
  const lineage = 'inline'
  const sinks = new JobSinks(sinksOf(prepared.jobGraph), {
    lineage,
    overwrite: options.overwrite === true,
  })
  await sinks.start()
  const run = new InlineRun({
    prepared,
    sources,
    clock: options.clock ?? new ManualClock(),
    lineage,
  })
  try {
    await run.open()
    await run.toEnd(options.untilMs ?? Number.POSITIVE_INFINITY)
    await sinks.commit(run.committables)
  } catch (error) {
    await sinks.abort()
    throw error
  } finally {
    await run.close()
    await sinks.close()
  }
  return run.result()
}

interface InlineRunOptions {
  readonly prepared: PreparedJob
  readonly sources: JobSources
  readonly clock: ManualClock
  readonly lineage: string
}

const ATTEMPT = 1

class InlineRun {
  readonly committables: SinkCommittables[] = []
  readonly #clock: ManualClock
  readonly #tasks: readonly BuiltSubtask[]
  readonly #results: readonly ResultBuffer[]
  readonly #sources: JobSources
  readonly #subtaskOf: (task: number) => number

  constructor({ prepared, sources, clock, lineage }: InlineRunOptions) {
    this.#clock = clock
    this.#sources = sources
    const plan = planDeployment({
      prepared,
      attempt: ATTEMPT,
      lineage,
      jobUrl: '',
      onPrint: () => {},
    })
    this.#subtaskOf = (task) => prepared.execution.tasks[task]!.subtask
    this.#results = plan.results.map((reader) => new ResultBuffer(reader))
    this.#tasks = plan.deployments.map((deployment) =>
      buildSubtask({
        jobGraph: prepared.jobGraph,
        deployment,
        doorbell: new Doorbell(deployment.doorbell),
        clock,
        log: silentLogger,
        send: (message) => this.#take(message),
        mayBlock: false,
      }),
    )
  }

  async open(): Promise<void> {
    for (const task of this.#tasks) await task.open()
  }

  async toEnd(untilMs: number): Promise<void> {
    while (this.#clock.nowMs() < untilMs) {
      const finished = this.#round()
      if (finished === 'all') return
      if (finished === 'idle') await this.#passTime(untilMs)
    }
  }

  /** One step of every task, and all rows that have come. */
  #round(): 'all' | 'progress' | 'idle' {
    const steps = this.#tasks.map((task) => task.subtask.step())
    const rows = this.#results.map((result) => result.take())
    if (steps.every((step) => step === 'finished')) return 'all'
    return steps.includes('progress') || rows.some((count) => count > 0) ? 'progress' : 'idle'
  }

  /** Nothing can be done now: lets promises settle, or moves the clock to what is due next. */
  async #passTime(untilMs: number): Promise<void> {
    if (this.#tasks.some((task) => task.subtask.pendingPromises > 0)) return turn()
    await turn()
    if (this.#tasks.some((task) => task.subtask.ready())) return
    const dueMs = Math.min(untilMs, ...this.#tasks.map((task) => task.subtask.nextWakeMs()))
    if (dueMs === Number.POSITIVE_INFINITY) throw stuck()
    this.#clock.advance(Math.max(0, dueMs - this.#clock.nowMs()))
  }

  #take(message: FromTask): void {
    if (message.type === 'finished') this.committables.push(...message.sinks)
    if (message.type !== 'split-request') return
    const assigner = this.#sources.assigners.get(message.task)
    assert(assigner !== undefined, 'splits are asked for by sources only')
    const { splits, last } = assigner.next(this.#subtaskOf(message.task))
    this.#tasks[message.task]!.addSplits(splits, last)
  }

  async close(): Promise<void> {
    for (const task of this.#tasks) await task.close()
    for (const result of this.#results) result.close()
  }

  result(): InlineResult {
    const printed = this.#results.filter((one) => one.isPrint).flatMap((one) => one.rows)
    return {
      clock: this.#clock,
      printed,
      rows: <T>(name: string) => {
        const result = this.#results.find((one) => !one.isPrint && one.name === name)
        if (result === undefined) throw noSuchRows(name)
        return result.rows as T[]
      },
    }
  }
}

function stuck(): SluiceError {
  return new SluiceError('JOB_STUCK', 'nothing is left to do, but the job has not finished', {
    hint: 'an unbounded source ends only with untilMs',
  })
}

function noSuchRows(name: string): SluiceError {
  return new SluiceError('NO_SUCH_RESULT', `the job collects nothing as '${name}'`, {
    hint: `add .collect('${name}') to a stream`,
  })
}
