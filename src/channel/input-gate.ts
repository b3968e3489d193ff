/**
 * All input channels of a task, and which is read next. A page is read to its end before the next
 * channel has its turn, so that no channel is starved and a page's strings are taken once.
 * Threads: the consuming task.
 */
import { assert } from '../base/assert.ts'
import type { OnAnnounced } from './barrier-watch.ts'
import { BarrierWatch } from './barrier-watch.ts'
import type { RestoredPage } from './channel-capture.ts'
import type { Doorbell } from './doorbell.ts'
import type { InputChannel } from './input-channel.ts'
import type { RestoredLeft } from './restored-pages.ts'

export class InputGate {
  readonly channels: readonly InputChannel[]
  readonly #watch: BarrierWatch | undefined
  readonly #restored: RestoredLeft = { count: 0 }
  #turn = 0

  /** `doorbell` is the task's own; without it no barrier may be placed in the channels. */
  constructor(channels: readonly InputChannel[], doorbell?: Doorbell) {
    this.channels = channels
    if (doorbell === undefined) return
    const watch = new BarrierWatch(doorbell, channels)
    this.#watch = watch
    for (const channel of channels) channel.watchBarriers(watch)
  }

  /** In-flight data of a checkpoint, by channel: before the first page is read. */
  restore(pages: readonly (readonly RestoredPage[])[]): void {
    this.channels.forEach((channel, k) => channel.restore(pages[k]!, this.#restored))
  }

  /** Calls `listener` for each barrier as soon as it is known, wherever it is. */
  onAnnounced(listener: OnAnnounced): void {
    assert(this.#watch !== undefined, 'a gate without a doorbell sees no barriers')
    this.#watch.onAnnounced = listener
  }

  /**
   * A barrier in each channel, see `REHEARSAL`. It waits for nothing but pages that are open. While
   * no real one was known.
   */
  rehearse(): void {
    const watch = this.#watch
    assert(watch !== undefined, 'a gate without a doorbell sees no barriers')
    watch.ring()
    for (const channel of this.channels) watch.onAnnounced(channel.index, channel.rehearse())
  }

  /** See `InputChannel`; of all channels. */
  get pagesOnTheirWay(): number {
    return this.channels.reduce((pages, channel) => pages + channel.pagesOnTheirWay, 0)
  }

  /** Pages that were read to their end, modulo 2^32. */
  get pagesTaken(): number {
    return this.channels.reduce((pages, { nextSeq }) => (pages + nextSeq) | 0, 0)
  }

  limitPages(bytes: number): void {
    for (const channel of this.channels) channel.limitPages(bytes)
  }

  /** Bytes of all pages that were opened. */
  get bytesTaken(): number {
    let bytes = 0
    for (const channel of this.channels) bytes += channel.bytesTaken
    return bytes
  }

  /**
   * A channel with a barrier that is due, with a record at its cursor or with a mark to take;
   * undefined if there is none. Barriers first, unless it is the turn of records: they stand where
   * nothing is half done.
   */
  next(isTurnOfRecords = false): InputChannel | undefined {
    const { channels } = this
    const current = channels[this.#turn]
    if (current === undefined) return undefined
    if (isTurnOfRecords) return this.#nextWithInput(current) ?? this.nextWithBarrier()
    return this.nextWithBarrier() ?? this.#nextWithInput(current) ?? this.nextWithBarrier()
  }

  /** A channel whose barrier is due; undefined if there is none. Looks for new barriers. */
  nextWithBarrier(): InputChannel | undefined {
    const watch = this.#watch
    if (watch === undefined) return undefined
    watch.look()
    if (watch.known === 0) return undefined
    return this.channels.find((channel) => !channel.blocked && channel.isBarrierDue)
  }

  /** True if `next` would find something: the last look before the task parks. */
  ready(): boolean {
    if (this.#watch?.isRung === true) return true
    return this.channels.some((channel) => !channel.blocked && channel.hasInput())
  }

  /** Nobody waits for the barriers of this checkpoint any more. */
  dropBarriers(checkpointId: number): void {
    for (const channel of this.channels) channel.dropBarrier(checkpointId)
  }

  #nextWithInput(current: InputChannel): InputChannel | undefined {
    if (current.isOpen && !current.blocked) return current
    const { channels } = this
    let turn = this.#turn
    for (let k = channels.length; k > 0; k--) {
      turn = turn + 1 === channels.length ? 0 : turn + 1
      const channel = channels[turn]!
      if (channel.blocked || !channel.poll()) continue
      this.#turn = turn
      return channel
    }
    return undefined
  }
}
