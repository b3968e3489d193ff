/**
 * The input of a task that reads channels: runs ranges of records through the loop of their shape
 * and turns marks into watermarks, idleness and the end of the input.
 * Threads: the task.
 */
import { unreachable } from '../base/assert.ts'
import type { InputChannel } from '../channel/input-channel.ts'
import type { InputGate } from '../channel/input-gate.ts'
import type { PageReader } from '../codec/page.ts'
import { MARK_ACTIVE, MARK_END, MARK_IDLE, MARK_WATERMARK } from '../codec/page.ts'
import type { WatermarkValve } from '../time/watermark-valve.ts'
import type { PageLoop } from './loops.ts'
import type { InputProgress, TaskInput } from './task-input.ts'

export interface GateInputOptions {
  readonly gate: InputGate
  readonly valve: WatermarkValve
  readonly makeLoop: () => PageLoop
  /** Runs up to a bounded number of records; returns the first index not processed. */
  readonly run: (loop: PageLoop, reader: PageReader, from: number, to: number) => number
  readonly onWatermark: (timeMs: number) => void
  readonly onIdle: (idle: boolean) => void
}

export class GateInput implements TaskInput {
  readonly pendingPromises = 0
  readonly #options: GateInputOptions
  readonly #loops = new Map<string, PageLoop>()
  #endedChannels = 0

  constructor(options: GateInputOptions) {
    this.#options = options
  }

  ready(): boolean {
    return this.#options.gate.ready()
  }

  nextWakeMs(): number {
    return Number.POSITIVE_INFINITY
  }

  step(): InputProgress {
    const { gate, run } = this.#options
    if (this.#endedChannels === gate.channels.length) return 'ended'
    const channel = gate.next()
    if (channel === undefined) return 'idle'
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

  #loopOf(reader: PageReader): PageLoop {
    const known = this.#loops.get(reader.shape.id)
    if (known !== undefined) return known
    const loop = this.#options.makeLoop()
    this.#loops.set(reader.shape.id, loop)
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
