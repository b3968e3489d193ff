/**
 * The task's half of a checkpoint: at the cut it passes the barrier on and notes what belongs to
 * the snapshot; then it encodes keyed state between steps, and acknowledges when all is handed
 * over. Committables stay here until a checkpoint that holds them is complete.
 * Threads: the task.
 */
import type { Clock } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import { REHEARSAL } from '../channel/barrier.ts'
import type { RecordWriter } from '../channel/record-writer.ts'
import { NO_TIME } from '../codec/page.ts'
import type { FromTask } from '../protocol/messages.ts'
import type { ChannelSnapshot, SourceSnapshot, StateFile } from '../protocol/snapshot.ts'
import type { StateChunk } from '../state/snapshot-contract.ts'
import { chunkBytes, chunkMemories, packStateFile } from '../state/state-file.ts'
import type { ChainRuntime } from './chain-runtime.ts'
import { beginWalks, mergeChunks, snapshotOperators } from './chain-snapshot.ts'
import { ChunkMemory } from './chunk-memory.ts'
import type { Pacing } from './pacer.ts'
import { Pacer } from './pacer.ts'
import { PendingSnapshot } from './pending-snapshot.ts'
import { Uncommitted } from './uncommitted.ts'

/** Where in its input a task is cut. */
export interface Cut {
  readonly checkpointId: number
  readonly triggeredMs: number
  /** When the first of its barriers was known, epoch ms. */
  readonly announcedMs: number
  readonly sinceAnnouncedMs: number
}

export interface InputSnapshot {
  readonly source?: SourceSnapshot
  readonly channels: readonly ChannelSnapshot[]
  readonly watermarkMs: number
}

export interface TaskCheckpointsOptions {
  readonly attempt: number
  readonly task: number
  readonly runtime: ChainRuntime
  /** Exits to other tasks; what goes to the main thread has no barriers. */
  readonly writers: readonly RecordWriter[]
  readonly snapshotInput: () => InputSnapshot
  readonly clock: Clock
  readonly inlineBytesMax: number
  /** Default: by the time that entries take. */
  readonly pacing?: Pacing | undefined
  /** A snapshot is being taken: all that was emitted so far lies before it. */
  readonly onCut?: ((checkpointId: number) => void) | undefined
  readonly send: (message: FromTask) => void
  readonly wake: () => void
}

/** Encoded and not written yet: beyond this the walk waits for the disk. */
const BYTES_ON_THE_WAY_MAX = 32 << 20

export class TaskCheckpoints {
  readonly #options: TaskCheckpointsOptions
  readonly #pending: PendingSnapshot[] = []
  readonly #pacer: Pacing
  readonly #uncommitted: Uncommitted
  readonly #memory = new ChunkMemory()
  #bytesOnTheWay = 0

  constructor(options: TaskCheckpointsOptions) {
    this.#options = options
    this.#pacer = options.pacing ?? new Pacer()
    this.#uncommitted = new Uncommitted(options.wake)
  }

  /** Sinks whose promises are awaited. */
  get pendingPromises(): number {
    return this.#uncommitted.pendingPromises
  }

  /** The synchronous part. Between two records. */
  take(cut: Cut): void {
    const { writers, runtime, clock } = this.#options
    const { checkpointId, triggeredMs } = cut
    if (checkpointId === REHEARSAL) return this.#rehearse(cut)
    if (!writers.every((writer) => writer.canPlaceBarrier())) {
      return this.#decline(checkpointId, 'a channel has as many barriers on their way as it can')
    }
    const startMs = clock.monotonicMs()
    this.#options.onCut?.(checkpointId)
    for (const writer of writers) writer.barrier({ checkpointId, kind: 'aligned', triggeredMs })
    this.#uncommitted.add(checkpointId, runtime.prepareCommit(checkpointId))
    const begun = this.#orDecline(checkpointId, () => this.#begin(cut))
    if (begun === undefined) return
    this.#pending.push(begun)
    begun.endSync(startMs, clock.monotonicMs())
  }

  /** A snapshot of nothing, known to nobody. */
  #rehearse(cut: Cut): void {
    const input = { channels: [], watermarkMs: NO_TIME }
    const nothing = { operators: [], recordsSunk: 0, input, walks: [], chunks: [] }
    this.#pending.push(new PendingSnapshot({ cut, ...nothing }))
  }

  #begin(cut: Cut): PendingSnapshot {
    const { runtime } = this.#options
    const chunks: StateChunk[] = []
    return new PendingSnapshot({
      cut,
      operators: snapshotOperators(runtime),
      recordsSunk: runtime.recordsSunk,
      input: this.#options.snapshotInput(),
      walks: beginWalks(runtime, {
        chunk: (chunk) => void chunks.push(chunk),
        memory: (bytes) => this.#memory.take(bytes),
      }),
      chunks,
    })
  }

  complete(checkpointId: number): void {
    this.#uncommitted.complete(checkpointId)
  }

  abort(checkpointId: number): void {
    const at = this.#pending.findIndex((one) => one.checkpointId === checkpointId)
    if (at < 0) return
    const [aborted] = this.#pending.splice(at, 1)
    aborted!.cancel()
    for (const chunk of aborted!.takeChunks()) this.#memory.give(chunkMemories(chunk))
  }

  written(bytes: number, memories: readonly SharedArrayBuffer[]): void {
    this.#bytesOnTheWay -= bytes
    this.#memory.give(memories)
  }

  /** True if `step` would do something. */
  ready(): boolean {
    if (this.#uncommitted.hasFailed) return true
    return this.#pending.some((one) => (one.isWalked ? this.#isPrepared(one) : this.#mayWalk()))
  }

  /** At most one bounded part of one walk. True if anything was done. */
  step(): boolean {
    if (this.#pending.length === 0 && !this.#uncommitted.hasFailed) return false
    return this.#stepPending()
  }

  /** Apart from `step`, which is called between all ranges of records and must stay small. */
  #stepPending(): boolean {
    this.#uncommitted.throwFailure()
    const walked = this.#walk()
    const done = this.#pending.filter((one) => one.isWalked && this.#isPrepared(one))
    for (const one of done) this.#acknowledge(one)
    return walked || done.length > 0
  }

  #walk(): boolean {
    const next = this.#pending.find((one) => !one.isWalked)
    if (next === undefined || !this.#mayWalk()) return false
    const { clock } = this.#options
    const pacer = this.#pacer
    const startMs = clock.monotonicMs()
    let endMs = startMs
    do {
      const fromMs = endMs
      const entries = pacer.records
      if (!this.#walkOn(next, entries)) return true
      endMs = clock.monotonicMs()
      pacer.observe(entries, endMs - fromMs)
      if (!next.isWalked) for (const chunk of next.takeChunks()) this.#send(next, chunk)
    } while (!next.isWalked && this.#mayWalk() && pacer.goesOn(endMs - startMs))
    next.observe(endMs - startMs, endMs)
    return true
  }

  #walkOn(pending: PendingSnapshot, entries: number): boolean {
    const walked = this.#orDecline(pending.checkpointId, () => {
      pending.walk(entries)
      return true
    })
    return walked === true
  }

  /** State that cannot be encoded is the checkpoint's failure, not the task's. */
  #orDecline<T>(checkpointId: number, action: () => T): T | undefined {
    try {
      return action()
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'STATE_NOT_ENCODABLE') throw error
      this.abort(checkpointId)
      this.#decline(checkpointId, error.message)
      return undefined
    }
  }

  #mayWalk(): boolean {
    return this.#bytesOnTheWay < BYTES_ON_THE_WAY_MAX
  }

  #isPrepared(pending: PendingSnapshot): boolean {
    return this.#uncommitted.isPrepared(pending.checkpointId)
  }

  #acknowledge(pending: PendingSnapshot): void {
    const { attempt, task, send } = this.#options
    const { checkpointId, operators, recordsSunk, input } = pending
    this.#pending.splice(this.#pending.indexOf(pending), 1)
    if (checkpointId === REHEARSAL) return
    const sinks = this.#uncommitted.upTo(checkpointId)
    const files = this.#lastFiles(pending)
    const snapshot = { operators, sinks, recordsSunk, ...input, files }
    send({ type: 'acknowledge', attempt, task, checkpointId, snapshot, stats: pending.stats() })
  }

  /** What no chunk has taken: a small rest travels inside the acknowledgement. */
  #lastFiles(pending: PendingSnapshot): readonly StateFile[] {
    const rest = mergeChunks(pending.takeChunks())
    if (rest.parts.length === 0) return []
    if (chunkBytes(rest) > this.#options.inlineBytesMax) {
      this.#send(pending, rest)
      return []
    }
    const bytes = Buffer.concat(packStateFile(rest, { compress: false }))
    this.#memory.give(chunkMemories(rest))
    return [{ kind: 'inline', bytes: new Uint8Array(bytes) }]
  }

  #send(pending: PendingSnapshot, chunk: StateChunk): void {
    const { attempt, task, send } = this.#options
    this.#bytesOnTheWay += chunkBytes(chunk)
    send({ type: 'state-chunk', attempt, task, checkpointId: pending.checkpointId, chunk })
  }

  #decline(checkpointId: number, message: string): void {
    const { attempt, task, send } = this.#options
    send({ type: 'decline', attempt, task, checkpointId, message })
  }
}
