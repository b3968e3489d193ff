/**
 * What all output channels of a task share: whether a record may start, and how many bytes of
 * extension buffers are on their way. The compiled loop reads one field, `stalled`, per record.
 * Threads: the producing task.
 */
import { SluiceError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Doorbell } from './doorbell.ts'

/** An output channel as its credit sees it. */
export interface CreditChannel {
  /** Looks again; true if it has credit. */
  recheckCredit(): boolean
  /** Looks how far the consumer is, and takes back the bytes that it released. */
  refresh(): void
  /** Publishes the open page if it lies in an extension buffer. */
  publishExtension(): void
  /** Whether the consumer is to ring at every release. */
  waitForRelease(waiting: boolean): void
}

export interface OutputCreditOptions {
  /** The task's own. */
  readonly doorbell: Doorbell
  /**
   * What happens in the middle of a record when `overdraftBytesMax` is used up. `block`: the
   * thread waits for a consumer. `fail`: OVERDRAFT_EXCEEDED, for a task that owns promises, which
   * a blocked thread would starve. `grow`: no limit, where the consumer runs in the same thread.
   */
  readonly beyondOverdraft: 'block' | 'fail' | 'grow'
  /** Default 64 MB. */
  readonly overdraftBytesMax?: number
  /** Looked at whenever a blocked record is woken: true ends its wait with TASK_STOPPED. */
  readonly isStopped?: () => boolean
  /** Told when a record has to wait in its middle, and when it may go on. */
  readonly onBlock?: (begins: boolean) => void
}

export class OutputCredit {
  /** Channels without credit: no record may start while it is not 0. */
  stalled = 0
  /** Bytes of extension buffers that no consumer has released yet. */
  overdraftBytes = 0
  /** How often a record had to wait in its middle. */
  blocks = 0
  readonly #doorbell: Doorbell
  readonly #beyond: 'block' | 'fail' | 'grow'
  readonly #bytesMax: number
  readonly #isStopped: () => boolean
  readonly #onBlock: (begins: boolean) => void
  readonly #channels: CreditChannel[] = []

  constructor(options: OutputCreditOptions) {
    this.#doorbell = options.doorbell
    this.#beyond = options.beyondOverdraft
    this.#bytesMax = options.overdraftBytesMax ?? limits.overdraftBytesMax
    this.#isStopped = options.isStopped ?? (() => false)
    this.#onBlock = options.onBlock ?? (() => {})
  }

  attach(channel: CreditChannel): void {
    this.#channels.push(channel)
  }

  /**
   * Looks at all stalled channels again; true if a record may start. Also the look before parking:
   * a channel that is still stalled has asked its consumer to ring.
   */
  recheck(): boolean {
    if (this.stalled === 0) return true
    for (const channel of this.#channels) channel.recheckCredit()
    return this.stalled === 0
  }

  /** Takes bytes for an extension buffer. May block, or throw OVERDRAFT_EXCEEDED. */
  reserve(bytes: number): void {
    if (!this.#fits(bytes)) this.#makeRoom(bytes)
    this.overdraftBytes += bytes
  }

  /** Takes bytes that must be had at once, whatever the limit: a page is already written. */
  force(bytes: number): void {
    this.overdraftBytes += bytes
  }

  giveBack(bytes: number): void {
    this.overdraftBytes -= bytes
  }

  /** A single buffer always fits, or a record larger than the limit could never pass. */
  #fits(bytes: number): boolean {
    return this.overdraftBytes === 0 || this.overdraftBytes + bytes <= this.#bytesMax
  }

  #makeRoom(bytes: number): void {
    if (this.#beyond === 'grow' || this.#refreshed(bytes)) return
    if (this.#beyond === 'fail') throw overdraftExceeded(this.overdraftBytes, this.#bytesMax)
    this.blocks++
    this.#onBlock(true)
    for (const channel of this.#channels) {
      // Bytes of open pages count too, and a consumer can only release what it has seen.
      channel.publishExtension()
      channel.waitForRelease(true)
    }
    const mayGoOn = () => this.#refreshed(bytes) || this.#isStopped()
    while (!this.#fits(bytes)) {
      this.#doorbell.park(mayGoOn, Number.POSITIVE_INFINITY)
      if (this.#isStopped()) throw taskStopped()
    }
    for (const channel of this.#channels) channel.waitForRelease(false)
    this.#onBlock(false)
  }

  #refreshed(bytes: number): boolean {
    for (const channel of this.#channels) channel.refresh()
    return this.#fits(bytes)
  }
}

function taskStopped(): SluiceError {
  return new SluiceError('TASK_STOPPED', 'the task was stopped in the middle of a record')
}

function overdraftExceeded(bytes: number, bytesMax: number): SluiceError {
  return new SluiceError(
    'OVERDRAFT_EXCEEDED',
    `one record produced more than the consumers could take: ${bytes} bytes wait for them, ` +
      `the limit is ${bytesMax}`,
    {
      hint:
        'emit less from one call, raise pipeline.overdraft-bytes-max, or fan out in an operator ' +
        'that waits for no promises: that one may wait for its consumers',
    },
  )
}
