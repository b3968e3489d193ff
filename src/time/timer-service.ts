/**
 * The timers of one keyed operator subtask, in event and in processing time. Each pins its key's
 * slot, and firing one makes its key current. Firing is done in bounded runs, so that a flood of
 * timers holds neither a barrier nor a command.
 * Threads: the task that owns the subtask.
 */
import { SluiceError } from '../base/errors.ts'
import type { KeyedState } from '../state/contract.ts'
import { TimerQueue } from './timer-queue.ts'
import { TimerStore } from './timer-store.ts'

export interface TimerServiceOptions {
  readonly keyed: KeyedState
  /** Called with the timer's time while its key is current. */
  readonly onEventTime: (timeMs: number) => void
  readonly onProcessingTime: (timeMs: number) => void
  /** Asks for `fireProcessingTime` at that time; Infinity takes it back. */
  readonly wakeAt: (timeMs: number) => void
}

/** What the timers fired at the end of time may set, for each one that was pending then. */
const SUCCESSORS_MAX = 1000
const AT_REST = Number.NEGATIVE_INFINITY

export class TimerService {
  readonly #options: TimerServiceOptions
  readonly #keyed: KeyedState
  readonly #eventTime = new TimerQueue()
  readonly #processingTime = new TimerQueue()
  /** The time of the event-time timer that is being fired. */
  #firing = AT_REST
  #isEnding = false
  /** How many timers may still be set at the end of time. */
  #successorsLeft = 0
  #wakeMs = Number.POSITIVE_INFINITY

  constructor(options: TimerServiceOptions) {
    this.#options = options
    this.#keyed = options.keyed
    this.#track('event-time', this.#eventTime)
    this.#track('processing-time', this.#processingTime)
  }

  get eventTimeCount(): number {
    return this.#eventTime.size
  }

  get processingTimeCount(): number {
    return this.#processingTime.size
  }

  /** Sets a timer for the current key. Infinity is the end of event time. */
  onEventTime(timeMs: number): void {
    checkTime(timeMs)
    if (this.#isEnding) this.#countSuccessor()
    // There is no second end of time: a timer that sets itself again there has fired.
    if (timeMs === Number.POSITIVE_INFINITY && this.#firing === timeMs) return
    this.#add(this.#eventTime, timeMs)
  }

  onProcessingTime(timeMs: number): void {
    checkTime(timeMs)
    this.#add(this.#processingTime, timeMs)
    this.#askForWake()
  }

  deleteEventTime(timeMs: number): void {
    this.#delete(this.#eventTime, timeMs)
  }

  deleteProcessingTime(timeMs: number): void {
    this.#delete(this.#processingTime, timeMs)
    this.#askForWake()
  }

  /** All timers there were are back: asks to be woken for the first. */
  restored(): void {
    this.#askForWake()
  }

  /** Fires at most `budget` timers that are due at the watermark. True if more are due. */
  fireEventTime(watermarkMs: number, budget: number): boolean {
    if (watermarkMs === Number.POSITIVE_INFINITY && !this.#isEnding) {
      this.#isEnding = true
      this.#successorsLeft = SUCCESSORS_MAX * (this.#eventTime.size + 1)
    }
    const queue = this.#eventTime
    for (let left = budget; left > 0 && queue.isDue(watermarkMs); left--) {
      this.#firing = queue.firstTimeMs
      this.#take(queue)
      this.#options.onEventTime(this.#firing)
    }
    this.#firing = AT_REST
    return queue.isDue(watermarkMs)
  }

  /** Fires at most `budget` timers that are due by the clock. True if more are due. */
  fireProcessingTime(nowMs: number, budget: number): boolean {
    this.#wakeMs = Number.POSITIVE_INFINITY
    const queue = this.#processingTime
    for (let left = budget; left > 0 && queue.isDue(nowMs); left--) {
      const timeMs = queue.firstTimeMs
      this.#take(queue)
      this.#options.onProcessingTime(timeMs)
    }
    this.#askForWake()
    return queue.isDue(nowMs)
  }

  #track(name: string, queue: TimerQueue): void {
    queue.hooks = this.#keyed.register(new TimerStore(name, queue, this.#keyed))
  }

  #add(queue: TimerQueue, timeMs: number): void {
    const slot = this.#keyed.pinKeySlot()
    if (!queue.add(timeMs, slot)) this.#keyed.releaseKeySlot(slot)
  }

  #delete(queue: TimerQueue, timeMs: number): void {
    const slot = this.#keyed.pinKeySlot()
    if (queue.delete(timeMs, slot)) this.#keyed.releaseKeySlot(slot)
    this.#keyed.releaseKeySlot(slot)
  }

  /** Takes the first timer and makes its key current. */
  #take(queue: TimerQueue): void {
    const slot = queue.pop()
    this.#keyed.setKeySlot(slot)
    this.#keyed.releaseKeySlot(slot)
  }

  #askForWake(): void {
    const queue = this.#processingTime
    const next = queue.size > 0 ? queue.firstTimeMs : Number.POSITIVE_INFINITY
    if (next === this.#wakeMs) return
    this.#wakeMs = next
    this.#options.wakeAt(next)
  }

  #countSuccessor(): void {
    if (--this.#successorsLeft >= 0) return
    throw new SluiceError(
      'TIMERS_WITHOUT_END',
      'timers go on setting timers after the end of event time',
      { hint: 'set no further timer in onTimer when ctx.watermark is Infinity' },
    )
  }
}

function checkTime(timeMs: number): void {
  if (typeof timeMs === 'number' && !Number.isNaN(timeMs)) return
  throw new SluiceError('BAD_TIMER_TIME', `a timer cannot be set for ${String(timeMs)}`, {
    hint: 'give epoch milliseconds as a number, or Infinity for the end of event time',
  })
}
