/**
 * The input of a task that reads channels: runs ranges of records through the loop of their shape
 * turns marks into watermarks, idleness and the end of the input, and barriers into snapshots.
 * Threads: the task.
 */
import type { Overdue } from '../barrier/alignment.ts'
import { Alignment } from '../barrier/alignment.ts'
import type { Cut, Moment } from '../barrier/cut.ts'
import { InFlight } from '../barrier/in-flight.ts'
import { assert, unreachable } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { RestoredPage } from '../channel/channel-capture.ts'
import type { InputChannel } from '../channel/input-channel.ts'
import type { InputGate } from '../channel/input-gate.ts'
import type { PageReader } from '../codec/page.ts'
import { MARK_ACTIVE, MARK_END, MARK_IDLE, MARK_WATERMARK } from '../codec/page.ts'
import type { ChannelTime, WatermarkValve } from '../time/watermark-valve.ts'
import type { GateDebloating } from './gate-debloating.ts'
import type { PageLoop } from './loops.ts'
import type { InputProgress, TaskInput } from './task-input.ts'

export interface GateInputOptions {
  readonly gate: InputGate
  readonly valve: WatermarkValve
  readonly makeLoop: (reader: PageReader) => PageLoop
  /** Runs up to a bounded number of records; returns the first index not processed. */
  readonly run: (loop: PageLoop, reader: PageReader, from: number, to: number) => number
  readonly onWatermark: (timeMs: number) => void
  readonly onIdle: (idle: boolean) => void
  /** Absent where pages are as large as they can be. */
  readonly debloating?: GateDebloating
  /** Absent where no barrier can come. The gate must have the task's doorbell. */
  readonly barriers?: BarrierOptions
}

export interface BarrierOptions {
  readonly clock: Clock
  /** Called between two records, and behind all effects of the one before. */
  readonly onSnapshot: (cut: Cut) => void
  /** For whoever wants to know what a checkpoint waits for: rarely. */
  readonly onBarriers?: (known: KnownBarriers) => void
}

export interface KnownBarriers {
  /** The last checkpoint that was heard of. */
  readonly checkpointId: number
  /** Channels that have reached the barrier of the oldest that is pending. */
  readonly channelsReached: number
}

/** The channels of a gate at a cut, in the order of the gate. */
export interface GateTimes {
  /** Of all channels together. */
  readonly watermarkMs: number
  readonly channels: readonly ChannelTime[]
  /** What belongs to the snapshot besides. */
  readonly inFlight?: InFlight
}

const NEVER = Number.POSITIVE_INFINITY

export class GateInput implements TaskInput {
  readonly pendingPromises = 0
  readonly #options: GateInputOptions
  readonly #loops = new Map<string, PageLoop>()
  readonly #alignment: Alignment | undefined
  /** When a checkpoint is not aligned any longer, monotonic. */
  #overdueMs = NEVER
  /** Then records come first, or a storm of checkpoints would be all that the task takes. */
  #hasJustCut = false
  #lastAnnounced = 0
  #endedChannels = 0

  constructor(options: GateInputOptions) {
    this.#options = options
    this.#alignment = options.barriers && this.#startAlignment()
  }

  ready(): boolean {
    return this.#options.gate.ready() || this.#isOverdue()
  }

  tick(): void {
    this.#options.debloating?.tick()
  }

  get bytesTaken(): number {
    return this.#options.gate.bytesTaken
  }

  nextWakeMs(): number {
    return NEVER
  }

  barrierDueMs(): number {
    if (this.#overdueMs === NEVER) return NEVER
    const { clock } = this.#options.barriers!
    return clock.nowMs() + this.#overdueMs - clock.monotonicMs()
  }

  /** Barriers may come behind the end: then `ended` is said again after each of them. */
  step(): InputProgress {
    const { gate, run } = this.#options
    const channel = gate.next(this.#hasJustCut)
    const isTurnOfRecords = this.#hasJustCut && channel?.isBarrierDue === false
    this.#hasJustCut = !isTurnOfRecords && this.#takeOverdue()
    if (this.#hasJustCut) return 'progress'
    if (channel === undefined) return this.#hasEnded() ? 'ended' : 'idle'
    if (channel.isBarrierDue) {
      this.#takeBarrier(channel)
      return 'progress'
    }
    if (channel.cursor === channel.limit) {
      this.#takeMark(channel)
      return 'progress'
    }
    const reader = channel.reader
    const from = channel.cursor
    const to = run(this.#loopOf(reader), reader, from, channel.limit)
    channel.advance(to)
    return to === from ? 'idle' : 'progress'
  }

  async close(): Promise<void> {}

  /** See `REHEARSAL`. Where a real barrier is on its way or was there, that one will do. */
  rehearse(): void {
    if (this.#alignment?.isUnused === true) this.#options.gate.rehearse()
  }

  /** True if `takeBarrier` would take one. */
  hasBarrier(): boolean {
    return this.#options.gate.nextWithBarrier() !== undefined || this.#isOverdue()
  }

  /** Takes one barrier that is due, and no record: needs no credit. False if none is due. */
  takeBarrier(): boolean {
    const channel = this.#options.gate.nextWithBarrier()
    if (this.#takeOverdue()) return true
    if (channel === undefined) return false
    this.#takeBarrier(channel)
    return true
  }

  /** The checkpoint is given up: whoever waits for its barriers goes on. */
  abort(checkpointId: number): void {
    const { gate } = this.#options
    if (this.#alignment === undefined) return
    for (const k of this.#alignment.aborted(checkpointId)) gate.channels[k]!.blocked = false
    gate.dropBarriers(checkpointId)
    this.#overdueMs = this.#alignment.dueMs
  }

  /** How far event time is, and what is still to come before the barriers. */
  snapshot(cut: Cut): GateTimes {
    const { gate, valve } = this.#options
    const channels = gate.channels.map(({ index }) => ({
      watermarkMs: valve.channelWatermarkMs(index),
      idle: valve.channelIsIdle(index),
    }))
    const times = { watermarkMs: valve.watermarkMs, channels }
    return cut.unaligned ? { ...times, inFlight: this.#capture(cut) } : times
  }

  /** In-flight data of a checkpoint, by channel: before the first step. */
  restorePages(pages: readonly (readonly RestoredPage[])[]): void {
    this.#options.gate.restore(pages)
  }

  /**
   * Goes on from a snapshot, before the first step; tells nobody. Returns where the merged
   * watermark is, and whether all channels are idle. See `WatermarkValve.restore`.
   */
  restoreChannels(channels: readonly ChannelTime[], watermarkMs?: number): ChannelTime {
    const { valve } = this.#options
    valve.restore(channels, watermarkMs)
    return { watermarkMs: valve.watermarkMs, idle: valve.isIdle }
  }

  #hasEnded(): boolean {
    return this.#endedChannels === this.#options.gate.channels.length
  }

  #startAlignment(): Alignment {
    const { gate } = this.#options
    const alignment = new Alignment(gate.channels.length)
    gate.onAnnounced((index, barrier) => {
      const isAwaited = alignment.announced(barrier, this.#now())
      // The snapshot itself is up to `step`, which is between two records for certain.
      this.#overdueMs = alignment.dueMs
      this.#lastAnnounced = Math.max(this.#lastAnnounced, barrier.checkpointId)
      this.#tellBarriers()
      if (isAwaited) return
      const channel = gate.channels[index]!
      channel.completeCapture(barrier)
      channel.dropBarrier(barrier.checkpointId)
    })
    return alignment
  }

  #isOverdue(): boolean {
    if (this.#overdueMs === NEVER) return false
    return this.#options.barriers!.clock.monotonicMs() >= this.#overdueMs
  }

  /** False if nothing is to be taken without all of its barriers. */
  #takeOverdue(): boolean {
    if (!this.#isOverdue()) return false
    const { gate } = this.#options
    const overdue = this.#alignment!.takeOverdue(this.#now())
    this.#takeCuts(overdue)
    for (const { barrier } of overdue.cuts) gate.dropBarriers(barrier.checkpointId)
    return true
  }

  #takeCuts({ cuts, unblock }: Overdue): void {
    const { gate, barriers } = this.#options
    this.#overdueMs = this.#alignment!.dueMs
    for (const cut of cuts) barriers!.onSnapshot(cut)
    this.#tellBarriers()
    for (const k of unblock) gate.channels[k]!.blocked = false
  }

  #tellBarriers(): void {
    const channelsReached = this.#alignment?.channelsReached ?? 0
    this.#options.barriers?.onBarriers?.({ checkpointId: this.#lastAnnounced, channelsReached })
  }

  #capture({ barrier, behind }: Cut): InFlight {
    const { gate } = this.#options
    const { checkpointId } = barrier
    const channels = behind.map((index) => gate.channels[index]!)
    return new InFlight({
      channels: channels.map((channel) => ({
        index: channel.index,
        capture: channel.capture(checkpointId),
      })),
      drop: () => {
        for (const channel of channels) channel.dropCapture(checkpointId)
      },
      bytesTaken: () => gate.bytesTaken,
    })
  }

  #now(): Moment {
    const { gate, barriers } = this.#options
    const { clock } = barriers!
    return {
      nowMs: clock.nowMs(),
      monotonicMs: clock.monotonicMs(),
      bytesTaken: gate.bytesTaken,
    }
  }

  #takeBarrier(channel: InputChannel): void {
    assert(this.#alignment !== undefined, 'a barrier nobody asked for')
    const barrier = channel.takeBarrier()
    const reached = this.#alignment.reached(channel.index, barrier, this.#now())
    channel.blocked = reached.block
    this.#takeCuts(reached)
  }

  #loopOf(reader: PageReader): PageLoop {
    // Rows with event times lie otherwise: channels of a union may differ in that.
    const id = `${reader.shape.id}${reader.withTime ? ' with times' : ''}`
    const known = this.#loops.get(id)
    if (known !== undefined) return known
    const loop = this.#options.makeLoop(reader)
    this.#loops.set(id, loop)
    return loop
  }

  #takeMark(channel: InputChannel): void {
    const { valve } = this.#options
    const { markKind, markValue, index } = channel
    channel.takeMark()
    switch (markKind) {
      case MARK_WATERMARK:
        return this.#report(() => valve.watermark(index, markValue))
      case MARK_IDLE:
        return this.#report(() => valve.idle(index, true))
      case MARK_ACTIVE:
        return this.#report(() => valve.idle(index, false))
      case MARK_END:
        this.#endedChannels++
        return this.#report(() => valve.end(index))
      default:
        return unreachable(markKind as never)
    }
  }

  /** Tells the chain what a change of one channel means for all of them together. */
  #report(change: () => void): void {
    const { valve, onWatermark, onIdle } = this.#options
    const before = valve.watermarkMs
    const wasIdle = valve.isIdle
    change()
    if (valve.isIdle !== wasIdle) onIdle(valve.isIdle)
    if (valve.watermarkMs > before) onWatermark(valve.watermarkMs)
  }
}
