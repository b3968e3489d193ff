/**
 * Merges the watermarks of a task's input channels: event time is where the slowest active channel
 * is. Idle channels hold nothing up; one that wakes behind the others counts again when it has
 * caught up, since time does not go back. A channel that has ended holds nothing up either, and
 * the end of all of them is the end of time.
 * Threads: the task.
 */
import { assert } from '../base/assert.ts'
import { END_OF_TIME, NO_TIME } from '../codec/page.ts'

const ACTIVE = 0
/** Woke up behind the merged watermark and has not caught up. */
const BEHIND = 1
const IDLE = 2
const ENDED = 3

/** Where one channel is. */
export interface ChannelTime {
  readonly watermarkMs: number
  readonly idle: boolean
}

export class WatermarkValve {
  readonly #times: Float64Array
  readonly #states: Uint8Array
  /** 1 where a channel is expected to say again that it is idle. */
  readonly #awaited: Uint8Array
  #watermarkMs = NO_TIME
  #isIdle = false

  constructor(channels: number) {
    this.#times = new Float64Array(channels).fill(NO_TIME)
    this.#states = new Uint8Array(channels)
    this.#awaited = new Uint8Array(channels)
  }

  /** The merged watermark; it never goes back. */
  get watermarkMs(): number {
    return this.#watermarkMs
  }

  /** True while every channel that has not ended is idle. */
  get isIdle(): boolean {
    return this.#isIdle
  }

  /** The watermark of one channel, and whether it is idle: for snapshots and for people. */
  channelWatermarkMs(channel: number): number {
    return this.#times[channel]!
  }

  channelIsIdle(channel: number): boolean {
    return this.#states[channel] === IDLE
  }

  watermark(channel: number, timeMs: number): void {
    if (timeMs === END_OF_TIME) return this.end(channel)
    const before = this.#times[channel]!
    if (!(timeMs > before)) return
    this.#times[channel] = timeMs
    this.#awaited[channel] = 0
    const state = this.#states[channel]
    if (state === IDLE || state === ENDED) return
    if (state === BEHIND && timeMs >= this.#watermarkMs) this.#states[channel] = ACTIVE
    // Only the slowest channel holds the merged watermark.
    if (state === BEHIND || before <= this.#watermarkMs) this.#merge()
  }

  idle(channel: number, idle: boolean): void {
    const state = this.#states[channel]
    if (state === ENDED || (state === IDLE) === idle) return
    if (!idle) {
      const isBehind = this.#times[channel]! < this.#watermarkMs
      this.#states[channel] = isBehind ? BEHIND : ACTIVE
      this.#isIdle = false
      return
    }
    this.#states[channel] = IDLE
    this.#isIdle = this.#countOf(ACTIVE) + this.#countOf(BEHIND) === 0
    if (this.#awaited[channel] === 1) return this.#goneIdleAgain(channel)
    if (this.#isIdle) this.#flush(this.#times[channel]!)
    else this.#merge()
  }

  end(channel: number): void {
    if (this.#states[channel] === ENDED) return
    const timeMs = this.#times[channel]!
    this.#states[channel] = ENDED
    this.#times[channel] = END_OF_TIME
    if (this.#countOf(ENDED) === this.#states.length) {
      this.#watermarkMs = END_OF_TIME
      this.#isIdle = false
      return
    }
    this.#isIdle = this.#countOf(ACTIVE) + this.#countOf(BEHIND) === 0
    if (this.#isIdle) this.#flush(timeMs)
    else this.#merge()
  }

  /**
   * Goes on where another valve was, before anything else is called: one entry a channel.
   * `watermarkMs` is where the merged watermark was. Without it, it is that of the slowest channel,
   * which may lie behind: a channel that woke up late did not count.
   */
  restore(channels: readonly ChannelTime[], watermarkMs?: number): void {
    assert(channels.length === this.#states.length, 'a valve of another number of channels')
    channels.forEach(({ watermarkMs: timeMs, idle }, channel) => {
      this.#times[channel] = timeMs
      this.#states[channel] = timeMs === END_OF_TIME ? ENDED : idle ? IDLE : ACTIVE
    })
    const ended = this.#countOf(ENDED)
    this.#isIdle = ended < channels.length && this.#countOf(ACTIVE) === 0
    if (ended === channels.length) this.#watermarkMs = END_OF_TIME
    else if (watermarkMs !== undefined) this.#goOnAt(watermarkMs)
    else if (this.#isIdle) this.#flush(NO_TIME)
    else this.#merge()
  }

  /**
   * After `restore`: a channel that was idle counts as active until it says again that it is idle,
   * which does not make time go on. One that is not idle any more would say nothing.
   */
  awaitIdle(): void {
    for (let channel = 0; channel < this.#states.length; channel++) {
      if (this.#states[channel] !== IDLE) continue
      this.idle(channel, false)
      this.#awaited[channel] = 1
    }
  }

  /** What followed from it did so before the restore, but for what others have said since. */
  #goneIdleAgain(channel: number): void {
    this.#awaited[channel] = 0
    const isActive = (state: number, other: number) =>
      state === ACTIVE && this.#awaited[other] === 0
    if (this.#states.some(isActive)) this.#merge()
  }

  #goOnAt(watermarkMs: number): void {
    this.#watermarkMs = watermarkMs
    for (let channel = 0; channel < this.#times.length; channel++) {
      const isBehind = this.#times[channel]! < watermarkMs
      if (isBehind && this.#states[channel] === ACTIVE) this.#states[channel] = BEHIND
    }
  }

  #merge(): void {
    let least = END_OF_TIME
    let counted = 0
    for (let channel = 0; channel < this.#times.length; channel++) {
      if (this.#states[channel] !== ACTIVE) continue
      counted++
      if (this.#times[channel]! < least) least = this.#times[channel]!
    }
    if (counted > 0 && least > this.#watermarkMs) this.#watermarkMs = least
  }

  /** The last active channel is gone: had it gone first, time would be where the latest one is. */
  #flush(lastTimeMs: number): void {
    if (lastTimeMs !== this.#watermarkMs) return
    for (let channel = 0; channel < this.#times.length; channel++) {
      if (this.#states[channel] === ENDED) continue
      if (this.#times[channel]! > this.#watermarkMs) this.#watermarkMs = this.#times[channel]!
    }
  }

  #countOf(state: number): number {
    let count = 0
    for (const other of this.#states) if (other === state) count++
    return count
  }
}
