/**
 * The tasks of a job in one thread, advanced in turn. What they ask of the coordinator is answered
 * between their steps, as it is in workers; the clock is moved on when nothing else is left to do.
 * Threads: the caller's.
 */
import { assert } from '../base/assert.ts'
import type { ManualClock } from '../base/clock.ts'
import { sleep, turn } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import { silentLogger } from '../base/log.ts'
import { Doorbell } from '../channel/doorbell.ts'
import { jobMetrics } from '../coordinator/job-metrics.ts'
import type { JobSources } from '../coordinator/job-sources.ts'
import { splitAssigners } from '../coordinator/job-sources.ts'
import type { PreparedJob } from '../coordinator/prepared-job.ts'
import type { JobMetrics } from '../coordinator/run-options.ts'
import type { SplitAssigner } from '../coordinator/split-assigner.ts'
import type { DeploymentPlan } from '../coordinator/task-deployment.ts'
import { planDeployment } from '../coordinator/task-deployment.ts'
import type { FromTask, SinkCommittables } from '../protocol/messages.ts'
import type { BuiltSubtask } from '../task/build-subtask.ts'
import { buildSubtask } from '../task/build-subtask.ts'
import type { StepResult } from '../task/subtask.ts'
import { ResultBuffer } from './result-buffer.ts'

export interface InlineRunOptions {
  readonly prepared: PreparedJob
  readonly sources: JobSources
  readonly clock: ManualClock
  readonly lineage: string
}

interface InlineTask {
  readonly built: BuiltSubtask
  readonly isSource: boolean
  result: StepResult
}

const ATTEMPT = 1
/** Rounds between two turns of the event loop, so that the test's own timers get their say. */
const ROUNDS_A_TURN = 16
/** Turns of the event loop before waiting in milliseconds. */
const TURNS_MAX = 1_000

export class InlineRun {
  readonly committables: SinkCommittables[] = []
  readonly #options: InlineRunOptions
  readonly #plan: DeploymentPlan
  readonly #tasks: readonly InlineTask[]
  readonly #results: readonly ResultBuffer[]
  readonly #assigners: ReadonlyMap<number, SplitAssigner>
  /** Tasks that asked for splits and wait for the answer. */
  readonly #requests: number[] = []

  constructor(options: InlineRunOptions) {
    const { prepared, lineage } = options
    this.#options = options
    this.#plan = planDeployment({
      prepared,
      attempt: ATTEMPT,
      lineage,
      jobUrl: '',
      onPrint: undefined,
      checkpointing: false,
    })
    this.#assigners = splitAssigners(prepared, options.sources)
    this.#results = this.#plan.results.map((reader) => new ResultBuffer(reader))
    this.#tasks = this.#plan.deployments.map((deployment) => ({
      built: buildSubtask({
        jobGraph: prepared.jobGraph,
        deployment,
        doorbell: new Doorbell(deployment.doorbell),
        clock: options.clock,
        log: silentLogger,
        send: (message) => this.#take(message),
        mayBlock: false,
      }),
      isSource: this.#assigners.has(deployment.task),
      result: 'idle',
    }))
  }

  async open(): Promise<void> {
    for (const task of this.#tasks) await task.built.open()
  }

  /** 'canceled': `untilMs` came first; all that was due up to then is done. */
  async toEnd(untilMs: number): Promise<'finished' | 'canceled'> {
    for (;;) {
      await this.#doAll()
      if (this.#unfinished().length === 0) return 'finished'
      const dueMs = Math.min(...this.#unfinished().map((task) => task.built.subtask.nextWakeMs()))
      if (dueMs > untilMs) {
        this.#moveClockTo(untilMs)
        return 'canceled'
      }
      if (dueMs === Number.POSITIVE_INFINITY) await this.#forWakeUp()
      else this.#moveClockTo(dueMs)
    }
  }

  /** What was collected under a name; undefined if nothing collects there. */
  collected(name: string): readonly unknown[] | undefined {
    return this.#results.find((one) => !one.isPrint && one.name === name)?.rows
  }

  printed(): readonly unknown[] {
    return this.#results.filter((one) => one.isPrint).flatMap((one) => one.rows)
  }

  metrics(): JobMetrics {
    const { prepared, sources } = this.#options
    const { recordsTotal } = sources
    return jobMetrics({ prepared, buffer: this.#plan.metrics, recordsTotal })
  }

  /** Closes everything, also where one part fails; throws the first error. */
  async close(): Promise<void> {
    const nowMs = this.#options.clock.nowMs()
    const closed: PromiseSettledResult<void>[] = []
    for (const { built } of this.#tasks) {
      built.subtask.publishCounters(nowMs)
      closed.push(...(await Promise.allSettled([built.close()])))
    }
    for (const result of this.#results) result.close()
    const failed = closed.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  /** Everything that can be done before the clock must move, promises and full sinks included. */
  async #doAll(): Promise<void> {
    for (let turns = 0; ; turns++) {
      if (await this.#roundsUntilIdle()) turns = 0
      await (turns < TURNS_MAX ? turn() : sleep(1))
      if (!this.#round() && !this.#unfinished().some(waitsForPromise)) return
    }
  }

  /** True if there was anything to do. */
  async #roundsUntilIdle(): Promise<boolean> {
    let rounds = 0
    // On a clock that work does not move, nothing may lie in a page until its flush is due.
    for (; this.#round() || this.#flushed(); rounds++) {
      if (rounds % ROUNDS_A_TURN === 0) await turn()
    }
    return rounds > 0
  }

  /** One step of every task, and all rows that have come. True if anything was done. */
  #round(): boolean {
    let done = this.#answer()
    for (const task of this.#unfinished()) {
      task.result = task.built.subtask.step()
      if (task.result === 'progress' || task.result === 'finished') done = true
    }
    for (const result of this.#results) {
      if (result.take() > 0) done = true
    }
    return done
  }

  /** Publishes what is buffered; true if somebody can go on because of it. */
  #flushed(): boolean {
    for (const task of this.#unfinished()) task.built.subtask.flush()
    return this.#round()
  }

  #unfinished(): readonly InlineTask[] {
    return this.#tasks.filter((task) => task.result !== 'finished')
  }

  #take(message: FromTask): void {
    if (message.type === 'finished') this.committables.push(...message.sinks)
    if (message.type === 'split-request') this.#requests.push(message.task)
  }

  /** Gives splits to those who asked. */
  #answer(): boolean {
    const requests = this.#requests.splice(0)
    for (const task of requests) {
      const assigner = this.#assigners.get(task)
      assert(assigner !== undefined, 'splits are asked for by sources only')
      const { splits, last } = assigner.next()
      this.#tasks[task]!.built.take({ type: 'splits', attempt: ATTEMPT, splits, last })
    }
    return requests.length > 0
  }

  #moveClockTo(timeMs: number): void {
    const { clock } = this.#options
    clock.advance(Math.max(0, timeMs - clock.nowMs()))
  }

  /** Nothing will ever be due: only a source that listens to the world can go on. */
  async #forWakeUp(): Promise<void> {
    const listens = this.#unfinished().some((task) => task.isSource && task.result === 'idle')
    if (!listens) throw stuck()
    await sleep(1)
  }
}

/** An asynchronous reader, a commit that is prepared, a sink whose buffer is full. */
function waitsForPromise({ built }: InlineTask): boolean {
  return built.subtask.pendingPromises > 0 || !built.runtime.isReady()
}

function stuck(): SluiceError {
  return new SluiceError('JOB_STUCK', 'nothing is left to do, but the job has not finished', {
    hint: 'this is a mistake of Sluice or of a custom source or sink',
  })
}
