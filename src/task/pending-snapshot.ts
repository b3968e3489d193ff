/**
 * One snapshot of a task that is not acknowledged yet.
 * Threads: the task.
 */
import type { OperatorSnapshot, SnapshotStats } from '../protocol/snapshot.ts'
import type { StateChunk, StateWalk } from '../state/snapshot-contract.ts'
import type { Cut, InputSnapshot } from './task-checkpoints.ts'

export interface PendingSnapshotOptions {
  readonly cut: Cut
  readonly operators: readonly OperatorSnapshot[]
  readonly recordsSunk: number
  readonly input: InputSnapshot
  readonly walks: readonly StateWalk[]
  /** Filled by the walks. */
  readonly chunks: StateChunk[]
}

export class PendingSnapshot {
  readonly checkpointId: number
  readonly operators: readonly OperatorSnapshot[]
  readonly recordsSunk: number
  readonly input: InputSnapshot
  readonly #options: PendingSnapshotOptions
  #syncMs = 0
  #syncEndMs = 0
  #walkEndMs = 0
  #stepMsMax = 0

  constructor(options: PendingSnapshotOptions) {
    this.#options = options
    this.checkpointId = options.cut.checkpointId
    this.operators = options.operators
    this.recordsSunk = options.recordsSunk
    this.input = options.input
  }

  get isWalked(): boolean {
    return this.#options.walks.every((walk) => walk.isDone)
  }

  /** Monotonic times. */
  endSync(startMs: number, endMs: number): void {
    this.#syncMs = endMs - startMs
    this.#syncEndMs = endMs
    this.#walkEndMs = endMs
  }

  walk(entries: number): void {
    this.#options.walks.find((walk) => !walk.isDone)?.step(entries)
  }

  /** A part of the walk took `ms` and ended at `endMs`. */
  observe(ms: number, endMs: number): void {
    this.#stepMsMax = Math.max(this.#stepMsMax, ms)
    this.#walkEndMs = endMs
  }

  takeChunks(): readonly StateChunk[] {
    return this.#options.chunks.splice(0)
  }

  cancel(): void {
    for (const walk of this.#options.walks) walk.cancel()
  }

  stats(): SnapshotStats {
    const { announcedMs, triggeredMs, sinceAnnouncedMs } = this.#options.cut
    return {
      startDelayMs: Math.max(0, announcedMs - triggeredMs),
      alignmentMs: sinceAnnouncedMs,
      syncMs: this.#syncMs,
      walkMs: this.#walkEndMs - this.#syncEndMs,
      stepMsMax: this.#stepMsMax,
    }
  }
}
