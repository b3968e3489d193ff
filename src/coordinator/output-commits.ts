/**
 * Commits the output of complete checkpoints, one after the other. What is not known to be
 * committed is written into every later checkpoint, so that a crash between finds it again.
 * Threads: main.
 */
import type { PreparedCommittables, SinkCommittables } from '../protocol/messages.ts'

/** Who makes output visible: the sinks of the job. */
export interface OutputCommitter {
  /** Must not be withdrawn any more, though it may wait long for its turn, or never have it. */
  expect(sinks: readonly SinkCommittables[]): void
  commit(sinks: readonly SinkCommittables[]): Promise<void>
}

export class OutputCommits {
  readonly #committer: OutputCommitter
  #pending: PreparedCommittables[] = []
  #last: Promise<void> = Promise.resolve()

  constructor(committer: OutputCommitter) {
    this.#committer = committer
  }

  /** Of complete checkpoints, oldest first. */
  get pending(): readonly PreparedCommittables[] {
    return this.#pending
  }

  /** Rejects with the sink's error; nothing later is committed then. */
  commit(sinks: readonly PreparedCommittables[]): Promise<void> {
    this.#pending.push(...sinks)
    this.#committer.expect(sinks)
    this.#last = this.#last.then(async () => {
      await this.#committer.commit(sinks)
      this.#pending = this.#pending.filter((one) => !sinks.includes(one))
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
