/**
 * The checkpoints of an inline run: the coordinator of a job in workers, on the run's clock, with
 * its files in memory.
 * Threads: the caller's.
 */
import type { ManualClock } from '../base/clock.ts'
import { silentLogger } from '../base/log.ts'
import type { CheckpointMetadata } from '../checkpoint/metadata.ts'
import { settingsOf } from '../checkpoint/settings.ts'
import { CheckpointStatistics } from '../checkpoint/statistics.ts'
import { JobCheckpoints } from '../coordinator/job-checkpoints.ts'
import type { JobSinks } from '../coordinator/job-sinks.ts'
import { OutputCommits } from '../coordinator/output-commits.ts'
import type { JobOptions } from '../graph/options.ts'
import type { SinkCommittables } from '../protocol/messages.ts'
import { InlineStorage } from './inline-storage.ts'

export interface InlineCheckpointsOptions {
  readonly options: JobOptions
  readonly sinks: JobSinks
  readonly clock: ManualClock
}

interface Timer {
  readonly dueMs: number
  readonly action: () => void
}

export class InlineCheckpoints {
  readonly job: JobCheckpoints
  readonly storage: InlineStorage
  readonly statistics: CheckpointStatistics
  readonly commits: OutputCommits
  readonly #clock: ManualClock
  readonly #timers = new Set<Timer>()
  #committing = 0
  #completed = 0

  constructor({ options, sinks, clock }: InlineCheckpointsOptions) {
    this.#clock = clock
    this.storage = new InlineStorage(options.checkpointCompression)
    this.statistics = new CheckpointStatistics({ historyMax: options.checkpointHistorySize })
    this.commits = new OutputCommits({
      expect: (output) => sinks.expect(output),
      commit: (output) => this.#commit(sinks, output),
    })
    this.job = new JobCheckpoints({
      settings: settingsOf(options),
      firstId: 1,
      retained: [],
      abandoned: [],
      storage: this.storage,
      lineage: '',
      statistics: this.statistics,
      commits: this.commits,
      clock,
      after: (ms, action) => this.#after(ms, action),
      log: silentLogger,
    })
  }

  /** How many were complete so far. */
  get completed(): number {
    return this.#completed
  }

  /** True while output is being made visible. */
  get isCommitting(): boolean {
    return this.#committing > 0
  }

  /** When the next timer is due; Infinity for never. */
  get nextDueMs(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.#timers].map(({ dueMs }) => dueMs))
  }

  fireTimers(): void {
    for (const timer of [...this.#timers]) {
      if (timer.dueMs <= this.#clock.nowMs() && this.#timers.delete(timer)) timer.action()
    }
  }

  /** The latest one that is complete, from its bytes. */
  async latest(): Promise<CheckpointMetadata | undefined> {
    const { latest } = this.job
    return latest === undefined ? undefined : this.storage.read(latest.checkpointId)
  }

  #after(ms: number, action: () => void): () => void {
    const timer = { dueMs: this.#clock.nowMs() + ms, action }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  async #commit(sinks: JobSinks, output: readonly SinkCommittables[]): Promise<void> {
    this.#completed++
    this.#committing++
    try {
      await sinks.commit(output)
    } finally {
      this.#committing--
    }
  }
}
