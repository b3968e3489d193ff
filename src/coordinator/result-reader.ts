/**
 * Rows that a job hands to the program around it: the main thread is the consumer of rings like
 * any task, so a reader that does not read holds the job back.
 * Threads: main.
 */
import { turn } from '../base/clock.ts'
import { SluiceError, withCode } from '../base/errors.ts'
import type { Doorbell } from '../channel/doorbell.ts'
import type { InputGate } from '../channel/input-gate.ts'
import { MARK_END } from '../codec/page.ts'
import type { Outcome } from './job-phase.ts'

/** Where rows come from in one attempt of the job. */
export interface ResultSource {
  readonly gate: InputGate
  readonly doorbell: Doorbell
}

export interface ResultReaderOptions {
  readonly name: string
  readonly source: ResultSource
  /** Takes each row where the rows are printed; absent where the program collects them. */
  readonly print?: (row: unknown) => void | Promise<void>
}

/** So that signals, timers and messages of workers get their say while rows are read. */
const ROWS_A_TURN = 256

export class ResultReader {
  readonly name: string
  readonly isPrint: boolean
  /** Resolves when the last row is printed; at once where rows are collected. */
  readonly printed: Promise<void>
  /** Resolves when nothing more will be printed, whatever happened; at once where collected. */
  readonly stopped: Promise<void>
  readonly #options: ResultReaderOptions
  #source: ResultSource
  #isStarted = false
  #resolvePrinted: () => void = () => {}
  #resolveStopped: () => void = () => {}
  #endedChannels = 0
  #outcome: Outcome | undefined
  #isMute = false
  #rowsSinceTurn = 0
  #isRead = false
  /** The last row of some attempt was taken: what another one brings has been there already. */
  #hasEnded = false
  #dropsRows = false

  constructor(options: ResultReaderOptions) {
    this.#options = options
    this.#source = options.source
    this.name = options.name
    this.isPrint = options.print !== undefined
    this.printed = this.isPrint
      ? new Promise((resolve) => (this.#resolvePrinted = resolve))
      : Promise.resolve()
    this.stopped = this.isPrint
      ? new Promise((resolve) => (this.#resolveStopped = resolve))
      : Promise.resolve()
  }

  start(onError: (error: Error) => void): void {
    if (!this.isPrint || this.#isStarted) return
    this.#isStarted = true
    this.#printAll()
      .catch((error: unknown) => {
        // The next attempt, if there is one, tries again.
        this.#isStarted = false
        onError(withCode(error, { code: 'OUTPUT_FAILED', what: 'a row could not be printed' }))
      })
      .finally(this.#resolveStopped)
  }

  /**
   * A new attempt of the job. Rows of the one before that nobody has taken yet are dropped: they
   * come again, as do those behind the checkpoint that were taken already.
   */
  attach(source: ResultSource): void {
    const before = this.#source
    for (const channel of before.gate.channels) channel.close()
    this.#source = source
    this.#endedChannels = 0
    if (this.#hasEnded) this.#drop()
    before.doorbell.wake()
  }

  /** All producers are gone; rows that have come can still be read. */
  detach(): void {
    for (const channel of this.#source.gate.channels) channel.detach()
  }

  close(): void {
    for (const channel of this.#source.gate.channels) channel.close()
  }

  /**
   * The job has ended before its results did. Rows that have come are still given, but a cancelled
   * job prints no more: who cancels it wants it to be quiet.
   */
  stop(outcome: Outcome): void {
    this.#outcome = outcome
    if (outcome.status === 'canceled') this.mute()
    this.#source.doorbell.wake()
  }

  /** Nothing more is printed. A line that is being printed is not waited for. */
  mute(): void {
    this.#isMute = true
    this.#resolveStopped()
  }

  /** Throws RESULT_READ_TWICE for a second loop: each would miss what the other got. */
  async *rows(): AsyncGenerator<unknown, void, undefined> {
    if (this.#isRead) throw readTwice(this.name)
    this.#isRead = true
    try {
      for (let row = await this.#next(); row !== undefined; row = await this.#next()) {
        yield row.value
      }
    } finally {
      this.#drop()
    }
  }

  async #printAll(): Promise<void> {
    for (let row = await this.#next(); row !== undefined; row = await this.#next()) {
      if (this.#isMute) return
      await this.#options.print?.(row.value)
    }
    this.#resolvePrinted()
  }

  /** Nobody reads on: the rest is taken and thrown away, so that the job can end. */
  #drop(): void {
    if (this.#dropsRows) return
    this.#dropsRows = true
    const drain = async () => {
      while ((await this.#next()) !== undefined);
      this.#dropsRows = false
    }
    // An error is the job's own and is told by `finished`.
    drain().catch(() => {})
  }

  async #next(): Promise<{ readonly value: unknown } | undefined> {
    for (;;) {
      const { gate, doorbell } = this.#source
      const row = this.poll()
      if (row !== undefined) {
        // Promises alone, as a reader that keeps up makes them, never let the event loop turn.
        if (++this.#rowsSinceTurn === ROWS_A_TURN) await this.#turn()
        return row
      }
      if (this.#endedChannels === gate.channels.length) {
        this.#hasEnded = true
        return undefined
      }
      if (this.#outcome?.status === 'failed') throw this.#outcome.error
      if (this.#outcome !== undefined) return undefined
      const isOver = () => this.#outcome !== undefined || this.#source.gate !== gate
      const recheck = () => gate.ready() || isOver()
      await doorbell.parkAsync(recheck, Number.POSITIVE_INFINITY)
    }
  }

  async #turn(): Promise<void> {
    this.#rowsSinceTurn = 0
    await turn()
  }

  /** The next row, if one is there already, and the number of the subtask that it comes from. */
  poll(): { readonly value: unknown; readonly subtask: number } | undefined {
    const { gate } = this.#source
    for (let channel = gate.next(); channel !== undefined; channel = gate.next()) {
      if (channel.cursor === channel.limit) {
        if (channel.markKind === MARK_END) this.#endedChannels++
        channel.takeMark()
        continue
      }
      const value = channel.reader.record(channel.cursor)
      channel.advance(channel.cursor + 1)
      return { value, subtask: channel.index }
    }
    return undefined
  }
}

function readTwice(name: string): SluiceError {
  return new SluiceError('RESULT_READ_TWICE', `the rows of '${name}' are read already`, {
    hint: 'read them in one loop, or collect the stream under two names',
  })
}
