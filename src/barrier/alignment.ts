/**
 * When a task takes a snapshot, decided from the barriers of its channels alone. Aligned, a channel
 * whose barrier was reached waits until those of all others are: no record behind the cut is
 * processed before it. Where that takes longer than it may, the snapshot is taken unaligned: at
 * once, and what lies before the barriers that were not reached belongs to it, too. At-least-once
 * waits for nobody and only counts.
 * Nothing here blocks, snapshots or frees a slot: the caller does, as the results say.
 * Threads: the task.
 */
import { assert } from '../base/assert.ts'
import type { Barrier } from '../channel/barrier.ts'
import type { Cut, Moment } from './cut.ts'

export interface Overdue {
  /** In the order of their ids. */
  readonly cuts: readonly Cut[]
  /** Channels that go on once the snapshots are taken. */
  readonly unblock: readonly number[]
}

export interface Reached extends Overdue {
  /** Whether the channel has to wait behind its barrier. */
  readonly block: boolean
}

interface Pending {
  readonly barrier: Barrier
  readonly announced: Moment
  /** When it is taken unaligned, monotonic; Infinity for never. */
  readonly dueMs: number
  first: Moment | undefined
}

/** Below all ids, that of a rehearsal included. */
const NONE = -1
const NEVER = Number.POSITIVE_INFINITY
/** Aborted checkpoints whose barriers may still come. Older ones are taken for aborted anyway. */
const ABORTED_MAX = 1_024

export class Alignment {
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

  constructor(channels: number) {
    this.#reached = new Int32Array(channels).fill(NONE)
  }

  /** True until the first barrier is known, and after it if that was dropped. */
  get isUnused(): boolean {
    return this.#pending.length === 0 && this.#reached.every((id) => id === NONE)
  }

  /** When `takeOverdue` has something to take, monotonic; Infinity for never. */
  get dueMs(): number {
    return this.#pending.reduce((least, { dueMs }) => Math.min(least, dueMs), NEVER)
  }

  /** Of the oldest that is pending: channels that have reached its barrier. */
  get channelsReached(): number {
    const oldest = this.#pending[0]
    if (oldest === undefined) return 0
    return this.#reached.length - this.#channelsBefore(oldest.barrier.checkpointId).length
  }

  /** A barrier is known, in whatever channel. False: nobody waits for it, drop it. */
  announced(barrier: Barrier, at: Moment): boolean {
    if (this.#isStale(barrier.checkpointId)) return false
    this.#pendingOf(barrier, at)
    return true
  }

  /** All records of the channel before the barrier are processed, none behind it. */
  reached(channel: number, barrier: Barrier, at: Moment): Reached {
    const { checkpointId } = barrier
    assert(!this.#isBlocked(channel), 'a blocked channel was read')
    assert(checkpointId > this.#reached[channel]!, 'barriers come in the order of their ids')
    this.#reached[channel] = checkpointId
    if (!this.#isStale(checkpointId)) this.#pendingOf(barrier, at).first ??= at
    const cuts = this.#takeComplete(at)
    const unblock = cuts.flatMap((cut) => this.#channelsAt(cut.barrier.checkpointId))
    return {
      block: this.#isBlocked(channel),
      cuts,
      unblock: unblock.filter((other) => other !== channel),
    }
  }

  /**
   * Takes what has been aligned for as long as it may, and all before it: a snapshot of a later
   * checkpoint must hold whatever one of an earlier one does.
   */
  takeOverdue(at: Moment): Overdue {
    const last = this.#pending.findLastIndex(({ dueMs }) => dueMs <= at.monotonicMs)
    const overdue = this.#pending.splice(0, last + 1)
    const cuts = overdue.map((pending) => this.#cut(pending, at))
    return { cuts, unblock: cuts.flatMap((cut) => this.#channelsAt(cut.barrier.checkpointId)) }
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
    return this.#pending.some(({ barrier }) => barrier.checkpointId === id && aligns(barrier))
  }

  /** Channels that are at their barrier of this checkpoint, where some wait or waited. */
  #channelsAt(checkpointId: number): readonly number[] {
    return [...this.#reached.keys()].filter((k) => this.#reached[k] === checkpointId)
  }

  #pendingOf(barrier: Barrier, announced: Moment): Pending {
    const { checkpointId } = barrier
    const known = this.#pending.find((other) => other.barrier.checkpointId === checkpointId)
    if (known !== undefined) return known
    const made = { barrier, announced, dueMs: dueMsOf(barrier, announced), first: undefined }
    const behind = this.#pending.findIndex((other) => other.barrier.checkpointId > checkpointId)
    this.#pending.splice(behind < 0 ? this.#pending.length : behind, 0, made)
    return made
  }

  /** A later checkpoint is never complete before an earlier one: every channel is past both. */
  #takeComplete(at: Moment): readonly Cut[] {
    const cuts: Cut[] = []
    for (let next = this.#pending[0]; next !== undefined; next = this.#pending[0]) {
      if (this.#channelsBefore(next.barrier.checkpointId).length > 0) break
      this.#pending.shift()
      cuts.push(this.#cut(next, at))
    }
    return cuts
  }

  #cut({ barrier, announced, first }: Pending, at: Moment): Cut {
    const { checkpointId } = barrier
    this.#raiseFloor(checkpointId)
    const behind = this.#channelsBefore(checkpointId)
    return {
      barrier,
      announcedMs: announced.nowMs,
      sinceAnnouncedMs: at.monotonicMs - announced.monotonicMs,
      firstBarrierMs: (first ?? at).nowMs,
      alignmentMs: at.monotonicMs - (first ?? at).monotonicMs,
      bytesAnnounced: announced.bytesTaken,
      bytesProcessed: at.bytesTaken - announced.bytesTaken,
      unaligned: behind.length > 0,
      behind,
    }
  }

  /** Channels that have not reached their barrier of this checkpoint, nor a later one. */
  #channelsBefore(checkpointId: number): readonly number[] {
    return [...this.#reached.keys()].filter((k) => this.#reached[k]! < checkpointId)
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

function aligns({ kind }: Barrier): boolean {
  return kind !== 'at-least-once'
}

/** The clock of the wall may have jumped since the trigger: no further than counts. */
function dueMsOf({ kind, alignedTimeoutMs, triggeredMs }: Barrier, announced: Moment): number {
  if (kind !== 'unaligned') return NEVER
  const passedMs = Math.max(0, announced.nowMs - triggeredMs)
  return announced.monotonicMs + Math.max(0, alignedTimeoutMs - passedMs)
}
