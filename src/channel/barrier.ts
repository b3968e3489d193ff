/**
 * A barrier on its way through a channel. It is no message among the pages but a position between
 * two of them, so it needs no credit and is known to the consumer before it is reached.
 * Threads: any.
 */

/**
 * `aligned`: the consumer takes it when all pages before it are processed, or sooner: whether a
 * checkpoint becomes unaligned is decided by each consumer alone.
 */
export type BarrierKind = 'aligned'

export interface Barrier {
  readonly checkpointId: number
  readonly kind: BarrierKind
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

/** In the order of their codes in a slot's kind word. */
export const barrierKinds: readonly BarrierKind[] = ['aligned']
