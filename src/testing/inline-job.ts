/**
 * A job in one thread from its start to its end: attempt after attempt, each from the latest
 * checkpoint that was complete when the one before crashed.
 * Threads: the caller's.
 */
import type { ManualClock } from '../base/clock.ts'
import { packageVersion } from '../base/package-root.ts'
import { assignState } from '../checkpoint/assign-state.ts'
import type { CheckpointMetadata } from '../checkpoint/metadata.ts'
import { JobMeter } from '../coordinator/job-metrics.ts'
import type { JobSinks } from '../coordinator/job-sinks.ts'
import type { JobSources } from '../coordinator/job-sources.ts'
import { splitAssigners } from '../coordinator/job-sources.ts'
import type { JobMetrics } from '../coordinator/metrics-view.ts'
import type { PreparedJob } from '../coordinator/prepared-job.ts'
import { sourcesOf } from '../coordinator/prepared-job.ts'
import { RunningCheckpoint } from '../coordinator/running-checkpoint.ts'
import type { SplitAssigner } from '../coordinator/split-assigner.ts'
import type { DeploymentPlan } from '../coordinator/task-deployment.ts'
import { planDeployment } from '../coordinator/task-deployment.ts'
import type { SplitProgress, TaskRestore } from '../protocol/snapshot.ts'
import type { InlineCheckpoints } from './inline-checkpoints.ts'
import { InlineResults } from './inline-results.ts'
import { InlineRun } from './inline-run.ts'
import type { InlineSchedule } from './inline-schedule.ts'

export interface InlineJobOptions {
  /** For the first attempt, the second, and so on; the job is the same, its parallelism may not. */
  readonly prepared: (attempt: number) => PreparedJob
  readonly sources: JobSources
  readonly sinks: JobSinks
  readonly schedule: InlineSchedule
  readonly clock: ManualClock
  readonly lineage: string
  readonly checkpoints: InlineCheckpoints | undefined
}

interface Restored {
  readonly tasks: readonly TaskRestore[]
  readonly splits: ReadonlyMap<string, readonly SplitProgress[]>
}

export class InlineJob {
  readonly results = new InlineResults()
  readonly #options: InlineJobOptions
  readonly #engine = packageVersion(import.meta.url)
  #attempts = 0
  #run: InlineRun | undefined
  #plan: DeploymentPlan | undefined

  constructor(options: InlineJobOptions) {
    this.#options = options
  }

  /** How often it was started again. */
  get restarts(): number {
    return this.#attempts - 1
  }

  /** 'canceled': `untilMs` came first; all that was due up to then is done. */
  async toEnd(untilMs: number): Promise<'finished' | 'canceled'> {
    for (let from: CheckpointMetadata | undefined; ; from = await this.#recover()) {
      const run = await this.#deploy(from)
      await run.open()
      const end = await run.toEnd(untilMs)
      if (end !== 'crashed') {
        await this.#settle(run, end === 'finished')
        return end
      }
      await run.tearDown()
    }
  }

  metrics(): JobMetrics {
    const { prepared, memory } = this.#plan!
    const { sources, clock } = this.#options
    const { recordsTotal } = sources
    return new JobMeter().read({ prepared, memory, recordsTotal, nowMs: clock.monotonicMs() })
  }

  async close(): Promise<void> {
    try {
      await this.#run?.close()
    } finally {
      this.results.close()
    }
  }

  /** After a crash, before anything runs: output and results are where the checkpoint left them. */
  async #recover(): Promise<CheckpointMetadata | undefined> {
    const { checkpoints, sinks } = this.#options
    await checkpoints?.job.settle(false)
    checkpoints?.commits.reset()
    const from = await checkpoints?.latest()
    if (from === undefined) await sinks.abort({ goesOn: true })
    else {
      const { checkpointId, lineage } = from
      await sinks.recover(from.committables, { checkpointId, lineage })
      checkpoints?.statistics.restored({
        id: checkpointId,
        restoredMs: this.#options.clock.nowMs(),
      })
    }
    this.results.goBack(from?.checkpointId)
    return from
  }

  async #deploy(from: CheckpointMetadata | undefined): Promise<InlineRun> {
    const { sources, checkpoints, lineage, schedule, clock } = this.#options
    const attempt = ++this.#attempts
    const prepared = this.#options.prepared(attempt)
    const restored = from && this.#assign(prepared, from)
    const assigners = splitAssigners(prepared, sources, restored?.splits)
    const plan = planDeployment({
      prepared,
      attempt,
      lineage,
      jobUrl: '',
      onPrint: undefined,
      checkpointing: checkpoints !== undefined,
      restore: restored?.tasks,
    })
    this.#plan = plan
    const { results } = this
    const begin = (checkpointId: number, triggeredMs: number) =>
      this.#begin({ checkpointId, triggeredMs, prepared, assigners })
    const given = { attempt, plan, assigners, results, schedule, clock, checkpoints, begin }
    this.#run = new InlineRun(given)
    return this.#run
  }

  #assign(prepared: PreparedJob, from: CheckpointMetadata): Restored {
    const { tasks, sources } = assignState(from, {
      graph: prepared.execution,
      store: this.#options.checkpoints!.storage.description,
      ignoreUnclaimedState: prepared.options.ignoreUnclaimedState,
    })
    return { tasks, splits: new Map([...sources].map(([id, { free }]) => [id, free])) }
  }

  #begin(cut: {
    readonly checkpointId: number
    readonly triggeredMs: number
    readonly prepared: PreparedJob
    readonly assigners: ReadonlyMap<number, SplitAssigner>
  }): RunningCheckpoint {
    const { assigners, ...rest } = cut
    const { jobGraph, execution } = cut.prepared
    const waiting = [...sourcesOf(jobGraph).keys()].map((vertex) => {
      const [task] = execution.vertices[vertex.index]!.tasks
      return { operatorId: vertex.id, splits: assigners.get(task!)!.waiting }
    })
    return new RunningCheckpoint({
      ...rest,
      attempt: this.#attempts,
      engine: this.#engine,
      writtenBefore: 0,
      lineage: this.#options.lineage,
      waiting,
    })
  }

  async #settle(run: InlineRun, isFinished: boolean): Promise<void> {
    const { checkpoints, sinks } = this.#options
    if (checkpoints !== undefined) await checkpoints.job.settle(true)
    else if (isFinished) await sinks.commit(run.committables)
  }
}
