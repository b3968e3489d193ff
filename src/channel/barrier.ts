/**
 * A barrier on its way through a channel. It is no message among the pages but a position between
 * two of them, so it needs no credit and is known to the consumer before it is reached.
 * Threads: any.
 */

/**
 * `aligned`: a consumer takes it when all pages before it, and before those of its other channels,
 * are processed. `unaligned`: the same, but at the latest `alignedTimeoutMs` after the trigger,
 * wherever the barriers are then. `at-least-once`: a channel that is ahead does not wait.
 */
export type BarrierKind = 'aligned' | 'unaligned' | 'at-least-once'

/** How a checkpoint is to be taken: its barriers say so, whatever the job's options are by then. */
export interface BarrierRules {
  readonly kind: BarrierKind
  /** Of an unaligned one; 0 for all others. */
  readonly alignedTimeoutMs: number
  /** In-flight data that a task may keep for all checkpoints that are on their way. */
  readonly channelStateBytesMax: number
}

export interface Barrier extends BarrierRules {
  readonly checkpointId: number
  /** When the coordinator triggered the checkpoint, epoch ms. */
  readonly triggeredMs: number
}

/** A barrier as the consumer knows it. */
export interface AnnouncedBarrier extends Barrier {
  /** Sequence number of the first page behind it; an int32 that wraps. */
  readonly position: number
}

/**
 * The id of no checkpoint. V8 compiles code for what it has seen, and would throw away that of all
 * tasks at a first barrier. So each task rehearses one while its code is young: it goes the way of
 * all barriers from a channel's slots on, and ends where the snapshot of nothing is acknowledged.
 */
export const REHEARSAL = 0

/** That of a rehearsal. */
export const ALIGNED: BarrierRules = {
  kind: 'aligned',
  alignedTimeoutMs: 0,
  channelStateBytesMax: 0,
}
