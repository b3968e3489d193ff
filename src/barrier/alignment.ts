/**
 * When a task takes a snapshot, decided from the barriers of its channels alone. Aligned, a channel
 * whose barrier was reached waits until those of all others are: no record behind the cut is
 * processed before it. At-least-once waits for nobody and only counts.
 * Nothing here blocks, snapshots or frees a slot: the caller does, as the results say.
 * Threads: the task.
 */
import { assert } from '../base/assert.ts'

export type CheckpointMode = 'exactly-once' | 'at-least-once'

/** What a barrier says, wherever it comes from. */
export interface BarrierFacts {
  readonly checkpointId: number
  readonly triggeredMs: number
}

/** The same moment on the clock of the wall and on one that never jumps. */
export interface Moment {
  readonly nowMs: number
  readonly monotonicMs: number
}

/** A snapshot to be taken at once, between two records. */
export interface Cut {
  readonly checkpointId: number
  readonly triggeredMs: number
  /** When the first of its barriers was known, wherever it stood. */
  readonly announcedMs: number
  /** From then to the cut. */
  readonly sinceAnnouncedMs: number
  /** When the first of its barriers was reached. */
  readonly firstBarrierMs: number
  /** From then to the cut. */
  readonly alignmentMs: number
}

export interface Reached {
  /** Whether the channel has to wait behind its barrier. */
  readonly block: boolean
  /** In the order of their ids. */
  readonly cuts: readonly Cut[]
  /** Channels that go on once the snapshots are taken. */
  readonly unblock: readonly number[]
}

export interface AlignmentOptions {
  readonly channels: number
  readonly mode: CheckpointMode
}

interface Pending {
  readonly barrier: BarrierFacts
  readonly announced: Moment
  first: Moment | undefined
}

/** Below all ids, that of a rehearsal included. */
const NONE = -1
/** Aborted checkpoints whose barriers may still come. Older ones are taken for aborted anyway. */
const ABORTED_MAX = 1_024

export class Alignment {
  readonly #aligns: boolean
  /**
   * By channel: the id of the last barrier that was reached, `NONE` at first. Barriers of a
   * channel come in the order of their ids, so no earlier one will follow: a producer that left
   * one out has declined that checkpoint, and nobody needs to wait for it.
   */
  readonly #reached: Int32Array
  /** In the order of ids. */
  readonly #pending: Pending[] = []
  readonly #aborted = new Set<number>()
  /** Barriers up to this id mean nothing any more. */
  #floor = NONE

  constructor({ channels, mode }: AlignmentOptions) {
    this.#aligns = mode === 'exactly-once'
    this.#reached = new Int32Array(channels).fill(NONE)
  }

  /** True until the first barrier is known, and after it if that was dropped. */
  get isUnused(): boolean {
    return this.#pending.length === 0 && this.#reached.every((id) => id === NONE)
  }

  /** A barrier is known, in whatever channel. False: nobody waits for it, drop it. */
  announced(barrier: BarrierFacts, at: Moment): boolean {
    if (this.#isStale(barrier.checkpointId)) return false
    this.#pendingOf(barrier, at)
    return true
  }

  /** All records of the channel before the barrier are processed, none behind it. */
  reached(channel: number, barrier: BarrierFacts, at: Moment): Reached {
    const { checkpointId } = barrier
    assert(!this.#isBlocked(channel), 'a blocked channel was read')
    assert(checkpointId > this.#reached[channel]!, 'barriers come in the order of their ids')
    this.#reached[channel] = checkpointId
    if (!this.#isStale(checkpointId)) this.#pendingOf(barrier, at).first ??= at
    const cuts = this.#takeComplete(at)
    const unblock = cuts.flatMap((cut) => this.#channelsAt(cut.checkpointId))
    return {
      block: this.#isBlocked(channel),
      cuts,
      unblock: unblock.filter((other) => other !== channel),
    }
  }

  /** Returns the channels that go on. Its barriers that come later are stale. */
  aborted(checkpointId: number): readonly number[] {
    if (this.#isStale(checkpointId)) return []
    this.#aborted.add(checkpointId)
    const at = this.#pending.findIndex(({ barrier }) => barrier.checkpointId === checkpointId)
    if (at >= 0) this.#pending.splice(at, 1)
    if (this.#aborted.size > ABORTED_MAX) this.#forgetAborted()
    return this.#channelsAt(checkpointId)
  }

  #isStale(checkpointId: number): boolean {
    return checkpointId <= this.#floor || this.#aborted.has(checkpointId)
  }

  #isBlocked(channel: number): boolean {
    const id = this.#reached[channel]!
    return this.#aligns && this.#pending.some(({ barrier }) => barrier.checkpointId === id)
  }

  /** Channels that wait, or waited until now, behind their barrier of this checkpoint. */
  #channelsAt(checkpointId: number): readonly number[] {
    if (!this.#aligns) return []
    return [...this.#reached.keys()].filter((k) => this.#reached[k] === checkpointId)
  }

  #pendingOf(barrier: BarrierFacts, announced: Moment): Pending {
    const { checkpointId } = barrier
    const known = this.#pending.find((other) => other.barrier.checkpointId === checkpointId)
    if (known !== undefined) return known
    const made = { barrier, announced, first: undefined }
    const behind = this.#pending.findIndex((other) => other.barrier.checkpointId > checkpointId)
    this.#pending.splice(behind < 0 ? this.#pending.length : behind, 0, made)
    return made
  }

  /** A later checkpoint is never complete before an earlier one: every channel is past both. */
  #takeComplete(at: Moment): readonly Cut[] {
    const cuts: Cut[] = []
    for (let next = this.#pending[0]; next !== undefined; next = this.#pending[0]) {
      const { barrier, announced, first = at } = next
      if (this.#reached.some((id) => id < barrier.checkpointId)) break
      this.#pending.shift()
      this.#raiseFloor(barrier.checkpointId)
      cuts.push({
        checkpointId: barrier.checkpointId,
        triggeredMs: barrier.triggeredMs,
        announcedMs: announced.nowMs,
        sinceAnnouncedMs: at.monotonicMs - announced.monotonicMs,
        firstBarrierMs: first.nowMs,
        alignmentMs: at.monotonicMs - first.monotonicMs,
      })
    }
    return cuts
  }

  #raiseFloor(checkpointId: number): void {
    this.#floor = checkpointId
    for (const id of this.#aborted) if (id <= checkpointId) this.#aborted.delete(id)
  }

  #forgetAborted(): void {
    const firstPending = this.#pending[0]?.barrier.checkpointId ?? Number.POSITIVE_INFINITY
    const [oldest] = this.#aborted
    if (oldest! < firstPending) this.#raiseFloor(oldest!)
  }
}
