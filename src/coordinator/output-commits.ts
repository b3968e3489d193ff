/**
 * Commits the output of complete checkpoints, one after the other. What is not known to be
 * committed is written into every later checkpoint, so that a crash between finds it again.
 * Threads: main.
 */
import type { PendingCommittables } from '../checkpoint/metadata.ts'
import type { SinkCommittables } from '../protocol/messages.ts'

/** Who makes output visible: the sinks of the job. */
export interface OutputCommitter {
  /** Must not be withdrawn any more, though it may wait long for its turn, or never have it. */
  expect(sinks: readonly SinkCommittables[]): void
  commit(sinks: readonly SinkCommittables[]): Promise<void>
}

export class OutputCommits {
  readonly #committer: OutputCommitter
  #pending: PendingCommittables[] = []
  #last: Promise<void> = Promise.resolve()

  constructor(committer: OutputCommitter) {
    this.#committer = committer
  }

  /** Of complete checkpoints, oldest first. */
  get pending(): readonly PendingCommittables[] {
    return this.#pending
  }

  /** Rejects with the sink's error; nothing later is committed then. */
  commit(checkpointId: number, sinks: readonly SinkCommittables[]): Promise<void> {
    const own = sinks.map((one) => ({ checkpointId, ...one }))
    this.#pending.push(...own)
    this.#committer.expect(sinks)
    this.#last = this.#last.then(async () => {
      await this.#committer.commit(sinks)
      this.#pending = this.#pending.filter((one) => !own.includes(one))
    })
    return this.#last
  }

  /** Resolves when all is committed that was to be so far; rejects if it could not be. */
  settled(): Promise<void> {
    return this.#last
  }

  /** After a restore, which has committed or withdrawn everything. */
  reset(): void {
    this.#pending = []
    this.#last = Promise.resolve()
  }
}
