/**
 * What the sinks of a task have prepared and no complete checkpoint holds yet. A checkpoint that
 * fails takes nothing with it: the next one hands over its output, too.
 * Threads: the task.
 */
import type { PreparedCommittables, SinkCommittables } from '../protocol/messages.ts'

interface Prepared {
  readonly checkpointId: number
  sinks: readonly SinkCommittables[] | undefined
}

export class Uncommitted {
  readonly #wake: () => void
  #prepared: Prepared[] = []
  #failure: { readonly error: unknown } | undefined

  constructor(wake: () => void) {
    this.#wake = wake
  }

  get pendingPromises(): number {
    return this.#prepared.filter((one) => one.sinks === undefined).length
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  /** Output that could not be prepared is lost to every later checkpoint: the task has failed. */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  add(checkpointId: number, preparing: Promise<readonly SinkCommittables[]>): void {
    const prepared: Prepared = { checkpointId, sinks: undefined }
    this.#prepared.push(prepared)
    preparing.then(
      (sinks) => {
        prepared.sinks = sinks
        this.#wake()
      },
      (error: unknown) => {
        this.#failure = { error }
        this.#wake()
      },
    )
  }

  isPrepared(checkpointId: number): boolean {
    return this.#upTo(checkpointId).every((one) => one.sinks !== undefined)
  }

  /** All that a checkpoint must hold. Only once it is prepared. */
  upTo(checkpointId: number): readonly PreparedCommittables[] {
    const all = this.#upTo(checkpointId).flatMap(({ checkpointId: id, sinks = [] }) =>
      sinks.map((one) => ({ checkpointId: id, ...one })),
    )
    return all.filter((one) => one.committables.length > 0)
  }

  complete(checkpointId: number): void {
    this.#prepared = this.#prepared.filter((one) => one.checkpointId > checkpointId)
  }

  #upTo(checkpointId: number): readonly Prepared[] {
    return this.#prepared.filter((one) => one.checkpointId <= checkpointId)
  }
}
