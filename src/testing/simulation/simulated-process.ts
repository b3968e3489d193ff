/**
 * The process that a simulated job runs in: its threads, its timers, and every operation that waits
 * to happen. Who drives it decides what happens next, and when nothing happens any more.
 * Threads: the caller's.
 */
import type { ManualClock } from '../../base/clock.ts'
import type { Prng } from '../../base/prng.ts'
import { localPorts } from '../../channel/local-ports.ts'
import type { SharedWords } from '../../channel/shared-words.ts'
import type { TaskEvents } from '../../coordinator/job-execution.ts'
import type { JobWorld, TaskThread } from '../../coordinator/job-world.ts'
import type { DeploymentPlan } from '../../coordinator/task-deployment.ts'
import type { Pacing, TaskPacing } from '../../task/pacer.ts'
import { ChannelChecks } from './channel-checks.ts'
import { SimulatedThread } from './simulated-thread.ts'
import { simulatedWords } from './simulated-words.ts'

export interface SimulatedProcessOptions {
  readonly clock: ManualClock
  readonly random: Prng
  /** Called before each access to a shared word. */
  readonly point: () => void
  readonly onError: (error: unknown) => void
  readonly onCut: (checkpointId: number, task: number, collected: readonly number[]) => void
}

interface Timer {
  readonly dueMs: number
  readonly action: () => void
}

/** The largest run of records, and the largest part of a snapshot. */
const RECORDS_MAX = 12
const ENTRIES_MAX = 3

export class SimulatedProcess implements JobWorld {
  readonly clock: ManualClock
  /** Cursors wrap in the middle of a job. */
  readonly channels = { firstSeq: 2 ** 31 - 10, ports: localPorts }
  /** Those of the attempt that was deployed last. */
  threads: readonly SimulatedThread[] = []
  /** What waits to happen, in no order. */
  readonly operations: (() => void)[] = []
  readonly #options: SimulatedProcessOptions
  readonly #words: SharedWords
  readonly #timers = new Set<Timer>()
  readonly #all: SimulatedThread[] = []
  #channels: ChannelChecks | undefined
  #isOver = false

  constructor(options: SimulatedProcessOptions) {
    this.#options = options
    this.clock = options.clock
    this.#words = simulatedWords(options.point)
  }

  readonly after = (ms: number, action: () => void): (() => void) => {
    const timer = { dueMs: this.clock.nowMs() + ms, action }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  readonly deploy = (plan: DeploymentPlan, events: TaskEvents): Iterable<TaskThread> => {
    const { clock, random, onCut, onError } = this.#options
    const pacing = this.#pacing()
    this.threads = plan.deployments.map(
      (deployment) =>
        new SimulatedThread({
          deployment,
          prepared: plan.prepared,
          events,
          clock,
          words: this.#words,
          pacing,
          random,
          onCut,
          onError,
        }),
    )
    this.#channels = new ChannelChecks(plan.deployments)
    this.#all.push(...this.threads)
    return this.threads
  }

  /** Resolves with what it gives when it has happened; never, if the process is killed before. */
  schedule<T>(operation: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) return
      this.operations.push(() => {
        try {
          resolve(operation())
        } catch (error) {
          reject(error as Error)
        }
      })
    })
  }

  get hasDueTimer(): boolean {
    return this.#nextTimerMs() <= this.clock.nowMs()
  }

  /** Of timers and sleepers; Infinity for never. */
  get nextDueMs(): number {
    return this.threads.reduce((ms, thread) => Math.min(ms, thread.dueMs), this.#nextTimerMs())
  }

  fireTimer(): void {
    for (const timer of this.#timers) {
      if (timer.dueMs > this.clock.nowMs()) continue
      this.#timers.delete(timer)
      return timer.action()
    }
  }

  /** Throws what must not be seen of channels and their memory, by anybody at any time. */
  check(): void {
    this.#channels?.check()
    for (const thread of this.threads) thread.checkMemory()
  }

  /** Nothing of it happens any more. */
  kill(): void {
    this.#isOver = true
    this.operations.length = 0
    this.#timers.clear()
    for (const thread of this.#all) thread.exit()
  }

  #nextTimerMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { dueMs } of this.#timers) next = Math.min(next, dueMs)
    return next
  }

  #pacing(): TaskPacing {
    const { random } = this.#options
    return {
      records: randomPacing(random, RECORDS_MAX),
      snapshots: randomPacing(random, ENTRIES_MAX),
      pauses: () => random.below(8) === 0,
    }
  }
}

function randomPacing(random: Prng, max: number): Pacing {
  return {
    get records() {
      return 1 + random.below(max)
    },
    observe: () => {},
    goesOn: () => random.below(2) === 0,
  }
}
