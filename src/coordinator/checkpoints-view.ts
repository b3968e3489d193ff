/**
 * `job.checkpoints`: what a program sees of the checkpoints of its job, and how it asks for one.
 * Threads: main.
 */

import { SluiceError } from '../base/errors.ts'
import type {
  CheckpointCounts,
  CheckpointStats,
  CheckpointSummary,
  RestoredCheckpointStats,
} from '../checkpoint/checkpoint-stats.ts'
import type { CheckpointStatistics } from '../checkpoint/statistics.ts'
import type { JobCheckpoints } from './job-checkpoints.ts'

/**
 * The checkpoints of a running job, with the figures of each. Times are in milliseconds, sizes in
 * bytes. What is told of earlier runs comes from the checkpoint directory.
 *
 * @example
 * const id = await job.checkpoints.trigger()
 * const { durationMs, bytes } = job.checkpoints.latestCompleted
 */
export interface Checkpoints {
  readonly counts: CheckpointCounts
  readonly latestCompleted: CheckpointStats | undefined
  readonly latestFailed: CheckpointStats | undefined
  readonly latestRestored: RestoredCheckpointStats | undefined
  /** Newest first; as many as `checkpoints.history` says. */
  readonly history: readonly CheckpointStats[]
  /** Over the completed ones; undefined before the first. */
  readonly summary: CheckpointSummary | undefined
  /**
   * Takes one now, whatever the interval. Resolves with its id when it can be restored; rejects
   * with CHECKPOINT_FAILED and the reason, or CHECKPOINTS_DISABLED.
   */
  trigger(): Promise<number>
}

const NO_COUNTS: CheckpointCounts = {
  triggered: 0,
  inProgress: 0,
  completed: 0,
  failed: 0,
  restored: 0,
}

export class CheckpointsView implements Checkpoints {
  readonly #statistics: CheckpointStatistics | undefined
  readonly #checkpoints: JobCheckpoints | undefined

  constructor(
    checkpoints: JobCheckpoints | undefined,
    statistics: CheckpointStatistics | undefined,
  ) {
    this.#checkpoints = checkpoints
    this.#statistics = statistics
  }

  get counts(): CheckpointCounts {
    return this.#statistics?.report().counts ?? NO_COUNTS
  }

  get latestCompleted(): CheckpointStats | undefined {
    return this.#statistics?.report().latestCompleted
  }

  get latestFailed(): CheckpointStats | undefined {
    return this.#statistics?.report().latestFailed
  }

  get latestRestored(): RestoredCheckpointStats | undefined {
    return this.#statistics?.report().latestRestored
  }

  get history(): readonly CheckpointStats[] {
    const history = this.#statistics?.report().history ?? []
    const underWay = this.#checkpoints?.underWay ?? []
    return history.map((stats) => {
      const known = underWay.find(({ id }) => id === stats.id)
      return known === undefined ? stats : { ...stats, waitingFor: known.waitingFor }
    })
  }

  get summary(): CheckpointSummary | undefined {
    return this.#statistics?.report().summary
  }

  async trigger(): Promise<number> {
    if (this.#checkpoints !== undefined) return this.#checkpoints.trigger()
    throw new SluiceError('CHECKPOINTS_DISABLED', 'the job takes no checkpoints', {
      hint: 'give it checkpoints: { interval } or { dir }',
    })
  }
}
