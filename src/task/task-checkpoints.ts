/**
 * The task's half of a checkpoint: at the cut it passes the barrier on and notes what belongs to
 * the snapshot; then it encodes keyed state between steps, and acknowledges when all is handed
 * over. Committables stay here until a checkpoint that holds them is complete.
 * Threads: the task.
 */

import { channelStateChunks } from '../barrier/channel-state.ts'
import type { Cut } from '../barrier/cut.ts'
import type { InFlight } from '../barrier/in-flight.ts'
import type { Clock } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import { REHEARSAL } from '../channel/barrier.ts'
import type { RecordWriter } from '../channel/record-writer.ts'
import type { Codecs } from '../codec/codecs.ts'
import { NO_TIME } from '../codec/page.ts'
import type { SnapshotWaits } from '../metrics/snapshot-waits.ts'
import type { FromTask } from '../protocol/messages.ts'
import type { ChannelSnapshot, SourceSnapshot, StateFile } from '../protocol/snapshot.ts'
import type { StateChunk } from '../state/snapshot-contract.ts'
import { chunkBytes, chunkMemories } from '../state/state-file.ts'
import type { ChainRuntime } from './chain-runtime.ts'
import { beginWalks, mergeChunks, snapshotOperators } from './chain-snapshot.ts'
import { ChunkMemory } from './chunk-memory.ts'
import { InlineFiles } from './inline-files.ts'
import type { Pacing } from './pacer.ts'
import { Pacer } from './pacer.ts'
import { PendingSnapshot } from './pending-snapshot.ts'
import { Uncommitted } from './uncommitted.ts'

export interface InputSnapshot {
  readonly source?: SourceSnapshot
  readonly channels: readonly ChannelSnapshot[]
  readonly watermarkMs: number
  /** What lies between the cut and the barriers, where these are not where the cut is. */
  readonly inFlight?: InFlight | undefined
}

export interface TaskCheckpointsOptions {
  readonly attempt: number
  readonly task: number
  readonly runtime: ChainRuntime
  /** Exits to other tasks; what goes to the main thread has no barriers. */
  readonly writers: readonly RecordWriter[]
  readonly snapshotInput: (cut: Cut) => InputSnapshot
  readonly clock: Clock
  readonly codecs: Codecs
  /** The operator at the head of the chain. */
  readonly headId: string
  readonly inlineBytesMax: number
  /** Default: by the time that entries take. */
  readonly pacing?: Pacing | undefined
  /** See `BuildSubtaskOptions`. */
  readonly packsAfterMs?: number | undefined
  /** A snapshot is being taken: all that was emitted so far lies before it. */
  readonly onCut?: ((checkpointId: number) => void) | undefined
  /** The last snapshot, and what the oldest that is pending waits for. */
  readonly onPending?: ((told: PendingTold) => void) | undefined
  readonly send: (message: FromTask) => void
  readonly wake: () => void
}

export interface PendingTold {
  readonly snapshotId: number
  readonly waits: SnapshotWaits
  /** Channels whose barriers it waits to know. */
  readonly channelsMissing: number
}

/** A chunk, and what of. */
interface Held {
  readonly chunk: StateChunk
  readonly holds: 'keyed-state' | 'in-flight'
}

/** Encoded and not written yet: beyond this the walk waits for the disk. */
const BYTES_ON_THE_WAY_MAX = 32 << 20

export class TaskCheckpoints {
  readonly #options: TaskCheckpointsOptions
  readonly #pending: PendingSnapshot[] = []
  readonly #pacer: Pacing
  readonly #uncommitted: Uncommitted
  readonly #memory = new ChunkMemory()
  readonly #inline: InlineFiles
  #bytesOnTheWay = 0
  #lastSnapshot = 0

  constructor(options: TaskCheckpointsOptions) {
    this.#options = options
    this.#pacer = options.pacing ?? new Pacer()
    this.#inline = new InlineFiles(options.inlineBytesMax)
    this.#uncommitted = new Uncommitted(options.wake)
  }

  /** Sinks whose promises are awaited. */
  get pendingPromises(): number {
    return this.#uncommitted.pendingPromises
  }

  /** Bytes of in-flight data that are kept for all checkpoints under way. */
  get inFlightBytes(): number {
    return this.#pending.reduce((sum, one) => sum + one.inFlightBytes, 0)
  }

  /** The synchronous part. Between two records. */
  take(cut: Cut): void {
    const { writers, runtime, clock } = this.#options
    const { checkpointId } = cut.barrier
    if (checkpointId === REHEARSAL) return this.#rehearse(cut)
    if (!writers.every((writer) => writer.canPlaceBarrier())) {
      return this.#decline(checkpointId, 'a channel has as many barriers on their way as it can')
    }
    const startMs = clock.monotonicMs()
    this.#options.onCut?.(checkpointId)
    for (const writer of writers) writer.barrier(cut.barrier)
    this.#uncommitted.add(checkpointId, runtime.prepareCommit(checkpointId))
    const begun = this.#orDecline(checkpointId, () => this.#begin(cut))
    if (begun === undefined) return
    this.#pending.push(begun)
    begun.endSync(startMs, clock.monotonicMs())
    this.#lastSnapshot = checkpointId
    this.#limitInFlight()
    this.#tellPending()
  }

  /** A snapshot of nothing, known to nobody. */
  #rehearse(cut: Cut): void {
    const input = { channels: [], watermarkMs: NO_TIME }
    const nothing = { operators: [], recordsSunk: 0, walks: [], chunks: [], packsAfterMs: 0 }
    this.#pending.push(new PendingSnapshot({ cut, input, ...nothing }))
  }

  #begin(cut: Cut): PendingSnapshot {
    const { runtime } = this.#options
    const chunks: StateChunk[] = []
    return new PendingSnapshot({
      cut,
      operators: snapshotOperators(runtime),
      recordsSunk: runtime.recordsSunk,
      input: this.#options.snapshotInput(cut),
      walks: beginWalks(runtime, {
        chunk: (chunk) => void chunks.push(chunk),
        memory: (bytes) => this.#memory.take(bytes),
      }),
      chunks,
      packsAfterMs: this.#options.packsAfterMs ?? 0,
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
    this.#tellPending()
  }

  written(bytes: number, memories: readonly SharedArrayBuffer[]): void {
    this.#bytesOnTheWay -= bytes
    this.#memory.give(memories)
  }

  /** True if `step` would do something. */
  ready(): boolean {
    if (this.#uncommitted.hasFailed) return true
    return this.#pending.some((one) => (one.isWalked ? this.#isDone(one) : this.#mayWalk()))
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
    this.#limitInFlight()
    for (const one of this.#pending) one.observeInput(this.#options.clock)
    const done = this.#pending.filter((one) => one.isWalked && this.#isDone(one))
    for (const one of done) this.#acknowledge(one)
    this.#tellPending()
    return walked || done.length > 0
  }

  #tellPending(): void {
    const { onPending } = this.#options
    const oldest = this.#pending[0]
    const channelsMissing = oldest?.channelsMissing ?? 0
    onPending?.({ snapshotId: this.#lastSnapshot, waits: waitsOf(oldest), channelsMissing })
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
      if (!next.isWalked) this.#sendChunks(next)
    } while (!next.isWalked && this.#mayWalk() && pacer.goesOn(endMs - startMs))
    next.observe(endMs - startMs, endMs)
    return true
  }

  #sendChunks(pending: PendingSnapshot): void {
    const { checkpointId } = pending
    for (const chunk of pending.takeChunks()) {
      this.#send(checkpointId, { chunk, holds: 'keyed-state' })
    }
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

  /** When a step is due although nothing rings, epoch ms; Infinity for never. */
  nextWakeMs(): number {
    if (this.#pending.length === 0) return Number.POSITIVE_INFINITY
    const { clock } = this.#options
    const nowMs = clock.monotonicMs()
    let dueMs = Number.POSITIVE_INFINITY
    for (const { isWalked, isCaptured, packDueMs } of this.#pending) {
      if (isWalked && isCaptured && packDueMs > nowMs) dueMs = Math.min(dueMs, packDueMs)
    }
    return clock.nowMs() + dueMs - nowMs
  }

  #mayWalk(): boolean {
    return this.#bytesOnTheWay < BYTES_ON_THE_WAY_MAX
  }

  #isDone(pending: PendingSnapshot): boolean {
    if (!pending.isCaptured || !this.#uncommitted.isPrepared(pending.checkpointId)) return false
    return this.#options.clock.monotonicMs() >= pending.packDueMs
  }

  /** Memory is worth more than a checkpoint: the youngest are given up. */
  #limitInFlight(): void {
    const bytesMax = this.#pending.at(-1)?.channelStateBytesMax ?? 0
    let bytes = this.inFlightBytes
    for (let k = this.#pending.length - 1; bytes > bytesMax && k >= 0; k--) {
      const { checkpointId, inFlightBytes } = this.#pending[k]!
      if (inFlightBytes === 0) continue
      bytes -= inFlightBytes
      this.abort(checkpointId)
      this.#decline(checkpointId, tooMuchInFlight(inFlightBytes, bytesMax))
    }
  }

  #acknowledge(pending: PendingSnapshot): void {
    const { attempt, task, send } = this.#options
    const { checkpointId, operators, recordsSunk } = pending
    this.#pending.splice(this.#pending.indexOf(pending), 1)
    if (checkpointId === REHEARSAL) return
    const sinks = this.#uncommitted.upTo(checkpointId)
    const keyed = mergeChunks(pending.takeChunks())
    const files = this.#lastFiles(checkpointId, { chunk: keyed, holds: 'keyed-state' })
    if (files.length > 0) this.#memory.give(chunkMemories(keyed))
    const input = this.#inputOf(pending)
    const snapshot = { operators, sinks, recordsSunk, ...input, files }
    send({ type: 'acknowledge', attempt, task, checkpointId, snapshot, stats: pending.stats() })
  }

  #inputOf({ checkpointId, input }: PendingSnapshot) {
    const { inFlight, channels, ...rest } = input
    if (inFlight === undefined || inFlight.bytes === 0) return { channels, ...rest }
    const { codecs, headId } = this.#options
    const bytesOf = new Map(inFlight.channels.map((one) => [one.index, one.capture.bytes]))
    const states = inFlight.channels.map(({ index, capture }) => {
      return { channel: channels[index]!, capture }
    })
    const chunks = [...channelStateChunks(headId, { channels: states, codecs })]
    return {
      ...rest,
      channels: channels.map((one, k) => ({ ...one, inFlightBytes: bytesOf.get(k) ?? 0 })),
      inFlight: chunks.flatMap((chunk) =>
        this.#lastFiles(checkpointId, { chunk, holds: 'in-flight' }),
      ),
    }
  }

  /** What no chunk has taken: a small rest travels inside the acknowledgement. */
  #lastFiles(checkpointId: number, rest: Held): readonly StateFile[] {
    const { chunk, holds } = rest
    if (chunk.parts.length === 0) return []
    const inline = this.#inline
    const file = holds === 'in-flight' ? inline.ofInFlight(chunk) : inline.ofState(chunk)
    if (file !== undefined) return [file]
    this.#send(checkpointId, rest)
    return []
  }

  #send(checkpointId: number, { chunk, holds }: Held): void {
    const { attempt, task, send } = this.#options
    this.#bytesOnTheWay += chunkBytes(chunk)
    send({ type: 'state-chunk', attempt, task, checkpointId, holds, chunk })
  }

  #decline(checkpointId: number, message: string): void {
    const { attempt, task, send } = this.#options
    send({ type: 'decline', attempt, task, checkpointId, message })
  }
}

function waitsOf(pending: PendingSnapshot | undefined): SnapshotWaits {
  if (pending === undefined) return 'nothing'
  if (!pending.isWalked) return 'state'
  return pending.isCaptured ? 'output' : 'in-flight'
}

function tooMuchInFlight(bytes: number, bytesMax: number): string {
  return (
    `${bytes} bytes of in-flight data are too many: all checkpoints that are on their way ` +
    `may keep ${bytesMax} together (execution.checkpointing.unaligned.channel-state-bytes-max)`
  )
}
