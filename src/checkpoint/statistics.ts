/**
 * What is remembered of a job's checkpoints, for people: counts, the latest ones, a bounded history
 * and the spread of each figure over the completed ones. It can begin with the history of earlier
 * runs of the job.
 * Threads: main.
 */
import { assert } from '../base/assert.ts'
import type { SnapshotStats } from '../protocol/snapshot.ts'
import type {
  CheckpointCounts,
  CheckpointStats,
  CheckpointSummary,
  RestoredCheckpointStats,
  SubtaskCheckpointStats,
} from './checkpoint-stats.ts'
import { distributionOf } from './distribution.ts'
import type { CheckpointFailure, TriggerKind } from './events.ts'

/** Completed checkpoints in the summary: enough for a 99.9th percentile to mean something. */
const SUMMARY_MAX = 4096

export interface StatisticsOptions {
  /** Ended checkpoints in the history. */
  readonly historyMax: number
  /** Those of earlier runs, in the order in which they ended. */
  readonly earlier?: readonly CheckpointStats[]
}

/** Everything at one moment, as plain data. */
export interface CheckpointsReport {
  readonly counts: CheckpointCounts
  readonly latestCompleted?: CheckpointStats
  readonly latestFailed?: CheckpointStats
  readonly latestRestored?: RestoredCheckpointStats
  /** Newest first: those in progress, and then as many of the others as are kept. */
  readonly history: readonly CheckpointStats[]
  /** Absent before the first has completed. */
  readonly summary?: CheckpointSummary
}

/** An acknowledgement together with the writing of its files. */
export interface TaskAcknowledgement {
  readonly checkpointId: number
  readonly vertex: string
  readonly subtask: number
  /** Epoch ms. */
  readonly ackMs: number
  readonly snapshot: SnapshotStats
  readonly bytes: number
  readonly files: number
}

export interface TriggeredCheckpoint {
  readonly checkpointId: number
  readonly kind: TriggerKind
  readonly triggeredMs: number
  readonly tasksTotal: number
}

/** The figures of one completed checkpoint that the summary is made of. */
interface Figures {
  readonly durationMs: number
  readonly bytes: number
  readonly startDelayMs: number
  readonly alignmentMs: number
  readonly syncMs: number
  readonly asyncMs: number
}

export class CheckpointStatistics {
  readonly #historyMax: number
  readonly #inProgress = new Map<number, CheckpointStats>()
  /** Oldest first. */
  readonly #ended: CheckpointStats[] = []
  readonly #figures: Figures[] = []
  #triggered = 0
  #completed = 0
  #failed = 0
  #restored = 0
  #latestCompleted: CheckpointStats | undefined
  #latestFailed: CheckpointStats | undefined
  #latestRestored: RestoredCheckpointStats | undefined

  constructor({ historyMax, earlier = [] }: StatisticsOptions) {
    this.#historyMax = historyMax
    for (const stats of earlier) {
      // Its run was killed, and nobody knows more of it.
      if (stats.status === 'in-progress') continue
      this.#triggered++
      this.#remember(stats)
    }
  }

  triggered({ checkpointId: id, kind, triggeredMs, tasksTotal }: TriggeredCheckpoint): void {
    this.#triggered++
    const nothing = {
      bytes: 0,
      files: 0,
      unaligned: false,
      processedInFlightBytes: 0,
      persistedInFlightBytes: 0,
      tasks: [],
    }
    this.#inProgress.set(id, {
      id,
      kind,
      status: 'in-progress',
      triggeredMs,
      tasksTotal,
      ...nothing,
    })
  }

  /** One that comes too late is left out. */
  acknowledged(acknowledgement: TaskAcknowledgement): void {
    const { checkpointId, bytes, files } = acknowledgement
    const stats = this.#inProgress.get(checkpointId)
    if (stats === undefined) return
    const task = subtaskStats(acknowledgement, stats.triggeredMs)
    this.#inProgress.set(checkpointId, {
      ...stats,
      durationMs: Math.max(stats.durationMs ?? 0, task.endToEndMs),
      bytes: stats.bytes + bytes,
      files: stats.files + files,
      ...inFlightWith(stats, task),
      tasks: [...stats.tasks, task],
    })
  }

  /** Gives what the history is to keep. `bytesMore`: what the metadata holds besides files. */
  completed(checkpointId: number, completedMs: number, bytesMore = 0): CheckpointStats {
    const { durationMs, ...stats } = this.#take(checkpointId)
    return this.#remember({
      ...stats,
      bytes: stats.bytes + bytesMore,
      status: 'completed',
      completedMs,
      durationMs: durationMs ?? completedMs - stats.triggeredMs,
    })
  }

  /** Gives what the history is to keep. */
  failed(
    checkpointId: number,
    { failedMs, failure }: { readonly failedMs: number; readonly failure: CheckpointFailure },
  ): CheckpointStats {
    const stats = this.#take(checkpointId)
    const durationMs = Math.max(0, failedMs - stats.triggeredMs)
    return this.#remember({ ...stats, status: 'failed', failedMs, durationMs, ...failure })
  }

  restored(restored: RestoredCheckpointStats): void {
    this.#restored++
    this.#latestRestored = restored
  }

  report(): CheckpointsReport {
    const inProgress = [...this.#inProgress.values()].reverse()
    return {
      counts: this.#counts,
      ...(this.#latestCompleted && { latestCompleted: this.#latestCompleted }),
      ...(this.#latestFailed && { latestFailed: this.#latestFailed }),
      ...(this.#latestRestored && { latestRestored: this.#latestRestored }),
      history: [...inProgress, ...this.#ended.toReversed()],
      ...(this.#figures.length > 0 && { summary: summaryOf(this.#figures) }),
    }
  }

  get #counts(): CheckpointCounts {
    return {
      triggered: this.#triggered,
      inProgress: this.#inProgress.size,
      completed: this.#completed,
      failed: this.#failed,
      restored: this.#restored,
    }
  }

  #take(checkpointId: number): CheckpointStats {
    const stats = this.#inProgress.get(checkpointId)
    assert(stats !== undefined, `checkpoint ${checkpointId} is not in progress`)
    this.#inProgress.delete(checkpointId)
    return stats
  }

  #remember(stats: CheckpointStats): CheckpointStats {
    append(this.#ended, { item: stats, max: this.#historyMax })
    if (stats.status === 'completed') {
      this.#completed++
      this.#latestCompleted = stats
      append(this.#figures, { item: figuresOf(stats), max: SUMMARY_MAX })
    } else {
      this.#failed++
      this.#latestFailed = stats
    }
    return stats
  }
}

function append<T>(items: T[], { item, max }: { readonly item: T; readonly max: number }): void {
  items.push(item)
  if (items.length > max) items.shift()
}

function inFlightWith(stats: CheckpointStats, task: SubtaskCheckpointStats) {
  const { unaligned = false, processedInFlightBytes = 0, persistedInFlightBytes = 0 } = stats
  return {
    unaligned: unaligned || task.unaligned,
    processedInFlightBytes: processedInFlightBytes + task.processedInFlightBytes,
    persistedInFlightBytes: persistedInFlightBytes + task.persistedInFlightBytes,
  }
}

function subtaskStats(
  { vertex, subtask, ackMs, snapshot, bytes }: TaskAcknowledgement,
  triggeredMs: number,
): SubtaskCheckpointStats {
  const { startDelayMs, alignmentMs, syncMs, stepMsMax, ...inFlight } = snapshot
  const { unaligned, processedInFlightBytes, persistedInFlightBytes } = inFlight
  // The threads' clocks may differ by a moment.
  const endToEndMs = Math.max(0, ackMs - triggeredMs)
  // Unaligned, barriers come in while state is being written.
  const before = unaligned ? startDelayMs + syncMs : startDelayMs + alignmentMs + syncMs
  const asyncMs = Math.max(0, endToEndMs - before)
  const durations = { startDelayMs, alignmentMs, syncMs, asyncMs, endToEndMs }
  const bytesInFlight = { processedInFlightBytes, persistedInFlightBytes }
  return { vertex, subtask, ackMs, ...durations, bytes, stepMsMax, unaligned, ...bytesInFlight }
}

function figuresOf({ durationMs, bytes, tasks }: CheckpointStats): Figures {
  const largest = (of: (task: SubtaskCheckpointStats) => number) => Math.max(0, ...tasks.map(of))
  return {
    durationMs: durationMs ?? 0,
    bytes,
    startDelayMs: largest((task) => task.startDelayMs),
    alignmentMs: largest((task) => task.alignmentMs),
    syncMs: largest((task) => task.syncMs),
    asyncMs: largest((task) => task.asyncMs),
  }
}

function summaryOf(figures: readonly Figures[]): CheckpointSummary {
  const spread = (of: (figures: Figures) => number) => distributionOf(figures.map(of))
  return {
    count: figures.length,
    durationMs: spread((it) => it.durationMs),
    bytes: spread((it) => it.bytes),
    startDelayMs: spread((it) => it.startDelayMs),
    alignmentMs: spread((it) => it.alignmentMs),
    syncMs: spread((it) => it.syncMs),
    asyncMs: spread((it) => it.asyncMs),
  }
}
