/**
 * Which checkpoints of a schedule may hold data in flight: those that were triggered unaligned, and
 * those that one of these may have overtaken.
 */
import { Violation } from '../../src/testing/simulation/simulated-sink.ts'

interface Triggered {
  readonly isUnaligned: boolean
  /** The newest that was complete: no task waits for a barrier up to it any more. */
  readonly completed: number
}

export class CheckpointKinds {
  readonly #triggered = new Map<number, Triggered>()
  #completed = 0
  #last = 0

  triggered(checkpointId: number, isUnaligned: boolean): void {
    this.#triggered.set(checkpointId, { isUnaligned, completed: this.#completed })
    this.#last = checkpointId
  }

  completed(checkpointId: number, holdsInFlight: boolean): void {
    this.#completed = checkpointId
    if (holdsInFlight && !this.#mayHoldInFlight(checkpointId)) {
      throw new Violation(`checkpoint ${checkpointId} is aligned, and holds data in flight`)
    }
  }

  #mayHoldInFlight(checkpointId: number): boolean {
    const { completed } = this.#triggered.get(checkpointId)!
    for (let id = completed + 1; id <= this.#last; id++) {
      if (this.#triggered.get(id)?.isUnaligned === true) return true
    }
    return false
  }
}
