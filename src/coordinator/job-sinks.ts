/**
 * The main thread's half of every sink: started before the first worker, committed at checkpoints
 * and when all tasks are through, recovered after a restore, withdrawn otherwise.
 * Threads: main.
 */
import { assert } from '../base/assert.ts'
import { withCode } from '../base/errors.ts'
import type { CommitContext, RestoredCheckpoint, Sink, SinkCommitter } from '../operator/sink.ts'
import type { SinkCommittables } from '../protocol/messages.ts'

export interface DeployedSink {
  readonly operatorId: string
  readonly sink: Sink<unknown>
}

export interface JobSinksOptions {
  readonly lineage: string
  /** The user allows to replace output that is already there. */
  readonly overwrite: boolean
  readonly checkpointing: boolean
  /** Present where the job goes on from a checkpoint: `recover` then comes after `start`. */
  readonly restored?: RestoredCheckpoint | undefined
}

interface Committing {
  readonly operatorId: string
  readonly context: CommitContext
  readonly committer: SinkCommitter
  readonly name: string
  /** Handed to `expect` or `commit`, and not committed. */
  readonly uncommitted: Set<unknown>
}

export class JobSinks {
  /** Names of sinks whose output, once published, stays: see `Sink.canWithdraw`. */
  readonly notWithdrawable: readonly string[]
  readonly #options: JobSinksOptions
  readonly #committers: readonly Committing[]
  readonly #started: Committing[] = []
  /** Until then what lies there is the restored checkpoint's. */
  #isRecovered: boolean

  constructor(sinks: readonly DeployedSink[], options: JobSinksOptions) {
    this.#options = options
    this.#isRecovered = options.restored === undefined
    this.#committers = sinks.flatMap(({ operatorId, sink }) => {
      const committer = sink.committer?.()
      const context = { lineage: options.lineage, sinkId: operatorId }
      if (committer === undefined) return []
      return [{ operatorId, context, committer, name: sink.name, uncommitted: new Set<unknown>() }]
    })
    this.notWithdrawable = sinks
      .filter(({ sink }) => sink.committer !== undefined && sink.canWithdraw !== true)
      .map(({ sink }) => sink.name)
  }

  /** Whether an older checkpoint can be restored without doubling output. */
  get withdrawable(): boolean {
    return this.notWithdrawable.length === 0
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
    const { overwrite, checkpointing, restored } = this.#options
    for (const one of this.#committers) {
      const context = { ...one.context, overwrite, checkpointing, restored }
      await naming(one, 'start', async () => one.committer.start?.(context))
      this.#started.push(one)
    }
  }

  /**
   * Brings all output to where it was at the checkpoint; may come again for another attempt. Needs
   * whatever may be uncommitted of this checkpoint and of those before it. What is there of
   * operators that are no sinks of this job is passed over: whoever restores has to refuse it.
   */
  async recover(all: readonly SinkCommittables[], restored: RestoredCheckpoint): Promise<void> {
    for (const one of this.#committers) {
      const { committer } = one
      const committables = committablesOf(one, all)
      await naming(one, 'recover its output', async () => {
        if (committer.recover === undefined) await committer.commit(committables, one.context)
        else await committer.recover(committables, { ...one.context, restored })
      })
      one.uncommitted.clear()
    }
    this.#isRecovered = true
  }

  /** Belongs to a checkpoint that is complete, and is kept until it is committed: see `abort`. */
  expect(all: readonly SinkCommittables[]): void {
    for (const one of this.#committers) {
      for (const committable of committablesOf(one, all)) one.uncommitted.add(committable)
    }
  }

  /** What fails to be committed is kept in mind: see `abort`. */
  async commit(all: readonly SinkCommittables[]): Promise<void> {
    this.expect(all)
    for (const one of this.#committers) {
      const committables = committablesOf(one, all)
      await naming(one, 'commit its output', () => one.committer.commit(committables, one.context))
      for (const committable of committables) one.uncommitted.delete(committable)
    }
  }

  /**
   * Withdraws what was not committed, in every sink even if one of them fails. Where the job goes
   * on, in another attempt or from a checkpoint that is retained, what a completed checkpoint
   * could not commit stays for `recover`, and so does what says whose output it is.
   */
  async abort({ goesOn }: { readonly goesOn: boolean } = { goesOn: false }): Promise<void> {
    if (!this.#isRecovered) return
    await forEach(this.#started, async ({ committer, context, uncommitted }) => {
      await committer.abort?.({ ...context, keep: goesOn ? [...uncommitted] : [] })
    })
    // What a job was started from may be restored again, whatever became of the job.
    if (!goesOn && this.#options.restored === undefined) await this.finish()
  }

  /** All is committed or withdrawn, and no checkpoint will be restored: nothing is left behind. */
  async finish(): Promise<void> {
    await forEach(this.#started, async ({ committer, context }) => committer.finish?.(context))
  }

  /** As `finish`, for a job that had finished before this run, which therefore starts none. */
  async finishUnstarted(): Promise<void> {
    assert(this.#started.length === 0, 'sinks of a job that runs')
    await forEach(this.#committers, async ({ committer, context }) => committer.finish?.(context))
  }

  async close(): Promise<void> {
    await forEach(this.#started, async ({ committer }) => committer.close?.())
  }
}

function committablesOf(one: Committing, all: readonly SinkCommittables[]): readonly unknown[] {
  return all
    .filter((sink) => sink.operatorId === one.operatorId)
    .flatMap((sink) => sink.committables)
}

/** An error without a code gets one, and the sink's name. */
async function naming(one: Committing, what: string, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    const told = `the sink '${one.name}' could not ${what}`
    throw withCode(error, { code: 'OUTPUT_FAILED', what: told, operator: one.name })
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
