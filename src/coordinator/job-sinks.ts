/**
 * The main thread's half of every sink: started before the first worker, committed when all tasks
 * are through, withdrawn otherwise.
 * Threads: main.
 */
import type { CommitContext, Sink, SinkCommitter } from '../operator/sink.ts'
import type { SinkCommittables } from '../protocol/messages.ts'

export interface DeployedSink {
  readonly operatorId: string
  readonly sink: Sink<unknown>
}

interface Committing {
  readonly context: CommitContext
  readonly committer: SinkCommitter
}

export class JobSinks {
  readonly #committers: ReadonlyMap<string, Committing>
  readonly #overwrite: boolean
  readonly #started: Committing[] = []

  constructor(sinks: readonly DeployedSink[], options: { lineage: string; overwrite: boolean }) {
    this.#overwrite = options.overwrite
    this.#committers = new Map(
      sinks.flatMap(({ operatorId, sink }) => {
        const committer = sink.committer?.()
        const context = { lineage: options.lineage, sinkId: operatorId }
        return committer === undefined ? [] : [[operatorId, { context, committer }] as const]
      }),
    )
  }

  /** Refuses, before anything runs, output that is there or that cannot be written. */
  async start(): Promise<void> {
    try {
      await this.#startAll()
    } catch (error) {
      // Nobody runs who would close the others.
      await Promise.allSettled([this.close()])
      throw error
    }
  }

  async #startAll(): Promise<void> {
    for (const one of this.#committers.values()) {
      const context = { ...one.context, overwrite: this.#overwrite, restoring: false }
      await one.committer.start?.(context)
      this.#started.push(one)
    }
  }

  async commit(all: readonly SinkCommittables[]): Promise<void> {
    for (const [operatorId, one] of this.#committers) {
      const own = all.filter((sink) => sink.operatorId === operatorId)
      await one.committer.commit(
        own.flatMap((sink) => sink.committables),
        one.context,
      )
    }
  }

  async abort(): Promise<void> {
    for (const one of this.#started) await one.committer.abort?.(one.context)
  }

  async close(): Promise<void> {
    for (const one of this.#started) await one.committer.close?.()
  }
}
