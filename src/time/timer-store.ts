/**
 * The pending timers of one queue as entries of snapshots: a time each, under the timer's key.
 * Threads: the task that owns the subtask.
 */
import type { ByteReader, ByteWriter } from '../codec/byte-stream.ts'
import type { KeyedState, KeyedStore } from '../state/contract.ts'
import { damaged } from '../state/state-errors.ts'
import type { TimerQueue } from './timer-queue.ts'

export class TimerStore implements KeyedStore {
  readonly name: string
  readonly detail = ''
  readonly #queue: TimerQueue
  readonly #keyed: KeyedState

  constructor(name: string, queue: TimerQueue, keyed: KeyedState) {
    this.name = name
    this.#queue = queue
    this.#keyed = keyed
  }

  get slotEnd(): number {
    return this.#queue.timerEnd
  }

  isUsed(timer: number): boolean {
    return this.#queue.isPending(timer)
  }

  keySlotOf(timer: number): number {
    return this.#queue.slotOf(timer)
  }

  write(timer: number, out: ByteWriter): void {
    out.float64(this.#queue.timeOf(timer))
  }

  read(from: ByteReader): void {
    const timeMs = from.float64()
    if (Number.isNaN(timeMs)) throw damaged('a timer has no time')
    // Pinned as long as the timer is pending.
    const slot = this.#keyed.pinKeySlot()
    if (!this.#queue.add(timeMs, slot)) throw damaged('a key has a timer twice')
  }

  skip(from: ByteReader): void {
    from.float64()
  }
}
