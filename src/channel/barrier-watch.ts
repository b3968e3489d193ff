/**
 * Knows whenever a barrier was placed in one of a task's channels. A producer fills a slot, then
 * sets the task's priority word, and only then publishes the page behind the barrier. So whoever
 * reads W first and the priority word second sees no page without the barriers before it.
 * Threads: the consuming task.
 */
import type { AnnouncedBarrier } from './barrier.ts'
import type { Doorbell } from './doorbell.ts'

/** An input channel as its watch sees it. */
export interface WatchedChannel {
  /** A barrier that was placed and not known; undefined if there is none. */
  takeUpBarrier(): AnnouncedBarrier | undefined
}

export type OnAnnounced = (channel: number, barrier: AnnouncedBarrier) => void

export class BarrierWatch {
  /** Barriers that are known and not retired, over all channels. */
  known = 0
  /** Called for each barrier as soon as it is known; may retire it. */
  onAnnounced: OnAnnounced = () => {}
  readonly #doorbell: Doorbell
  readonly #channels: readonly WatchedChannel[]

  constructor(doorbell: Doorbell, channels: readonly WatchedChannel[]) {
    this.#doorbell = doorbell
    this.#channels = channels
  }

  /** True if `look` would find something. */
  get isRung(): boolean {
    return this.#doorbell.hasPriority()
  }

  /** As if somebody had placed a barrier. */
  ring(): void {
    this.#doorbell.setPriority()
  }

  /** To be called after each read of a W, before a page is opened. */
  look(): void {
    if (this.#doorbell.hasPriority()) this.#scan()
  }

  #scan(): void {
    // The bits first: who fills a slot after it was looked at sets them again.
    this.#doorbell.takePriority()
    this.#channels.forEach((channel, index) => {
      for (
        let barrier = channel.takeUpBarrier();
        barrier !== undefined;
        barrier = channel.takeUpBarrier()
      ) {
        this.known++
        this.onAnnounced(index, barrier)
      }
    })
  }
}
