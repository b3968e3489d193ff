/**
 * One snapshot of a task that is not acknowledged yet.
 * Threads: the task.
 */
import type { Cut } from '../barrier/cut.ts'
import type { Clock } from '../base/clock.ts'
import type { OperatorSnapshot, SnapshotStats } from '../protocol/snapshot.ts'
import type { StateChunk, StateWalk } from '../state/snapshot-contract.ts'
import type { InputSnapshot } from './task-checkpoints.ts'

export interface PendingSnapshotOptions {
  readonly cut: Cut
  readonly operators: readonly OperatorSnapshot[]
  readonly recordsSunk: number
  readonly input: InputSnapshot
  readonly walks: readonly StateWalk[]
  /** Filled by the walks. */
  readonly chunks: StateChunk[]
  /** So long behind the cut in-flight data is left where it is. */
  readonly packsAfterMs: number
}

export class PendingSnapshot {
  readonly checkpointId: number
  readonly operators: readonly OperatorSnapshot[]
  readonly recordsSunk: number
  readonly input: InputSnapshot
  readonly #options: PendingSnapshotOptions
  #syncMs = 0
  #syncStartMs = 0
  #syncEndMs = 0
  #walkEndMs = 0
  #stepMsMax = 0
  /** From the first barrier to the last, known or reached, and what was read meanwhile. */
  #aligned: { readonly ms: number; readonly bytes: number } | undefined

  constructor(options: PendingSnapshotOptions) {
    this.#options = options
    this.checkpointId = options.cut.barrier.checkpointId
    this.operators = options.operators
    this.recordsSunk = options.recordsSunk
    this.input = options.input
  }

  get isWalked(): boolean {
    return this.#options.walks.every((walk) => walk.isDone)
  }

  /** All in-flight data that belongs to it is there. */
  get isCaptured(): boolean {
    return this.input.inFlight?.isComplete ?? true
  }

  /** Of all snapshots that are pending with it, in-flight data alone. */
  get channelStateBytesMax(): number {
    return this.#options.cut.barrier.channelStateBytesMax
  }

  /** Channels whose barriers it waits to know. */
  get channelsMissing(): number {
    return this.input.inFlight?.channelsMissing ?? 0
  }

  get inFlightBytes(): number {
    return this.input.inFlight?.bytes ?? 0
  }

  /** Before then in-flight data that is there is neither compressed nor handed over; monotonic. */
  get packDueMs(): number {
    return this.inFlightBytes === 0 ? 0 : this.#syncEndMs + this.#options.packsAfterMs
  }

  /** Notes when all barriers are known. */
  observeInput(clock: Clock): void {
    const { inFlight } = this.input
    if (inFlight === undefined || this.#aligned !== undefined || !inFlight.isComplete) return
    const { sinceAnnouncedMs, bytesAnnounced } = this.#options.cut
    const ms = sinceAnnouncedMs + clock.monotonicMs() - this.#syncStartMs
    this.#aligned = { ms, bytes: inFlight.bytesTaken() - bytesAnnounced }
  }

  /** Monotonic times. */
  endSync(startMs: number, endMs: number): void {
    this.#syncMs = endMs - startMs
    this.#syncStartMs = startMs
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
    this.input.inFlight?.drop()
  }

  stats(): SnapshotStats {
    const { barrier, announcedMs, sinceAnnouncedMs, ...cut } = this.#options.cut
    return {
      startDelayMs: Math.max(0, announcedMs - barrier.triggeredMs),
      alignmentMs: this.#aligned?.ms ?? sinceAnnouncedMs,
      syncMs: this.#syncMs,
      walkMs: this.#walkEndMs - this.#syncEndMs,
      stepMsMax: this.#stepMsMax,
      unaligned: cut.unaligned,
      processedInFlightBytes: this.#aligned?.bytes ?? cut.bytesProcessed,
      persistedInFlightBytes: this.inFlightBytes,
    }
  }
}
