/**
 * One attempt of a job in worker threads: waits until all are ready, hands out splits, has the
 * output committed when all have finished, and ends every thread however the attempt ends.
 * Threads: main.
 */
import { assert } from '../base/assert.ts'
import type { after } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { FromTask, SinkCommittables, ToTask } from '../protocol/messages.ts'
import type { JobPhase, Outcome } from './job-phase.ts'
import { canMove } from './job-phase.ts'
import type { TaskThread } from './job-world.ts'
import type { ResultReader } from './result-reader.ts'
import type { SplitAssigner } from './split-assigner.ts'
import type { WorkerTaskOptions } from './worker-task.ts'

export type TaskEvents = Pick<WorkerTaskOptions, 'onMessage' | 'onFailure'>

/** The messages that are about checkpoints. */
export type CheckpointMessage = Extract<
  FromTask,
  { readonly type: 'ended' | 'state-chunk' | 'acknowledge' | 'decline' }
>

/** What the checkpoints of the job are told about one attempt. */
export interface AttemptCheckpoints {
  /** All tasks run. `send` reaches one of them. */
  running(send: (task: number, message: ToTask) => void): void
  take(message: CheckpointMessage): void
  /** The tasks are about to be ended. */
  stopped(): void
}

export interface JobExecutionOptions {
  readonly attempt: number
  /** Starts the threads one by one. */
  readonly deploy: (events: TaskEvents) => Iterable<TaskThread>
  /** By task index: who assigns splits to a source task. */
  readonly assigners: ReadonlyMap<number, SplitAssigner>
  /** Makes the output of tasks that have finished visible. */
  readonly commit: (sinks: readonly SinkCommittables[]) => Promise<void>
  /** Where checkpoints are taken: then a final one ends the job. */
  readonly checkpoints?: AttemptCheckpoints | undefined
  readonly results: readonly ResultReader[]
  /** Undefined if the worker built the same graph, otherwise what differs. */
  readonly compareFingerprint: (
    built: Extract<FromTask, { type: 'built' }>['fingerprint'],
  ) => string | undefined
  /** Makes a failure point at the user's own source. */
  readonly explain: (error: Error) => Error
  readonly cancellationTimeoutMs: number
  readonly after: typeof after
  readonly log: Logger
}

export class JobExecution {
  /** Resolves when every task runs, or when the attempt ended before. */
  readonly started: Promise<void>
  /** Never rejects: a failure is an outcome. */
  readonly ended: Promise<Outcome>
  readonly #options: JobExecutionOptions
  #phase: JobPhase = 'created'
  readonly #tasks: TaskThread[] = []
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

  /** The final checkpoint is complete and its output is visible. */
  finish(): void {
    if (this.#phase !== 'running') return
    this.#close(async () => {}).catch((error: unknown) => this.fail(error as Error))
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
      case 'ended':
      case 'state-chunk':
      case 'acknowledge':
      case 'decline':
        return this.#options.checkpoints?.take(message)
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
    this.#options.checkpoints?.running((task, message) => this.#tasks[task]?.send(message))
    this.#resolveStarted()
  }

  #assign(task: number): void {
    const assigner = this.#options.assigners.get(task)
    assert(assigner !== undefined, `task ${task} asked for splits but reads no source`)
    const { splits, last } = assigner.next()
    this.#tasks[task]?.send({ type: 'splits', attempt: this.#options.attempt, splits, last })
  }

  #taskFinished(task: number, sinks: readonly SinkCommittables[]): void {
    this.#finished.set(task, sinks)
    if (this.#finished.size < this.#tasks.length || this.#phase !== 'running') return
    const { commit } = this.#options
    this.#close(() => commit([...this.#finished.values()].flat())).catch((error: unknown) =>
      this.fail(error as Error),
    )
  }

  async #close(commit: () => Promise<void>): Promise<void> {
    const { attempt, results } = this.#options
    // What was printed belongs to the job: it is over when the last line is out.
    await Promise.all(results.map((reader) => reader.printed))
    if (this.#phase !== 'running') return
    this.#move('committing')
    const committing = commit()
    this.#committed = committing.catch(() => {})
    await committing
    for (const task of this.#tasks) task.send({ type: 'close', attempt })
    await Promise.all(this.#tasks.map((task) => task.stopped))
    // A task may have failed while it closed.
    if (this.phase !== 'committing') return
    await Promise.all(this.#tasks.map((task) => task.terminate()))
    this.#end({ status: 'finished' })
  }

  /** Ends whatever is left. Never rejects. */
  async #windUp(outcome: Outcome): Promise<void> {
    this.#options.checkpoints?.stopped()
    // Withdrawing what somebody else makes visible at the same time would leave half of it.
    await this.#committed
    await this.#endTasks()
    this.#end(outcome)
  }

  async #endTasks(): Promise<void> {
    const { attempt, cancellationTimeoutMs, after } = this.#options
    for (const task of this.#tasks) task.send({ type: 'cancel', attempt })
    const stopped = this.#tasks.map((task) => task.stopped)
    const inTime = await settledWithin(stopped, { ms: cancellationTimeoutMs, after })
    if (!inTime) {
      const fields = { afterMs: cancellationTimeoutMs }
      this.#options.log.warn(fields, 'a task does not stop: its thread is ended where it is')
    }
    await Promise.all(this.#tasks.map((task) => task.terminate()))
  }

  #end(outcome: Outcome): void {
    this.#move(outcome.status)
    this.#resolveStarted()
    this.#resolveEnded(outcome)
  }
}

/** True if all of them resolve within `ms`. */
export async function settledWithin(
  all: readonly Promise<void>[],
  { ms, after: later }: { readonly ms: number; readonly after: typeof after },
): Promise<boolean> {
  const late = new Promise<false>((resolve) => {
    const cancel = later(ms, () => resolve(false))
    Promise.all(all).then(cancel, cancel)
  })
  return Promise.race([Promise.all(all).then(() => true), late])
}
