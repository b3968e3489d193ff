/**
 * Where a task's time goes: every moment since it began is busy, idle or backpressured, and the
 * three add up to the time that has passed, but for what goes on right now.
 * Threads: the task.
 */
import type { Clock } from '../base/clock.ts'
import type { TaskMetrics } from '../metrics/task-metrics.ts'

export type TimeSpent = 'busyMs' | 'idleMs' | 'backpressuredMs'

export class TaskTimes {
  readonly #clock: Clock
  readonly #metrics: TaskMetrics
  #fromMs: number

  constructor(clock: Clock, metrics: TaskMetrics) {
    this.#clock = clock
    this.#metrics = metrics
    this.#fromMs = clock.monotonicMs()
  }

  /** What came before is nobody's: the task was being built, and its operators opened. */
  begin(): void {
    this.#fromMs = this.#clock.monotonicMs()
  }

  /** The time since the last call was spent this way. `nowMs`: monotonic, where it is known. */
  spent(how: TimeSpent, nowMs = this.#clock.monotonicMs()): void {
    this.#metrics.add(how, nowMs - this.#fromMs)
    this.#fromMs = nowMs
  }
}
