/**
 * One attempt of a job in worker threads: waits until all are ready, hands out splits, commits
 * when all have finished, and ends every thread however the attempt ends.
 * Threads: main.
 */
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { after } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { FromTask, SinkCommittables } from '../protocol/messages.ts'
import type { JobPhase, Outcome } from './job-phase.ts'
import { canMove } from './job-phase.ts'
import type { JobSinks } from './job-sinks.ts'
import type { ResultReader } from './result-reader.ts'
import type { SplitAssigner } from './split-assigner.ts'
import type { WorkerTask, WorkerTaskOptions } from './worker-task.ts'

export type TaskEvents = Pick<WorkerTaskOptions, 'onMessage' | 'onFailure'>

export interface JobExecutionOptions {
  readonly attempt: number
  /** Starts the threads one by one. */
  readonly deploy: (events: TaskEvents) => Iterable<WorkerTask>
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

export class JobExecution {
  /** Resolves when every task runs, or when the attempt ended before. */
  readonly started: Promise<void>
  /** Never rejects: a failure is an outcome. */
  readonly ended: Promise<Outcome>
  readonly #options: JobExecutionOptions
  #phase: JobPhase = 'created'
  readonly #tasks: WorkerTask[] = []
  readonly #ready = new Set<number>()
  readonly #finished = new Map<number, readonly SinkCommittables[]>()
  /** Settled unless output is being made visible. */
  #committed: Promise<void> = Promise.resolve()
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

  /** Starts the threads, unless the job was cancelled before. */
  start(): void {
    if (this.#phase !== 'created') return
    this.#move('deploying')
    const events: TaskEvents = {
      onMessage: (message) => this.#take(message),
      onFailure: (error) => this.fail(error),
    }
    try {
      for (const task of this.#options.deploy(events)) this.#tasks.push(task)
    } catch (error) {
      this.fail(error as Error)
    }
  }

  /**
   * Stops all tasks; those that do not react within the timeout are ended where they are. What is
   * being committed already is not withdrawn, but nobody waits for tasks to close.
   */
  async cancel(): Promise<void> {
    if (canMove(this.#phase, 'canceling')) {
      this.#move('canceling')
      this.#windUp({ status: 'canceled' })
    } else if (this.#phase === 'committing') {
      await this.#endTasks()
    }
    await this.ended
  }

  fail(error: Error): void {
    const { explain, log } = this.#options
    if (!canMove(this.#phase, 'failing')) {
      // The first failure is the job's; others mostly follow from it.
      return log.debug({ phase: this.#phase, error: error.message }, 'a failure while the job ends')
    }
    this.#move('failing')
    this.#windUp({ status: 'failed', error: explain(error) })
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
        return
      case 'log':
        return this.#options.log[message.level](message.fields, message.message)
      case 'failed':
        assert(false, 'a failure is told apart')
    }
  }

  #compare({ fingerprint }: Extract<FromTask, { type: 'built' }>): void {
    const difference = this.#options.compareFingerprint(fingerprint)
    if (difference === undefined) return
    const message = `two workers built different jobs: '${difference}' is not the same in both`
    const hint = 'a job may not depend on the clock, on randomness or on the thread that builds it'
    this.fail(new SluiceError('JOB_NOT_DETERMINISTIC', message, { hint, operator: difference }))
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
    // What was printed belongs to the job: it is over when the last line is out.
    const printed = Promise.all(this.#options.results.map((reader) => reader.printed))
    printed.then(() => this.#commit()).catch((error: unknown) => this.fail(error as Error))
  }

  async #commit(): Promise<void> {
    if (this.#phase !== 'running') return
    this.#move('committing')
    const { sinks, attempt } = this.#options
    const committing = sinks.commit([...this.#finished.values()].flat())
    this.#committed = committing.catch(() => {})
    await committing
    for (const task of this.#tasks) task.send({ type: 'close', attempt })
    await Promise.all(this.#tasks.map((task) => task.stopped))
    // A task may have failed while it closed.
    if (this.phase !== 'committing') return
    await Promise.all(this.#tasks.map((task) => task.terminate()))
    await this.#quietly('closing a sink', () => sinks.close())
    this.#end({ status: 'finished' })
  }

  /** Ends whatever is left and withdraws what was not committed. Never rejects. */
  async #windUp(outcome: Outcome): Promise<void> {
    const { results, sinks, cancellationTimeoutMs } = this.#options
    // Withdrawing what somebody else makes visible at the same time would leave half of it.
    await this.#committed
    await this.#endTasks()
    for (const reader of results) reader.stop(outcome)
    const told = results.map((reader) => reader.stopped)
    await settledWithin(told, cancellationTimeoutMs)
    for (const reader of results) reader.mute()
    await this.#quietly('withdrawing output', () => sinks.abort())
    await this.#quietly('closing a sink', () => sinks.close())
    this.#end(outcome)
  }

  async #endTasks(): Promise<void> {
    const { attempt, cancellationTimeoutMs } = this.#options
    for (const task of this.#tasks) task.send({ type: 'cancel', attempt })
    const stopped = this.#tasks.map((task) => task.stopped)
    const inTime = await settledWithin(stopped, cancellationTimeoutMs)
    if (!inTime) {
      const fields = { afterMs: cancellationTimeoutMs }
      this.#options.log.warn(fields, 'a task does not stop: its thread is ended where it is')
    }
    await Promise.all(this.#tasks.map((task) => task.terminate()))
  }

  async #quietly(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      this.#options.log.error({ error: String(error) }, `${what} failed`)
    }
  }

  #end(outcome: Outcome): void {
    for (const reader of this.#options.results) reader.detach()
    this.#move(outcome.status)
    this.#resolveStarted()
    this.#resolveEnded(outcome)
  }
}

/** True if all of them resolve within `ms`. */
async function settledWithin(all: readonly Promise<void>[], ms: number): Promise<boolean> {
  const late = new Promise<false>((resolve) => {
    const cancel = after(ms, () => resolve(false))
    Promise.all(all).then(cancel, cancel)
  })
  return Promise.race([Promise.all(all).then(() => true), late])
}
