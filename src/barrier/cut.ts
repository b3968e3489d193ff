/**
 * A cut through the input of a task: where its snapshot lies between the records, and which
 * barriers say so. With the same fields in the same order, whoever makes it: V8 sees one kind.
 * Threads: the task.
 */

import type { Barrier } from '../channel/barrier.ts'

/** A moment on the clock of the wall and on one that never jumps. */
export interface Moment {
  readonly nowMs: number
  readonly monotonicMs: number
  /** What the task has read up to then. */
  readonly bytesTaken: number
}

/** A snapshot to be taken at once, between two records. */
export interface Cut {
  /** Any of its barriers: they differ in their positions alone. */
  readonly barrier: Barrier
  /** When the first of its barriers was known, wherever it stood. */
  readonly announcedMs: number
  /** From then to the cut. */
  readonly sinceAnnouncedMs: number
  /** When the first of its barriers was reached. */
  readonly firstBarrierMs: number
  /** From then to the cut. */
  readonly alignmentMs: number
  /** What the task had read when the first barrier was known. */
  readonly bytesAnnounced: number
  /** What it has read from then to the cut. */
  readonly bytesProcessed: number
  /** The cut came before all barriers were reached. */
  readonly unaligned: boolean
  /** Channels whose barriers are not reached. None for an aligned one. */
  readonly behind: readonly number[]
}

/** That of a task that reads no channels. With the fields of any cut, in their order. */
export function cutOfSource(barrier: Barrier, nowMs: number): Cut {
  return {
    barrier,
    announcedMs: nowMs,
    sinceAnnouncedMs: 0,
    firstBarrierMs: nowMs,
    alignmentMs: 0,
    bytesAnnounced: 0,
    bytesProcessed: 0,
    unaligned: false,
    behind: [],
  }
}
