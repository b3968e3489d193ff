/**
 * A barrier on its way through a channel. It is no message among the pages but a position between
 * two of them, so it needs no credit and is known to the consumer before it is reached.
 * Threads: any.
 */

/** `aligned`: the consumer takes it when all pages before it are processed. */
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

/** In the order of their codes in a slot's kind word. */
export const barrierKinds: readonly BarrierKind[] = ['aligned']
