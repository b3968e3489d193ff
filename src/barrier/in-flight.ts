/**
 * In-flight data of one unaligned checkpoint over all channels of a task: known piece by piece,
 * and complete when the barriers of all channels are.
 * Threads: the task.
 */
import type { ChannelCapture } from '../channel/channel-capture.ts'

export interface CapturedChannel {
  /** Index in the gate. */
  readonly index: number
  readonly capture: ChannelCapture
}

export interface InFlightOptions {
  readonly channels: readonly CapturedChannel[]
  /** Nobody waits for the rest any more. */
  readonly drop: () => void
  /** Bytes of pages that the task has read. */
  readonly bytesTaken: () => number
}

export class InFlight {
  readonly channels: readonly CapturedChannel[]
  readonly drop: () => void
  readonly bytesTaken: () => number

  constructor({ channels, drop, bytesTaken }: InFlightOptions) {
    this.channels = channels
    this.drop = drop
    this.bytesTaken = bytesTaken
  }

  get isComplete(): boolean {
    return this.channels.every(({ capture }) => capture.isComplete)
  }

  /** Channels whose barrier is not known. */
  get channelsMissing(): number {
    return this.channels.filter(({ capture }) => !capture.isComplete).length
  }

  /** So far. */
  get bytes(): number {
    return this.channels.reduce((sum, { capture }) => sum + capture.bytes, 0)
  }
}
