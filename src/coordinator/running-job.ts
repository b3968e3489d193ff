/** The handle of a running job. Threads: main. */
import type { Clock } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { Checkpointing } from './checkpointing.ts'
import type { JobCheckpointing } from './checkpointing-view.ts'
import { CheckpointingView } from './checkpointing-view.ts'
import type { Checkpoints } from './checkpoints-view.ts'
import type { JobAttempts } from './job-attempts.ts'
import { JobMeter } from './job-metrics.ts'
import type { JobRun } from './job-run.ts'
import type { JobMetrics } from './metrics-view.ts'
import type { PreparedJob } from './prepared-job.ts'
import type { JobHandle, JobResult, JobStatus } from './run-options.ts'

export interface RunningJobOptions {
  readonly prepared: PreparedJob
  readonly run: JobRun
  readonly attempts: JobAttempts
  readonly checkpointing: Checkpointing
  readonly recordsTotal: number | undefined
  readonly startedMs: number
  readonly clock: Clock
  readonly log: Logger
}

export class RunningJob implements JobHandle {
  readonly id: string
  readonly name: string
  readonly finished: Promise<JobResult>
  readonly checkpoints: Checkpoints
  readonly checkpointing: JobCheckpointing
  readonly #options: RunningJobOptions
  readonly #meter = new JobMeter()
  #stopListening: () => void = () => {}
  /** No task runs any more, not even one that could not say so. */
  #endedMs: number | undefined

  constructor(options: RunningJobOptions) {
    this.#options = options
    this.id = options.attempts.lineage
    this.name = options.prepared.job.name
    this.checkpoints = options.attempts.view
    const { run, attempts, checkpointing, log } = options
    const { checkpoints } = attempts
    const isOver = () => run.isOver
    this.checkpointing = new CheckpointingView({ checkpointing, checkpoints, isOver, log })
    this.finished = this.#result()
    // A program that only collects rows gets the error there; it is no unhandled rejection.
    this.finished.catch(() => {})
  }

  get status(): JobStatus {
    const { phase } = this.#options.run
    const isTold = phase === 'finished' || phase === 'canceled' || phase === 'failed'
    return isTold || phase === 'restarting' ? phase : 'running'
  }

  get results(): readonly string[] {
    return this.#options.attempts.results.filter((one) => !one.isPrint).map((one) => one.name)
  }

  /** Rejects if the job failed before all of its tasks ran. */
  async untilStarted(): Promise<void> {
    const { run } = this.#options
    await run.started
    if (run.phase === 'failed') await this.finished
  }

  async cancel(): Promise<void> {
    await this.#options.run.cancel()
  }

  cancelOn(signal: AbortSignal | undefined): void {
    if (signal === undefined) return
    const cancel = () => {
      this.cancel().catch((error: unknown) => {
        this.#options.log.error({ error: String(error) }, 'cancelling the job failed')
      })
    }
    if (signal.aborted) return cancel()
    signal.addEventListener('abort', cancel, { once: true })
    this.#stopListening = () => signal.removeEventListener('abort', cancel)
  }

  metrics(): JobMetrics {
    const { prepared, attempts, recordsTotal, clock } = this.#options
    const { memory, recordsBefore } = attempts
    const nowMs = this.#endedMs ?? clock.monotonicMs()
    const metrics = this.#meter.read({ prepared, memory, recordsTotal, recordsBefore, nowMs })
    const checkpointsUnderWay = attempts.checkpoints?.underWay ?? []
    return checkpointsUnderWay.length === 0 ? metrics : { ...metrics, checkpointsUnderWay }
  }

  collect<T>(name: string): AsyncIterable<T> {
    const reader = this.#options.attempts.results.find((one) => !one.isPrint && one.name === name)
    if (reader === undefined) throw this.#noSuchResult(name)
    return reader.rows() as AsyncIterable<T>
  }

  async #result(): Promise<JobResult> {
    const { run, clock, startedMs, log } = this.#options
    const outcome = await run.ended
    this.#stopListening()
    this.#endedMs = clock.monotonicMs()
    const durationMs = Math.round(clock.monotonicMs() - startedMs)
    if (outcome.status === 'failed') {
      log.error({ job: this.name, id: this.id, durationMs }, `job failed: ${outcome.error.message}`)
      throw outcome.error
    }
    log.info({ job: this.name, id: this.id, durationMs }, `job ${outcome.status}`)
    return { status: outcome.status, durationMs, metrics: this.metrics() }
  }

  #noSuchResult(name: string): SluiceError {
    const known = this.results
    return new SluiceError('NO_SUCH_RESULT', `job '${this.name}' collects nothing as '${name}'`, {
      hint:
        known.length === 0 ? `add .collect('${name}') to a stream` : `it has: ${known.join(', ')}`,
    })
  }
}
