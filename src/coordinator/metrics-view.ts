/** What `job.metrics()` gives. Described in docs/metrics.md. */
import type { CheckpointUnderWay } from '../checkpoint/checkpoint-stats.ts'
import type { BackpressureLevel } from '../metrics/backpressure.ts'

/** One operator of a subtask's chain. */
export interface ChainedOperatorMetrics {
  readonly name: string
  readonly recordsIn: number
  /** To all outputs that somebody reads; 0 for a sink. */
  readonly recordsOut: number
}

/** What a subtask did lately, for each second of time that has passed. */
export interface SubtaskRates {
  readonly recordsIn: number
  readonly recordsOut: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** These four add up to 1000 while the subtask runs. */
  readonly busyMs: number
  readonly idleMs: number
  /** Waited between two records for a receiver or a sink. */
  readonly softBackpressuredMs: number
  /** Blocked for a receiver in the middle of a record: takes no barrier and no command. */
  readonly hardBackpressuredMs: number
}

/** What lies in a subtask's channels right now. */
export interface SubtaskQueues {
  /** Not read to their end, in the channels of its input. */
  readonly inputPages: number
  readonly inputBytes: number
  /** The same of what it sent. */
  readonly outputPages: number
  readonly outputBytes: number
  /** Unread pages for one page of credit, over all channels; above 1 is overdraft. */
  readonly inPoolUsage: number
  readonly outPoolUsage: number
  /** The usage of its fullest output channel: from 1 on the subtask is held back. */
  readonly outChannelUsageMax: number
  /** How long `inputBytes` last at the speed of late; Infinity if nothing was read at all. */
  readonly timeToDrainMs: number
}

export interface SubtaskMetrics {
  readonly vertex: string
  readonly subtask: number
  readonly recordsIn: number
  readonly recordsOut: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** Event time reached, epoch ms; -Infinity before the first watermark, Infinity at the end. */
  readonly watermarkMs: number
  readonly lateRecordsDropped: number
  readonly recordsUnreadable: number
  /** These four add up to the time since the subtask began to run. */
  readonly busyMs: number
  readonly idleMs: number
  readonly softBackpressuredMs: number
  readonly hardBackpressuredMs: number
  /** Soft and hard together. */
  readonly backpressuredMs: number
  readonly perSecond: SubtaskRates
  /** Share of the time of late for which it was backpressured, 0 to 1. */
  readonly backpressuredRatio: number
  readonly backpressureLevel: BackpressureLevel
  readonly queues: SubtaskQueues
  /** In the order of the plan, the head of the chain first. */
  readonly operators: readonly ChainedOperatorMetrics[]
}

/** A subtask that holds back those before it. */
export interface Bottleneck {
  readonly vertex: string
  readonly subtask: number
  /**
   * 'outside': the subtask is held back by none of the job's, but by its sink, or by whoever reads
   * what it collects or prints.
   */
  readonly cause: 'task' | 'outside'
  /** Share of the time of late, 0 to 1. */
  readonly busyRatio: number
  /** The most backpressured of those that send to it; with 'outside' the subtask itself. */
  readonly upstream: {
    readonly vertex: string
    readonly subtask: number
    readonly backpressuredRatio: number
  }
}

export interface JobMetrics {
  /** Records that the sources have read so far. */
  readonly recordsRead: number
  /** Records there are to read, where every source knows. */
  readonly recordsTotal?: number
  /** Records that reached sinks. */
  readonly recordsWritten: number
  /** The lowest event time of all source tasks, epoch ms; -Infinity before the first watermark. */
  readonly eventTimeMs: number
  /** Bytes that were sent and are not read, in all channels together. */
  readonly bytesInFlight: number
  /** The first busy subtasks behind backpressured ones; empty if none is held back. */
  readonly bottlenecks: readonly Bottleneck[]
  readonly subtasks: readonly SubtaskMetrics[]
  /** Checkpoints under way, oldest first, and what each waits for. Absent where there are none. */
  readonly checkpointsUnderWay?: readonly CheckpointUnderWay[]
}
