/**
 * The main thread's half of every sink: started before the first worker, committed when all tasks
 * are through, withdrawn otherwise.
 * Threads: main.
 */
import { SluiceError } from '../base/errors.ts'
import type { CommitContext, Sink, SinkCommitter } from '../operator/sink.ts'
import type { SinkCommittables } from '../protocol/messages.ts'

export interface DeployedSink {
  readonly operatorId: string
  readonly sink: Sink<unknown>
}

interface Committing {
  readonly context: CommitContext
  readonly committer: SinkCommitter
  readonly name: string
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
        if (committer === undefined) return []
        return [[operatorId, { context, committer, name: sink.name }] as const]
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
      await naming(one, 'start', async () => one.committer.start?.(context))
      this.#started.push(one)
    }
  }

  async commit(all: readonly SinkCommittables[]): Promise<void> {
    for (const [operatorId, one] of this.#committers) {
      const own = all.filter((sink) => sink.operatorId === operatorId)
      const committables = own.flatMap((sink) => sink.committables)
      await naming(one, 'commit its output', () => one.committer.commit(committables, one.context))
    }
  }

  /** Withdraws what was not committed, in every sink even if one of them fails. */
  async abort(): Promise<void> {
    await forEach(this.#started, async ({ committer, context }) => committer.abort?.(context))
  }

  async close(): Promise<void> {
    await forEach(this.#started, async ({ committer }) => committer.close?.())
  }
}

/** An error without a code gets one, and the sink's name. */
async function naming(one: Committing, what: string, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause
    const text = cause instanceof Error ? cause.message : String(cause)
    const message = `the sink '${one.name}' could not ${what}: ${text}`
    throw new SluiceError('OUTPUT_FAILED', message, { operator: one.name, cause })
  }
}

/** One after the other; throws the first error at the end. */
async function forEach(
  all: readonly Committing[],
  action: (one: Committing) => Promise<void>,
): Promise<void> {
  const results: PromiseSettledResult<void>[] = []
  for (const one of all) results.push(...(await Promise.allSettled([action(one)])))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
