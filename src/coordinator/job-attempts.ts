/**
 * Deploys a job, as often as it must be: each attempt gets new channels, new counters and new
 * threads, and starts where the latest complete checkpoint left the one before.
 * Threads: main.
 */

import type { Logger } from '../base/log.ts'
import { packageVersion } from '../base/package-root.ts'
import { assignState } from '../checkpoint/assign-state.ts'
import type { CheckpointHold } from '../checkpoint/holds.ts'
import { holdOf } from '../checkpoint/holds.ts'
import type { CheckpointMetadata } from '../checkpoint/metadata.ts'
import { compareFingerprints } from '../graph/fingerprint.ts'
import { readTaskMetrics } from '../metrics/task-metrics.ts'
import type { SplitProgress, TaskRestore } from '../protocol/snapshot.ts'
import type { Checkpointing } from './checkpointing.ts'
import { restoredOf } from './checkpointing.ts'
import { CheckpointsView } from './checkpoints-view.ts'
import { JobCheckpoints } from './job-checkpoints.ts'
import { JobExecution } from './job-execution.ts'
import type { JobMemory, RecordsBefore } from './job-metrics.ts'
import type { JobSinks } from './job-sinks.ts'
import type { JobSources } from './job-sources.ts'
import { splitAssigners } from './job-sources.ts'
import type { JobWorld } from './job-world.ts'
import { OutputCommits } from './output-commits.ts'
import type { PreparedJob } from './prepared-job.ts'
import { sourcesOf } from './prepared-job.ts'
import type { ResultReader } from './result-reader.ts'
import type { PrintLine } from './result-readers.ts'
import type { WaitedFor } from './running-checkpoint.ts'
import { RunningCheckpoint } from './running-checkpoint.ts'
import { recordsLeft, type SplitAssigner } from './split-assigner.ts'
import type { DeploymentPlan } from './task-deployment.ts'
import { allocateMetrics, planDeployment } from './task-deployment.ts'

export interface JobAttemptsOptions {
  readonly prepared: PreparedJob
  readonly jobUrl: string
  readonly explain: (error: Error) => Error
  readonly sources: JobSources
  readonly sinks: JobSinks
  readonly checkpointing: Checkpointing
  readonly onPrint: PrintLine | undefined
  readonly world: JobWorld
  readonly log: Logger
}

interface Restored {
  readonly tasks: readonly TaskRestore[]
  readonly splits: ReadonlyMap<string, readonly SplitProgress[]>
}

type Assigners = ReadonlyMap<number, SplitAssigner>

export class JobAttempts {
  readonly checkpoints: JobCheckpoints | undefined
  readonly #options: JobAttemptsOptions
  readonly #commits: OutputCommits
  readonly #engine = packageVersion(import.meta.url)
  #plan: DeploymentPlan | undefined
  #before: RecordsBefore = { read: 0, written: 0 }
  #noMemory: JobMemory | undefined

  constructor(options: JobAttemptsOptions) {
    const { sinks, checkpointing, world } = options
    this.#options = options
    this.#commits = new OutputCommits(sinks)
    const { parts } = checkpointing
    this.checkpoints =
      parts === undefined
        ? undefined
        : new JobCheckpoints({ ...parts, after: world.after, commits: this.#commits })
  }

  get view(): CheckpointsView {
    return new CheckpointsView(this.checkpoints, this.#options.checkpointing.parts?.statistics)
  }

  /** Records that were read before the attempt that runs. */
  get recordsBefore(): RecordsBefore {
    return this.#before
  }

  get lineage(): string {
    return this.#options.checkpointing.lineage
  }

  get results(): readonly ResultReader[] {
    return this.#plan?.results ?? []
  }

  /** Of the attempt that runs, or ran last. */
  get memory(): JobMemory {
    const none = () => ({
      metrics: allocateMetrics(this.#options.prepared.execution),
      channels: [],
    })
    if (this.#plan === undefined) this.#noMemory ??= none()
    return this.#plan?.memory ?? this.#noMemory!
  }

  /**
   * `count`: attempts of this process, from 1 on. Throws where the checkpoint does not fit the job,
   * or output cannot be recovered.
   */
  async deploy(count: number): Promise<JobExecution> {
    const { prepared, sources, explain, world, log } = this.#options
    const { checkpointing } = this.#options
    const from = this.checkpoints?.latest ?? checkpointing.start.checkpoint
    const restored = from === undefined ? undefined : this.#assign(from)
    const attempt = await checkpointing.nextAttempt()
    await this.#recoverOutput(count, from)
    if (from !== undefined) this.#tellRestored(from)
    const assigners = splitAssigners(prepared, sources, restored?.splits)
    this.#before = {
      read: from === undefined ? 0 : this.#recordsReadAt(from),
      written: from?.recordsWritten ?? 0,
    }
    const plan = this.#planOf(attempt, restored)
    this.#plan = plan
    const execution: JobExecution = new JobExecution({
      attempt,
      deploy: (events) => world.deploy(plan, events),
      assigners,
      commit: (output) => this.#options.sinks.commit(output),
      checkpoints: this.checkpoints?.attempt({
        attempt,
        tasks: prepared.execution.tasks.map((task) => task.index),
        sources: [...assigners.keys()],
        begin: (checkpointId, triggeredMs) =>
          this.#begin({ checkpointId, triggeredMs, attempt, assigners }),
        finish: () => execution.finish(),
        fail: (error) => execution.fail(error),
        hold: (waited, checkpointId) => this.#hold(plan, waited, checkpointId),
      }),
      results: plan.results,
      compareFingerprint: (built) => compareFingerprints(prepared.fingerprint, built),
      explain,
      cancellationTimeoutMs: prepared.options.cancellationTimeoutMs,
      after: world.after,
      log,
    })
    return execution
  }

  /** As far as the sources know how many they have. */
  #recordsReadAt(from: CheckpointMetadata): number {
    const total = this.#options.sources.recordsTotal ?? 0
    const assigned = from.vertices.flatMap(({ tasks }) =>
      tasks.flatMap(({ source }) => source?.splits ?? []),
    )
    const left = recordsLeft([...assigned, ...from.sources.flatMap(({ splits }) => splits)])
    return Math.max(0, total - (left ?? total))
  }

  #tellRestored({ checkpointId }: CheckpointMetadata): void {
    const { checkpointing, world, log } = this.#options
    const restoredMs = world.clock.nowMs()
    checkpointing.parts?.statistics.restored({ id: checkpointId, restoredMs })
    log.info({ checkpoint: checkpointId }, 'going on from a checkpoint')
  }

  /** Before any writer: commits what the checkpoint holds and withdraws what came behind it. */
  async #recoverOutput(count: number, from: CheckpointMetadata | undefined): Promise<void> {
    const { sinks, checkpointing } = this.#options
    await checkpointing.secureStart()
    await this.checkpoints?.removeInDoubt()
    this.#commits.reset()
    if (from !== undefined) await sinks.recover(from.committables, restoredOf(from))
    else if (count > 1 || checkpointing.start.goesOn) {
      await sinks.abort({ goesOn: true })
    }
  }

  #assign(from: CheckpointMetadata): Restored {
    const { prepared, checkpointing } = this.#options
    const { tasks, sources } = assignState(from, {
      graph: prepared.execution,
      store: checkpointing.storeOf(from),
      ignoreUnclaimedState: prepared.options.ignoreUnclaimedState,
    })
    return { tasks, splits: new Map([...sources].map(([id, { free }]) => [id, free])) }
  }

  #planOf(attempt: number, restored: Restored | undefined): DeploymentPlan {
    const { prepared, jobUrl, onPrint, checkpointing, world } = this.#options
    return planDeployment({
      prepared,
      attempt,
      lineage: checkpointing.lineage,
      jobUrl,
      onPrint,
      results: this.#plan?.results,
      checkpointing: this.checkpoints !== undefined,
      restore: restored?.tasks,
      channels: world.channels,
    })
  }

  #hold(plan: DeploymentPlan, waited: WaitedFor, checkpointId: number): CheckpointHold {
    const { prepared, world } = this.#options
    const { vertex, subtask } = prepared.execution.tasks[waited.task]!
    const { name } = prepared.execution.vertices[vertex]!
    const counters = readTaskMetrics(plan.memory.metrics[waited.task]!)
    const nowMs = world.clock.nowMs()
    const { isWriting } = waited
    return { vertex: name, subtask, ...holdOf({ checkpointId, nowMs, counters, isWriting }) }
  }

  #begin(cut: {
    readonly checkpointId: number
    readonly triggeredMs: number
    readonly attempt: number
    readonly assigners: Assigners
  }): RunningCheckpoint {
    const { prepared, checkpointing } = this.#options
    const waiting = [...sourcesOf(prepared.jobGraph).keys()].map((vertex) => {
      const [task] = prepared.execution.vertices[vertex.index]!.tasks
      return { operatorId: vertex.id, splits: cut.assigners.get(task!)!.waiting }
    })
    const { lineage } = checkpointing
    const { checkpointId, triggeredMs, attempt } = cut
    const engine = this.#engine
    const writtenBefore = this.#before.written
    const cutOff = { checkpointId, triggeredMs, attempt }
    const options = { ...cutOff, engine, writtenBefore, prepared, lineage, waiting }
    return new RunningCheckpoint(options)
  }
}
