/**
 * The input of a source task: asks the coordinator for splits, reads them batch by batch, and
 * keeps the position (position of the batch, records of it consumed).
 * Threads: the task.
 */
import { SluiceError } from '../base/errors.ts'
import { NO_TIME } from '../codec/page.ts'
import type { Batch, NextBatch, Source, SplitReader, UnreadableRecord } from '../operator/source.ts'
import type { SourceSnapshot, SplitProgress } from '../protocol/snapshot.ts'
import type { SplitWatermarks } from '../time/split-watermarks.ts'
import { attributed } from './failure.ts'
import type { BatchLoop } from './loops.ts'
import type { InputProgress, TaskInput } from './task-input.ts'

export interface SourceInputOptions {
  readonly source: Source<unknown>
  /** The source's name in this job, for errors. Default: its own. */
  readonly operator?: string
  readonly reader: SplitReader
  readonly requestSplit: () => void
  readonly run: (loop: BatchLoop, batch: Batch, from: number) => number
  readonly loopOf: (withTime: boolean) => BatchLoop
  /** After a batch's last record: the watermark over all splits, if the source has any. */
  readonly onBatchEnd: (watermarkMs: number | undefined) => void
  readonly splitWatermarks: SplitWatermarks
  /** See `Operator.onSplits`. */
  readonly onSplits?: (current: string | undefined, waiting: readonly string[]) => void
  readonly onUnreadable: (record: UnreadableRecord) => void
  readonly wake: () => void
  readonly nowMs: () => number
}

type Phase =
  | { readonly kind: 'wants-split' }
  | { readonly kind: 'waits' }
  | { readonly kind: 'open' | 'reading'; readonly progress: SplitProgress }
  | { readonly kind: 'later'; readonly progress: SplitProgress; readonly untilMs: number }
  | { readonly kind: 'ended' }

type BatchProgress = NonNullable<SplitProgress['batch']>

export class SourceInput implements TaskInput {
  readonly #options: SourceInputOptions
  readonly #splits: SplitProgress[] = []
  /** Those of `#splits` that were the source's at a checkpoint. */
  #waiting: readonly string[] = []
  #phase: Phase = { kind: 'wants-split' }
  #noMoreSplits = false
  #batch: Batch | undefined
  /** The batch that was read last, or that a restored split was in: where it began. */
  #position: { readonly of: unknown } | undefined
  /** Records of the current split, those before a restore included. */
  #read = 0
  /** What is left to skip of a restored split. */
  #restored: { consumed: number; unreadable: number } | undefined
  #consumed = 0
  #unreadableTaken = 0
  #pending = 0
  /** The reader rang after it was asked: a 'later' that it has yet to say is over already. */
  #hasRung = false
  #settled: { action: () => void } | undefined
  readonly #loops: { plain?: BatchLoop; timed?: BatchLoop } = {}

  constructor(options: SourceInputOptions) {
    this.#options = options
  }

  get bytesTaken(): number {
    return this.#options.reader.bytesRead ?? 0
  }

  get pendingPromises(): number {
    return this.#pending
  }

  /** Splits assigned by the coordinator; `last`: no more will come. */
  addSplits(splits: readonly SplitProgress[], last: boolean): void {
    this.#splits.push(...splits)
    this.#noMoreSplits ||= last
    if (this.#phase.kind === 'waits') this.#phase = { kind: 'wants-split' }
  }

  /**
   * What the task, or one there was before, had to read at a checkpoint. All of it was being read
   * at a time, perhaps: until its turn comes each split holds event time where it was.
   */
  restoreSplits(splits: readonly SplitProgress[]): void {
    // All of them, before the first has anything to say.
    for (const { split } of splits) this.#options.splitWatermarks.add(split.id)
    for (const progress of splits) this.#holdTime(progress)
    this.#waiting = splits.map(({ split }) => split.id)
    this.addSplits(splits, false)
    this.#tellSplits(undefined)
  }

  /** What is left to read, between two records. */
  snapshot(): SourceSnapshot {
    const current = 'progress' in this.#phase ? [this.#progressOf(this.#phase.progress)] : []
    return { splits: [...current, ...this.#splits] }
  }

  /** Of all its splits together. */
  get watermarkMs(): number {
    return this.#options.splitWatermarks.watermarkMs
  }

  #progressOf({ split, order }: SplitProgress): SplitProgress {
    const watermarkMs = this.#options.splitWatermarks.watermarkOf(split.id)
    const progress = { split, order, read: this.#read, watermarkMs }
    if (this.#position === undefined) return progress
    return { ...progress, batch: this.#batchProgress(this.#position.of) }
  }

  #batchProgress(position: unknown): BatchProgress {
    return { position, consumed: this.#consumed, unreadable: this.#unreadableTaken }
  }

  ready(): boolean {
    if (this.#settled !== undefined || this.#batch !== undefined) return true
    if (this.#pending > 0) return false
    const phase = this.#phase
    if (phase.kind === 'waits' || phase.kind === 'ended') return false
    return phase.kind !== 'later' || this.#options.nowMs() >= phase.untilMs
  }

  nextWakeMs(): number {
    return this.#phase.kind === 'later' ? this.#phase.untilMs : Number.POSITIVE_INFINITY
  }

  step(): InputProgress {
    const settled = this.#settled
    if (settled !== undefined) {
      this.#settled = undefined
      settled.action()
    }
    if (this.#batch !== undefined) return this.#runBatch(this.#batch)
    if (this.#pending > 0) return 'idle'
    return this.#advancePhase()
  }

  async close(): Promise<void> {
    try {
      await this.#options.reader.close()
    } catch (error) {
      this.#attributed(() => {
        throw error
      })
    }
  }

  #advancePhase(): InputProgress {
    const phase = this.#phase
    switch (phase.kind) {
      case 'wants-split':
        return this.#takeSplit()
      case 'open':
        this.#await(
          () => this.#options.reader.open(phase.progress.split, phase.progress.batch?.position),
          () => {
            this.#phase = { kind: 'reading', progress: phase.progress }
          },
        )
        return 'progress'
      case 'later':
        if (this.#options.nowMs() < phase.untilMs) return 'idle'
        this.#phase = { kind: 'reading', progress: phase.progress }
        return 'progress'
      case 'reading':
        this.#hasRung = false
        this.#await(
          () => this.#options.reader.next(),
          (next) => this.#take(next, phase.progress),
        )
        return this.#pending > 0 || this.#phase.kind === 'later' ? 'idle' : 'progress'
      case 'waits':
        return 'idle'
      case 'ended':
        return 'ended'
    }
  }

  #takeSplit(): InputProgress {
    const progress = this.#splits.shift()
    if (progress !== undefined) {
      this.#begin(progress)
      return 'progress'
    }
    if (this.#noMoreSplits) {
      this.#phase = { kind: 'ended' }
      return 'ended'
    }
    // Waits first: in one thread the answer comes before the request returns.
    this.#phase = { kind: 'waits' }
    this.#options.requestSplit()
    return 'idle'
  }

  /** A restored split goes on in the middle of the batch that it was in. */
  #begin(progress: SplitProgress): void {
    const { split, batch } = progress
    this.#phase = { kind: 'open', progress }
    this.#restored = batch && { ...batch }
    this.#read = progress.read
    this.#position = batch === undefined ? undefined : { of: batch.position }
    this.#consumed = batch?.consumed ?? 0
    this.#unreadableTaken = batch?.unreadable ?? 0
    this.#holdTime(progress)
    this.#waiting = this.#waiting.filter((id) => id !== split.id)
    this.#tellSplits(split.id)
  }

  #holdTime({ split, watermarkMs }: SplitProgress): void {
    const { splitWatermarks } = this.#options
    splitWatermarks.add(split.id)
    if (watermarkMs > NO_TIME) splitWatermarks.advance(split.id, watermarkMs)
  }

  #tellSplits(current: string | undefined): void {
    this.#options.onSplits?.(current, this.#waiting)
  }

  #take(next: NextBatch<unknown>, progress: SplitProgress): void {
    if (next === undefined) {
      this.#checkSkipped(progress.split.id)
      this.#options.splitWatermarks.remove(progress.split.id)
      this.#phase = { kind: 'wants-split' }
    } else if (next === 'later') {
      if (this.#hasRung) return
      const untilMs = this.#options.reader.laterMs ?? Number.POSITIVE_INFINITY
      this.#phase = { kind: 'later', progress, untilMs }
    } else this.#takeBatch(next)
  }

  /**
   * The first batch after a restore begins where the one at the cut did. It may have fewer records
   * than it had, where an option of the source has changed: then the next one goes on.
   */
  #takeBatch(batch: Batch): void {
    const restored = this.#restored
    if (restored !== undefined && restored.consumed > batch.count) {
      restored.consumed -= batch.count
      restored.unreadable -= batch.unreadable?.length ?? 0
      return
    }
    this.#restored = undefined
    this.#batch = batch
    this.#position = { of: batch.position }
    this.#consumed = restored?.consumed ?? 0
    this.#unreadableTaken = restored?.unreadable ?? 0
  }

  /** Input that has become shorter than it was would silently be skipped. */
  #checkSkipped(split: string): void {
    if (this.#restored === undefined || this.#restored.consumed === 0) return
    const { operator, source } = this.#options
    const missing = this.#restored.consumed
    throw new SluiceError(
      'SOURCE_CHANGED',
      `the split '${split}' is ${missing} records shorter than when the checkpoint was taken`,
      {
        operator: operator ?? source.name,
        place: split,
        hint: 'restore with the input that the checkpoint was taken of',
      },
    )
  }

  /** A reader's `wake`: whatever it said to wait for may have come. */
  wakeReader(): void {
    this.#hasRung = true
    const phase = this.#phase
    if (phase.kind === 'later') this.#phase = { kind: 'reading', progress: phase.progress }
    this.#options.wake()
  }

  #runBatch(batch: Batch): InputProgress {
    this.#takeUnreadable(batch)
    if (this.#consumed < batch.count) {
      const loop = this.#loopFor(batch)
      const before = this.#consumed
      this.#consumed = this.#options.run(loop, batch, before)
      this.#read += this.#consumed - before
      if (this.#consumed < batch.count) return 'progress'
      this.#takeUnreadable(batch)
    }
    this.#batch = undefined
    this.#options.onBatchEnd(this.#watermarkBehind(batch))
    return 'progress'
  }

  #watermarkBehind(batch: Batch): number | undefined {
    if (batch.watermark === undefined || !('progress' in this.#phase)) return undefined
    const { splitWatermarks } = this.#options
    splitWatermarks.advance(this.#phase.progress.split.id, batch.watermark)
    return splitWatermarks.watermarkMs
  }

  #loopFor(batch: Batch): BatchLoop {
    const loops = this.#loops
    if (batch.time === undefined) return (loops.plain ??= this.#options.loopOf(false))
    return (loops.timed ??= this.#options.loopOf(true))
  }

  #takeUnreadable(batch: Batch): void {
    const list = batch.unreadable
    if (list === undefined) return
    while (this.#unreadableTaken < list.length) {
      const record = list[this.#unreadableTaken]!
      if (record.before > this.#consumed) return
      this.#unreadableTaken++
      this.#options.onUnreadable(record)
    }
  }

  #await<T>(read: () => T | Promise<T>, then: (value: T) => void): void {
    const value = this.#attributed(read)
    if (!isThenable(value)) return then(value)
    this.#pending++
    const settle = (action: () => void) => {
      this.#pending--
      this.#settled = { action }
      this.#options.wake()
    }
    Promise.resolve(value).then(
      (result) => settle(() => then(result)),
      (error: unknown) =>
        settle(() =>
          this.#attributed(() => {
            throw error
          }),
        ),
    )
  }

  #attributed<T>(action: () => T): T {
    const { operator, source } = this.#options
    return attributed({ operator: operator ?? source.name }, action)
  }
}

/** Also for promises of other libraries. */
function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>> | undefined)?.then === 'function'
}

/** What an unreadable record is where the source's option says `fail`. */
export function unreadableError(source: Source<unknown>, record: UnreadableRecord): SluiceError {
  return new SluiceError('RECORD_UNREADABLE', `${record.place}: ${record.reason}`, {
    operator: source.name,
    place: record.place,
    record: record.text,
    hint:
      "set onUnreadable to 'skip' to count and drop such records, " +
      'or send them to a side output',
  })
}
