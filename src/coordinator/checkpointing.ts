/**
 * Opens what a job's checkpoints need before its first attempt: the directory, held against other
 * processes, the checkpoint to start from, the lineage, the figures of earlier runs.
 * Threads: main.
 */
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { CheckpointStats } from '../checkpoint/checkpoint-stats.ts'
import { JobDirectory } from '../checkpoint/job-directory.ts'
import type { CheckpointMetadata } from '../checkpoint/metadata.ts'
import { settingsOf } from '../checkpoint/settings.ts'
import { CheckpointStatistics } from '../checkpoint/statistics.ts'
import type { JobOptions } from '../graph/options.ts'
import type { RestoredCheckpoint } from '../operator/sink.ts'
import type { StoreDescription } from '../storage/contract.ts'
import type { CheckpointStorage } from './checkpoint-storage.ts'
import { directoryStorage, memoryStorage } from './checkpoint-storage.ts'
import type { JobCheckpointsOptions } from './job-checkpoints.ts'
import type { Outcome } from './job-phase.ts'
import type { PreparedJob } from './prepared-job.ts'
import { SidePool } from './side-pool.ts'
import type { StartingPoint } from './starting-point.ts'
import { startingPoint } from './starting-point.ts'

export interface CheckpointingWorld {
  readonly clock: Clock
  readonly log: Logger
  /** The user allows to delete checkpoints that are there. */
  readonly overwrite: boolean
}

type Parts = Omit<JobCheckpointsOptions, 'commits'>

export class Checkpointing {
  readonly lineage: string
  readonly start: StartingPoint
  /** Undefined where no checkpoints are taken. */
  readonly parts: Parts | undefined
  #options: JobOptions
  readonly #pool: SidePool
  readonly #directory: JobDirectory | undefined
  #attempts = 0
  #isStartSecured = false

  constructor(opened: {
    readonly options: JobOptions
    readonly pool: SidePool
    readonly directory: JobDirectory | undefined
    readonly start: StartingPoint
    readonly parts: Parts | undefined
  }) {
    this.#options = opened.options
    this.#pool = opened.pool
    this.#directory = opened.directory
    this.start = opened.start
    this.lineage = opened.start.lineage
    this.parts = opened.parts
  }

  /** As they are now: those of checkpoints may have changed since the start. */
  get options(): JobOptions {
    return this.#options
  }

  /** For what ends from now on; who triggers is told apart. */
  change(options: JobOptions): void {
    this.#options = options
  }

  get isEnabled(): boolean {
    return this.parts !== undefined
  }

  /** What sinks are told about the checkpoint that the job starts from. */
  get restored(): RestoredCheckpoint | undefined {
    return this.start.checkpoint && restoredOf(this.start.checkpoint)
  }

  /** Where the files of a checkpoint lie. */
  storeOf(checkpoint: CheckpointMetadata): StoreDescription {
    const isInitial = checkpoint === this.start.checkpoint
    const own = this.parts?.storage.description
    return (isInitial ? this.start.store : own) ?? own!
  }

  /** Whether the job started from a checkpoint of another one, which may be restored again. */
  get startsElsewhere(): boolean {
    return this.restored !== undefined && this.restored.lineage !== this.lineage
  }

  /** Whether completed checkpoints are given up, and what was written since with them. */
  get givesUp(): boolean {
    return this.start.abandoned.length > 0
  }

  get acceptsDuplicates(): boolean {
    return this.#options.acceptDuplicates
  }

  /** No two attempts of a lineage have one number: files in progress are named by it. */
  async nextAttempt(): Promise<number> {
    const atLeast = Math.max(this.#attempts, this.start.checkpoint?.attempt ?? 0) + 1
    this.#attempts = (await this.#directory?.nextAttempt(atLeast)) ?? atLeast
    return this.#attempts
  }

  /** The job may start: where it begins anew, the directory is its own from now on. */
  async takeOver(): Promise<void> {
    if (!this.start.isNew) return
    await this.deleteAll()
    await this.#directory?.update({ lineage: this.lineage, status: 'running' })
  }

  /**
   * Before any output is committed or withdrawn: a start after a crash finds the checkpoint that
   * this one starts from, and none of those that are given up. Until it succeeds once.
   */
  async secureStart(): Promise<void> {
    if (this.#isStartSecured) return
    const own = this.start.retained.at(-1)
    if (own !== undefined) await this.#directory?.makeDurable(own.checkpointId)
    for (const id of this.start.abandoned) await this.#directory?.setAside(id)
    this.#isStartSecured = true
  }

  /** Nothing of this job will be restored any more. */
  async deleteAll(): Promise<void> {
    await this.parts?.storage.deleteAll()
  }

  /** Whether the checkpoints of a job that ended so are kept. */
  keeps({ status }: Outcome): boolean {
    if (status === 'finished') return false
    const { checkpointRetention } = this.#options
    if (status === 'canceled') return checkpointRetention === 'retain-on-cancellation'
    return checkpointRetention !== 'no-externalized-checkpoints'
  }

  /** Before anything is deleted: a job that is killed from here on has finished. */
  async end({ status }: Outcome): Promise<void> {
    if (status === 'finished') await this.parts?.storage.finished()
  }

  /** The job is over, for now or for good. */
  async release(outcome: Outcome): Promise<void> {
    try {
      if (!this.keeps(outcome)) await this.deleteAll()
    } finally {
      await this.abandon()
    }
  }

  /** Lets go of everything and changes nothing. */
  async abandon(): Promise<void> {
    await Promise.all([this.#pool.close(), this.#directory?.close()])
  }
}

export function restoredOf({ checkpointId, lineage }: CheckpointMetadata): RestoredCheckpoint {
  return { checkpointId, lineage }
}

/** Throws what keeps the job from starting: see docs/checkpoints.md. */
export async function openCheckpointing(
  prepared: PreparedJob,
  world: CheckpointingWorld,
): Promise<Checkpointing> {
  const { options } = prepared
  const directory = await openDirectory(prepared, world.clock)
  const pool = new SidePool()
  try {
    const newLineage = randomUUID().replaceAll('-', '')
    const start = await startingPoint({ options, directory, newLineage, ...world })
    const compress = options.checkpointCompression
    const inlineBytesMax = options.checkpointInlineBytesMax
    const written = { pool, compress, inlineBytesMax }
    const storage =
      directory === undefined ? memoryStorage(written) : directoryStorage(directory, written)
    const isEnabled =
      options.checkpointIntervalMs !== undefined ||
      directory !== undefined ||
      start.checkpoint !== undefined
    const parts = isEnabled
      ? await partsOf({ options, start, storage, directory, ...world })
      : undefined
    return new Checkpointing({ options, pool, directory, start, parts })
  } catch (error) {
    await directory?.close()
    throw error
  }
}

async function openDirectory(
  prepared: PreparedJob,
  clock: Clock,
): Promise<JobDirectory | undefined> {
  const { checkpointDirectory, checkpointHistorySize } = prepared.options
  if (checkpointDirectory === undefined) return undefined
  return JobDirectory.open(resolve(checkpointDirectory), {
    jobName: prepared.job.name,
    newLineage: randomUUID().replaceAll('-', ''),
    historySize: checkpointHistorySize,
    clock,
  })
}

async function partsOf(opened: {
  readonly options: JobOptions
  readonly start: StartingPoint
  readonly storage: CheckpointStorage
  readonly directory: JobDirectory | undefined
  readonly clock: Clock
  readonly log: Logger
}): Promise<Parts> {
  const { options, start, storage, directory, clock, log } = opened
  const historyMax = options.checkpointHistorySize
  const recorded = (await directory?.history.read(historyMax)) ?? []
  const earlier = recorded.filter((entry) => entry['lineage'] === start.lineage)
  return {
    settings: settingsOf(options),
    firstId: start.largestId + 1,
    retained: start.retained,
    abandoned: start.abandoned,
    storage,
    lineage: start.lineage,
    statistics: new CheckpointStatistics({
      historyMax,
      earlier: earlier as unknown as readonly CheckpointStats[],
    }),
    clock,
    log,
  }
}
