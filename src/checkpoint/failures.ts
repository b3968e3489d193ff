/**
 * Counts failed checkpoints as Flink does: each id once, only failures that speak of the job or its
 * storage, and anew after a success.
 * Threads: main.
 */
import type { FailureReason } from './events.ts'

const counted: Readonly<Record<FailureReason, boolean>> = {
  CHECKPOINT_DECLINED: true,
  CHECKPOINT_EXPIRED: true,
  CHECKPOINT_ASYNC_EXCEPTION: true,
  IO_EXCEPTION: true,
  FINALIZE_CHECKPOINT_FAILURE: true,
  CHECKPOINT_SUBSUMED: false,
  TASK_FAILURE: false,
  CHECKPOINT_COORDINATOR_SHUTDOWN: false,
  CHECKPOINT_COORDINATOR_SUSPEND: false,
  NOT_ALL_REQUIRED_TASKS_RUNNING: false,
  MINIMUM_TIME_BETWEEN_CHECKPOINTS: false,
  TOO_MANY_CHECKPOINT_REQUESTS: false,
}

export class FailureCounter {
  #tolerated: number | undefined
  readonly #ids = new Set<number>()
  #lastCompleted = 0

  /** Undefined tolerates any number. */
  constructor(tolerated: number | undefined) {
    this.#tolerated = tolerated
  }

  /** From the next failure on. */
  tolerate(tolerated: number | undefined): void {
    this.#tolerated = tolerated
    // Nobody counted.
    if (tolerated === undefined) this.#ids.clear()
  }

  /** True if these are now more than are tolerated; the count then begins anew. */
  failed(checkpointId: number, reason: FailureReason): boolean {
    if (this.#tolerated === undefined || !counted[reason]) return false
    if (checkpointId < this.#lastCompleted) return false
    this.#ids.add(checkpointId)
    if (this.#ids.size <= this.#tolerated) return false
    this.#ids.clear()
    return true
  }

  completed(checkpointId: number): void {
    if (checkpointId <= this.#lastCompleted) return
    this.#lastCompleted = checkpointId
    this.#ids.clear()
  }
}
