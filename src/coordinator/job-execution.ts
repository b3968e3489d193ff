/**
 * One attempt of a job in worker threads: waits until all are ready, hands out splits, commits
 * when all have finished, and ends every thread however the attempt ends.
 * Threads: main.
 */
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { sleep } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { FromTask, SinkCommittables } from '../protocol/messages.ts'
import type { JobPhase } from './job-phase.ts'
import { canMove } from './job-phase.ts'
import type { JobSinks } from './job-sinks.ts'
import type { ResultReader } from './result-reader.ts'
import type { SplitAssigner } from './split-assigner.ts'
import type { WorkerTask, WorkerTaskOptions } from './worker-task.ts'

export type TaskEvents = Pick<WorkerTaskOptions, 'onMessage' | 'onFailure'>

export interface JobExecutionOptions {
  readonly attempt: number
  /** Starts the threads. */
  readonly deploy: (events: TaskEvents) => readonly WorkerTask[]
  /** By task index: who assigns splits to a source task. */
  readonly assigners: ReadonlyMap<number, SplitAssigner>
  readonly sinks: JobSinks
  readonly results: readonly ResultReader[]
  /** Undefined if the worker built the same graph, otherwise what differs. */
  readonly compareFingerprint: (
    built: Extract<FromTask, { type: 'built' }>['fingerprint'],
  ) => string | undefined
  /** Makes a failure point at the user's own source. */
  readonly explain: (error: Error) => Error
  readonly cancellationTimeoutMs: number
  readonly clock: Clock
  readonly log: Logger
}

export type Outcome =
  | { readonly status: 'finished' | 'canceled' }
  | { readonly status: 'failed'; readonly error: Error }

export class JobExecution {
  /** Resolves when every task runs, or when the attempt ended before. */
  readonly started: Promise<void>
  /** Never rejects: a failure is an outcome. */
  readonly ended: Promise<Outcome>
  readonly #options: JobExecutionOptions
  #phase: JobPhase = 'created'
  #tasks: readonly WorkerTask[] = []
  readonly #ready = new Set<number>()
  readonly #finished = new Map<number, readonly SinkCommittables[]>()
  readonly #closed = new Set<number>()
  #allClosed: () => void = () => {}
  #resolveStarted: () => void = () => {}
  #resolveEnded: (outcome: Outcome) => void = () => {}

  constructor(options: JobExecutionOptions) {
    this.#options = options
    this.started = new Promise((resolve) => (this.#resolveStarted = resolve))
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve))
  }

  get phase(): JobPhase {
    return this.#phase
  }

  start(): void {
    this.#move('deploying')
    this.#tasks = this.#options.deploy({
      onMessage: (message) => this.#take(message),
      onFailure: (error) => this.fail(error),
    })
  }

  /** Stops all tasks; those that do not react within the timeout are ended where they are. */
  async cancel(): Promise<void> {
    if (canMove(this.#phase, 'canceling')) {
      this.#move('canceling')
      const allClosed = new Promise<void>((resolve) => (this.#allClosed = resolve))
      const { attempt, cancellationTimeoutMs } = this.#options
      for (const task of this.#tasks) task.send({ type: 'cancel', attempt })
      if (this.#closed.size === this.#tasks.length) this.#allClosed()
      await Promise.race([allClosed, sleep(cancellationTimeoutMs, { unref: true })])
      await this.#withdraw({ status: 'canceled' })
    }
    await this.ended
  }

  fail(error: Error): void {
    if (!canMove(this.#phase, 'failing')) return
    this.#move('failing')
    const explained = this.#options.explain(error)
    this.#withdraw({ status: 'failed', error: explained }).catch((second: unknown) => {
      this.#options.log.error({ error: String(second) }, 'cleaning up after a failure failed')
      this.#end({ status: 'failed', error: explained })
    })
  }

  #move(to: JobPhase): void {
    assert(canMove(this.#phase, to), `a job cannot go from ${this.#phase} to ${to}`)
    this.#options.log.debug({ from: this.#phase, to }, 'job changes its phase')
    this.#phase = to
  }

  #take(message: FromTask): void {
    switch (message.type) {
      case 'built':
        return this.#compare(message)
      case 'ready':
        return this.#taskReady(message.task)
      case 'split-request':
        return this.#assign(message.task)
      case 'finished':
        return this.#taskFinished(message.task, message.sinks)
      case 'closed':
        this.#closed.add(message.task)
        if (this.#closed.size === this.#tasks.length) this.#allClosed()
        return
      case 'log':
        return this.#options.log[message.level](message.fields, message.message)
      case 'failed':
        assert(false, 'a failure is told apart')
    }
  }

  #compare(message: Extract<FromTask, { type: 'built' }>): void {
    const difference = this.#options.compareFingerprint(message.fingerprint)
    if (difference === undefined) return
    this.fail(
      new SluiceError('JOB_NOT_DETERMINISTIC', `two workers built different jobs: ${difference}`, {
        hint: 'a job may not depend on the clock, on randomness or on the thread that builds it',
      }),
    )
  }

  #taskReady(task: number): void {
    this.#ready.add(task)
    if (this.#ready.size < this.#tasks.length || this.#phase !== 'deploying') return
    this.#move('running')
    const { attempt } = this.#options
    for (const one of this.#tasks) one.send({ type: 'start', attempt })
    for (const reader of this.#options.results) reader.start((error) => this.fail(error))
    this.#resolveStarted()
  }

  #assign(task: number): void {
    const assigner = this.#options.assigners.get(task)
    assert(assigner !== undefined, `task ${task} asked for splits but reads no source`)
    const { splits, last } = assigner.next(task)
    this.#tasks[task]?.send({ type: 'splits', attempt: this.#options.attempt, splits, last })
  }

  #taskFinished(task: number, sinks: readonly SinkCommittables[]): void {
    this.#finished.set(task, sinks)
    if (this.#finished.size < this.#tasks.length || this.#phase !== 'running') return
    this.#move('committing')
    this.#commit().catch((error: unknown) => this.fail(error as Error))
  }

  async #commit(): Promise<void> {
    const { sinks, results, attempt } = this.#options
    // What was printed belongs to the job: it is over when the last line is out.
    await Promise.all(results.map((reader) => reader.printed))
    await sinks.commit([...this.#finished.values()].flat())
    const allClosed = new Promise<void>((resolve) => (this.#allClosed = resolve))
    for (const task of this.#tasks) task.send({ type: 'close', attempt })
    await allClosed
    await this.#endThreads()
    await sinks.close()
    this.#move('finished')
    this.#end({ status: 'finished' })
  }

  async #withdraw(outcome: Outcome): Promise<void> {
    await this.#endThreads()
    for (const reader of this.#options.results) {
      reader.stop(outcome.status === 'failed' ? outcome.error : undefined)
    }
    await this.#options.sinks.abort()
    await this.#options.sinks.close()
    this.#end(outcome)
  }

  async #endThreads(): Promise<void> {
    await Promise.all(this.#tasks.map((task) => task.terminate()))
  }

  #end(outcome: Outcome): void {
    if (canMove(this.#phase, outcome.status)) this.#move(outcome.status)
    this.#resolveStarted()
    this.#resolveEnded(outcome)
  }
}
