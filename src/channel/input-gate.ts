/**
 * All input channels of a task, and which is read next. A page is read to its end before the next
 * channel has its turn, so that no channel is starved and a page's strings are taken once.
 * Threads: the consuming task.
 */
import type { InputChannel } from './input-channel.ts'

export class InputGate {
  readonly channels: readonly InputChannel[]
  #turn = 0

  constructor(channels: readonly InputChannel[]) {
    this.channels = channels
  }

  /** A channel with a record at its cursor or a mark to take; undefined if there is none. */
  next(): InputChannel | undefined {
    const { channels } = this
    const current = channels[this.#turn]
    if (current === undefined) return undefined
    if (current.isOpen && !current.blocked) return current
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

  /** True if `next` would find something: the last look before the task parks. */
  ready(): boolean {
    return this.channels.some((channel) => !channel.blocked && channel.hasInput())
  }
}
