/**
 * A job from its start to its end, over all its attempts: what fails is started again from the
 * latest checkpoint, as the restart strategy says, and at the end of all sinks are told and
 * checkpoints kept or deleted.
 * Threads: main.
 */
import type { after } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { decideRestart } from '../checkpoint/restart.ts'
import type { JobOptions } from '../graph/options.ts'
import type { Checkpointing } from './checkpointing.ts'
import type { JobAttempts } from './job-attempts.ts'
import type { JobExecution } from './job-execution.ts'
import { settledWithin } from './job-execution.ts'
import type { JobPhase, Outcome } from './job-phase.ts'
import type { JobSinks } from './job-sinks.ts'

export interface JobRunOptions {
  readonly options: JobOptions
  readonly attempts: JobAttempts
  readonly sinks: JobSinks
  readonly checkpointing: Checkpointing
  readonly after: typeof after
  readonly log: Logger
}

export type RunPhase = JobPhase | 'restarting'

export class JobRun {
  /** Resolves when all tasks of the first attempt run, or when the job has ended before. */
  readonly started: Promise<void>
  /** Never rejects: a failure is an outcome. */
  readonly ended: Promise<Outcome>
  readonly #options: JobRunOptions
  #execution: JobExecution | undefined
  #outcome: Outcome | undefined
  #isRestarting = false
  #isCanceled = false
  #restarts = 0
  #wakeUp: () => void = () => {}
  #resolveStarted: () => void = () => {}
  #resolveEnded: (outcome: Outcome) => void = () => {}

  constructor(options: JobRunOptions) {
    this.#options = options
    this.started = new Promise((resolve) => (this.#resolveStarted = resolve))
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve))
  }

  start(): void {
    this.#run().then(this.#resolveEnded, (error: unknown) =>
      this.#resolveEnded({ status: 'failed', error: error as Error }),
    )
  }

  get phase(): RunPhase {
    if (this.#outcome !== undefined) return this.#outcome.status
    return this.#isRestarting ? 'restarting' : (this.#execution?.phase ?? 'created')
  }

  /** Nothing is triggered or started any more. */
  get isOver(): boolean {
    if (this.#outcome !== undefined || this.#isCanceled) return true
    const phase = this.#execution?.phase
    return phase === 'committing' || phase === 'finished'
  }

  get restarts(): number {
    return this.#restarts
  }

  async cancel(): Promise<void> {
    this.#isCanceled = true
    this.#wakeUp()
    await this.#execution?.cancel()
    await this.ended
  }

  async #run(): Promise<Outcome> {
    let outcome = await this.#attempt()
    while (outcome.status === 'failed' && (await this.#mayRestart(outcome.error))) {
      outcome = await this.#attempt()
      this.#isRestarting = false
    }
    const end: Outcome =
      this.#isCanceled && outcome.status === 'failed' && this.#isRestarting
        ? { status: 'canceled' }
        : outcome
    await this.#windUp(end)
    this.#outcome = end
    this.#resolveStarted()
    return end
  }

  /** Never rejects. */
  async #attempt(): Promise<Outcome> {
    if (this.#isCanceled) return { status: 'canceled' }
    try {
      const execution = await this.#options.attempts.deploy(this.#restarts + 1)
      this.#execution = execution
      execution.started.then(() => {
        this.#isRestarting = false
        this.#resolveStarted()
      })
      if (this.#isCanceled) execution.cancel().catch(() => {})
      else execution.start()
      const outcome = await execution.ended
      return await this.#settled(outcome)
    } catch (error) {
      return { status: 'failed', error: error as Error }
    }
  }

  /** What the attempt has completed is committed, whatever its end. */
  async #settled(outcome: Outcome): Promise<Outcome> {
    try {
      await this.#options.attempts.checkpoints?.settle(outcome.status !== 'failed')
      return outcome
    } catch (error) {
      return outcome.status === 'failed' ? outcome : { status: 'failed', error: error as Error }
    }
  }

  async #mayRestart(error: Error): Promise<boolean> {
    const { options, log, attempts } = this.#options
    const decision = decideRestart({
      strategy:
        options.restartStrategy ?? (attempts.checkpoints === undefined ? 'none' : 'fixed-delay'),
      attemptsMax: options.restartAttempts,
      delayMs: options.restartDelayMs,
      restarts: this.#restarts,
      code: error instanceof SluiceError ? error.code : undefined,
    })
    if (decision.kind === 'fail' || this.#isCanceled) return false
    this.#isRestarting = true
    this.#restarts++
    const { delayMs } = decision
    log.warn(
      { restart: this.#restarts, delayMs, error: error.message },
      'a task failed: restarting',
    )
    await this.#wait(delayMs)
    return true
  }

  async #wait(ms: number): Promise<void> {
    if (ms === 0 || this.#isCanceled) return
    await new Promise<void>((resolve) => {
      const cancel = this.#options.after(ms, resolve)
      this.#wakeUp = () => {
        cancel()
        resolve()
      }
    })
  }

  async #windUp(outcome: Outcome): Promise<void> {
    const { sinks, options, checkpointing, after } = this.#options
    const goesOn = checkpointing.keeps(outcome)
    const { results } = this.#options.attempts
    for (const reader of results) reader.stop(outcome)
    const told = results.map((reader) => reader.stopped)
    if (outcome.status !== 'finished') {
      await settledWithin(told, { ms: options.cancellationTimeoutMs, after })
    }
    for (const reader of results) reader.mute()
    for (const reader of results) reader.detach()
    const isFinished = outcome.status === 'finished'
    const isClear =
      isFinished || (await this.#quietly('withdrawing output', () => this.#withdraw({ goesOn })))
    const isTold = await this.#quietly('ending the checkpoints', () => checkpointing.end(outcome))
    if (isTold) {
      const isOver = isClear && (isFinished || !checkpointing.startsElsewhere)
      if (!goesOn && isOver) await this.#quietly('finishing a sink', () => sinks.finish())
      await this.#quietly('closing the checkpoints', () => checkpointing.release(outcome))
    } else {
      // The next start goes on from the last checkpoint, and finishes the job again.
      await this.#quietly('closing the checkpoints', () => checkpointing.abandon())
    }
    await this.#quietly('closing a sink', () => sinks.close())
  }

  /** Once no checkpoint that counts on it can be restored: else it stays, for the next start. */
  async #withdraw({ goesOn }: { readonly goesOn: boolean }): Promise<void> {
    const { sinks, attempts, checkpointing } = this.#options
    if (goesOn) await attempts.checkpoints?.removeInDoubt()
    else await checkpointing.deleteAll()
    await sinks.abort({ goesOn })
  }

  /** False if it failed. */
  async #quietly(what: string, action: () => Promise<void>): Promise<boolean> {
    try {
      await action()
      return true
    } catch (error) {
      this.#options.log.error({ error: String(error) }, `${what} failed`)
      return false
    }
  }
}
