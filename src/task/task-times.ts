/**
 * Where a task's time goes: at every moment it does one thing, whose time is counted when it turns
 * to another. So the counters add up to the time since it began, but for what it does right now,
 * and that is known too (`timesAt`).
 * Threads: the task.
 */
import type { Clock } from '../base/clock.ts'
import type { Activity } from '../metrics/activity.ts'
import type { TaskMetrics } from '../metrics/task-metrics.ts'

const COUNTERS = {
  busy: 'busyMs',
  idle: 'idleMs',
  softBackpressured: 'softBackpressuredMs',
  hardBackpressured: 'hardBackpressuredMs',
} as const

export class TaskTimes {
  readonly #clock: Clock
  readonly #metrics: TaskMetrics
  #activity: Activity = 'nothing'
  #fromMs = 0

  constructor(clock: Clock, metrics: TaskMetrics) {
    this.#clock = clock
    this.#metrics = metrics
  }

  /** What came before is nobody's: the task was being built, and its operators opened. */
  begin(): void {
    this.#fromMs = this.#clock.monotonicMs()
    this.#metrics.set('beganMs', this.#fromMs)
    this.#turnTo('busy')
  }

  /** `nowMs`: monotonic, where it is known. Does nothing for a task that does not run. */
  enter(activity: Activity, nowMs = this.#clock.monotonicMs()): void {
    if (this.#activity === 'nothing') return
    this.#metrics.add(COUNTERS[this.#activity], nowMs - this.#fromMs)
    this.#fromMs = nowMs
    this.#turnTo(activity)
  }

  /** The task has finished, failed or was stopped: its time stands still. */
  end(): void {
    this.enter('nothing')
  }

  #turnTo(activity: Activity): void {
    this.#activity = activity
    this.#metrics.setActivity(activity)
  }
}
