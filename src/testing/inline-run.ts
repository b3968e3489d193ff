/**
 * One attempt of a job: its tasks in one thread, advanced in turn. What they and the coordinator
 * tell each other is taken between their steps, as it is in workers; the clock is moved on when
 * nothing else is left to do.
 * Threads: the caller's.
 */
import { assert } from '../base/assert.ts'
import type { ManualClock } from '../base/clock.ts'
import { sleep, turn } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import { silentLogger } from '../base/log.ts'
import { Doorbell } from '../channel/doorbell.ts'
import type { JobCheckpoints } from '../coordinator/job-checkpoints.ts'
import type { AttemptCheckpoints, CheckpointMessage } from '../coordinator/job-execution.ts'
import type { RunningCheckpoint } from '../coordinator/running-checkpoint.ts'
import type { SplitAssigner } from '../coordinator/split-assigner.ts'
import type { DeploymentPlan } from '../coordinator/task-deployment.ts'
import type { FromTask, SinkCommittables, ToTask } from '../protocol/messages.ts'
import type { BuiltSubtask } from '../task/build-subtask.ts'
import { buildSubtask } from '../task/build-subtask.ts'
import type { StepResult } from '../task/subtask.ts'
import type { TaskOrder } from '../task/task-mailbox.ts'
import type { InlineCheckpoints } from './inline-checkpoints.ts'
import { firstResults, type InlineResults } from './inline-results.ts'
import type { InlineSchedule } from './inline-schedule.ts'

export interface InlineRunOptions {
  readonly attempt: number
  readonly plan: DeploymentPlan
  readonly assigners: ReadonlyMap<number, SplitAssigner>
  readonly results: InlineResults
  readonly schedule: InlineSchedule
  readonly clock: ManualClock
  /** Absent where no checkpoints are taken. */
  readonly checkpoints: InlineCheckpoints | undefined
  readonly begin: (checkpointId: number, triggeredMs: number) => RunningCheckpoint
}

/** 'canceled': the time to end at came first. */
export type RunEnd = 'finished' | 'canceled' | 'crashed'

interface InlineTask {
  readonly built: BuiltSubtask
  readonly isSource: boolean
  /** What was sent and not taken: from it, and to it. */
  readonly sent: FromTask[]
  readonly orders: TaskOrder[]
  result: StepResult
  /** All its input is processed: it only takes checkpoints. */
  hasEnded: boolean
}

/** Rounds between two turns of the event loop, so that the test's own timers get their say. */
const ROUNDS_A_TURN = 16
/** Turns of the event loop before waiting in milliseconds. */
const TURNS_MAX = 1_000

export class InlineRun {
  readonly committables: SinkCommittables[] = []
  readonly #options: InlineRunOptions
  readonly #tasks: readonly InlineTask[]
  readonly #attached: AttemptCheckpoints | undefined
  #end: RunEnd | undefined
  #failure: { readonly error: Error } | undefined

  constructor(options: InlineRunOptions) {
    this.#options = options
    options.results.attach(options.plan.results)
    this.#tasks = this.#buildTasks()
    this.#attached = options.checkpoints && this.#attach(options.checkpoints.job)
  }

  async open(): Promise<void> {
    for (const task of this.#tasks) await task.built.open()
    this.#attached?.running((task, message) => this.#tasks[task]!.orders.push(orderOf(message)))
  }

  /** All that is due up to `untilMs`. */
  async toEnd(untilMs: number): Promise<RunEnd> {
    for (;;) {
      await this.#doAll()
      if (this.#end !== undefined) return this.#end
      const dueMs = this.#nextDueMs()
      if (dueMs > untilMs) {
        this.#moveClockTo(untilMs)
        return 'canceled'
      }
      if (dueMs === Number.POSITIVE_INFINITY) await this.#forWakeUp()
      else this.#moveClockTo(dueMs)
    }
  }

  /** After a crash: what the tasks have emitted is there, they themselves are gone. */
  async tearDown(): Promise<void> {
    this.#attached?.stopped()
    do for (const { built } of this.#tasks) built.subtask.flush()
    while (this.#options.results.take())
    await this.close()
  }

  /** Closes every task, also where one of them fails; throws the first error. */
  async close(): Promise<void> {
    const nowMs = this.#options.clock.nowMs()
    const closed: PromiseSettledResult<void>[] = []
    for (const { built } of this.#tasks) {
      built.subtask.publishCounters(nowMs)
      closed.push(...(await Promise.allSettled([built.close()])))
    }
    const failed = closed.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  #buildTasks(): readonly InlineTask[] {
    const { plan, assigners, clock, schedule, results, checkpoints } = this.#options
    const { prepared, deployments } = plan
    const first = firstResults(prepared.jobGraph, prepared.execution)
    return deployments.map((deployment) => {
      const { task, subtask } = deployment
      const isSource = assigners.has(task)
      const sent: FromTask[] = []
      const built = buildSubtask({
        jobGraph: prepared.jobGraph,
        deployment,
        doorbell: new Doorbell(deployment.doorbell),
        clock,
        log: silentLogger,
        send: (message) => sent.push(message),
        mayBlock: false,
        pacing: schedule.pacing(isSource, () => checkpoints?.job.isBusy === true),
        onCut: (checkpointId, counts) =>
          results.cut(checkpointId, { first: first[task]!, subtask, counts }),
      })
      return { built, isSource, sent, orders: [], result: 'idle', hasEnded: false }
    })
  }

  #attach(job: JobCheckpoints): AttemptCheckpoints {
    const { attempt, assigners, begin } = this.#options
    return job.attempt({
      attempt,
      tasks: [...this.#tasks.keys()],
      sources: [...assigners.keys()],
      begin,
      finish: () => (this.#end ??= 'finished'),
      fail: (error) => (this.#failure ??= { error }),
    })
  }

  /** Everything that can be done before the clock must move, promises and full sinks included. */
  async #doAll(): Promise<void> {
    for (let turns = 0; ; turns++) {
      if (await this.#roundsUntilIdle()) turns = 0
      await (turns < TURNS_MAX ? turn() : sleep(1))
      if (!this.#round() && !this.#waitsForPromise()) return
    }
  }

  /** True if there was anything to do. */
  async #roundsUntilIdle(): Promise<boolean> {
    let rounds = 0
    // On a clock that work does not move, nothing may lie in a page until its flush is due.
    for (; this.#round() || this.#flushed(); rounds++) {
      // What a checkpoint waits for is promises alone, settled by the next turn.
      if (rounds % ROUNDS_A_TURN === 0 || this.#attached !== undefined) await turn()
    }
    return rounds > 0
  }

  /** A step of every task, what they have sent, and all rows that have come. True if any was. */
  #round(): boolean {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#end !== undefined) return false
    const { schedule, results } = this.#options
    let done = false
    for (const task of schedule.ordered(this.#unfinished())) {
      if (this.#step(task)) done = true
      if (this.#end !== undefined) return false
    }
    if (results.take()) done = true
    if (this.#tasks.every(({ result }) => result === 'finished')) this.#end = 'finished'
    return done
  }

  #step(task: InlineTask): boolean {
    const { schedule, checkpoints } = this.#options
    const told = this.#deliver(task)
    task.result = task.built.subtask.step()
    // It takes no step any more, and its last word is its output.
    if (task.result === 'finished') this.#deliver(task)
    if (schedule.chance(4)) task.built.subtask.flush()
    if (schedule.takeCrash(checkpoints?.completed ?? 0)) this.#end = 'crashed'
    else if (checkpoints !== undefined && schedule.takeCheckpoint()) take(checkpoints.job)
    return told || task.result === 'progress' || task.result === 'finished'
  }

  /** Publishes what is buffered; true if somebody can go on because of it. */
  #flushed(): boolean {
    for (const task of this.#unfinished()) task.built.subtask.flush()
    return this.#round()
  }

  #unfinished(): readonly InlineTask[] {
    return this.#tasks.filter((task) => task.result !== 'finished')
  }

  /** True if anything was on its way to or from the task. */
  #deliver(task: InlineTask): boolean {
    const sent = task.sent.splice(0)
    for (const message of sent) this.#take(message, task)
    const orders = task.orders.splice(0)
    for (const order of orders) task.built.take(order)
    return sent.length + orders.length > 0
  }

  #take(message: FromTask, task: InlineTask): void {
    switch (message.type) {
      case 'finished':
        return void this.committables.push(...message.sinks)
      case 'split-request':
        return this.#assign(message.task)
      case 'ended':
        task.hasEnded = true
        return this.#attached?.take(message)
      case 'acknowledge':
      case 'state-chunk':
      case 'decline':
        return this.#attached?.take(sentCopy(message))
      default:
        return assert(false, `a task in this thread has sent '${message.type}'`)
    }
  }

  /** Gives splits to a task that asked. */
  #assign(task: number): void {
    const { attempt, assigners } = this.#options
    const assigner = assigners.get(task)
    assert(assigner !== undefined, 'splits are asked for by sources only')
    const { splits, last } = assigner.next()
    this.#tasks[task]!.orders.push({ type: 'splits', attempt, splits, last })
  }

  #nextDueMs(): number {
    const { checkpoints } = this.#options
    const due = this.#unfinished().map((task) => task.built.subtask.nextWakeMs())
    // A source may bring something at any moment: nobody knows yet that time has passed.
    const waits = checkpoints === undefined || this.#listens()
    return Math.min(...due, waits ? Number.POSITIVE_INFINITY : checkpoints.nextDueMs)
  }

  #moveClockTo(timeMs: number): void {
    const { clock, checkpoints } = this.#options
    clock.advance(Math.max(0, timeMs - clock.nowMs()))
    checkpoints?.fireTimers()
  }

  /** An asynchronous reader, a commit, a sink whose buffer is full. */
  #waitsForPromise(): boolean {
    if (this.#end !== undefined) return false
    if (this.#options.checkpoints?.isCommitting === true) return true
    return this.#unfinished().some(
      ({ built }) => built.subtask.pendingPromises > 0 || !built.runtime.isReady(),
    )
  }

  /** Whether a source waits for the world and not for a time. */
  #listens(): boolean {
    return this.#unfinished().some(
      ({ isSource, hasEnded, result, built }) =>
        isSource && !hasEnded && result === 'idle' && !Number.isFinite(built.subtask.nextWakeMs()),
    )
  }

  /** Nothing will ever be due: only a source that listens to the world can go on. */
  async #forWakeUp(): Promise<void> {
    if (!this.#listens()) throw stuck()
    await sleep(1)
  }
}

/** Whether it succeeds is for the figures to tell: a crash may follow at once. */
function take(checkpoints: JobCheckpoints): void {
  const told = () => {}
  checkpoints.trigger().then(told, told)
}

function orderOf(message: ToTask): TaskOrder {
  assert(
    message.type !== 'start' && message.type !== 'close' && message.type !== 'cancel',
    'tasks in one thread are started and closed by whoever drives them',
  )
  return message
}

/** As it would arrive from another thread. Encoded state is shared there, not copied. */
function sentCopy(message: CheckpointMessage): CheckpointMessage {
  return message.type === 'state-chunk' ? message : structuredClone(message)
}

function stuck(): SluiceError {
  return new SluiceError('JOB_STUCK', 'nothing is left to do, but the job has not finished', {
    hint: 'this is a mistake of Sluice or of a custom source or sink',
  })
}
