/**
 * One schedule of a job: its life over as many processes and attempts as its plan of disturbances
 * makes of it, from the first start to the end of its input, decided by a seed alone.
 * Threads: the caller's.
 */
import { ManualClock, sleep, turn } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { Prng } from '../../base/prng.ts'
import type {
  CheckpointingChange,
  CheckpointingOptions,
} from '../../coordinator/checkpointing-view.ts'
import type { PreparedJob } from '../../coordinator/prepared-job.ts'
import type { JobHandle } from '../../coordinator/run-options.ts'
import { startJob } from '../../coordinator/start-job.ts'
import { mountFiles } from '../../storage/file-system.ts'
import type { Disturbance } from './random-disturbances.ts'
import { Scheduler } from './scheduler.ts'
import type { DiskFault } from './simulated-disk.ts'
import { SimulatedDisk } from './simulated-disk.ts'
import { SimulatedProcess } from './simulated-process.ts'
import type { SimulatedWorld } from './simulated-sink.ts'
import { Violation } from './simulated-sink.ts'
import { THREAD_ENDED } from './simulated-thread.ts'

export interface SimulationOptions {
  readonly random: Prng
  /** Of each process: 1 for the first. Its `checkpoints.dir` must be `SIMULATED_DIRECTORY`. */
  readonly prepared: (process: number) => Promise<PreparedJob>
  /** Each but an exit begins another process. */
  readonly disturbances: readonly Disturbance[]
  readonly wordsAPreemption: number
  readonly eventsOfEight: number
  /** Of a thousand operations on the disk; a function is asked at each. */
  readonly diskFaults: number | (() => number)
  readonly stepsMax: number
  readonly observer: SimulationObserver
}

/** Throws what must not be. */
export interface SimulationObserver {
  checkpointTriggered?(checkpointId: number): void
  checkpointCompleted(checkpointId: number, disk: SimulatedDisk): void
  /** After every step. */
  stepped(): void
  /** A job has failed: true if that may be, and another process is to begin. */
  failed?(error: Error): boolean
  trace(what: string): void
  /** Whether fields of the engine's own log are worth their time. */
  readonly traceLog: boolean
}

export interface SimulationFigures {
  readonly steps: number
  readonly preemptions: number
  readonly completed: number
  readonly aborted: number
  readonly processes: number
  readonly restarts: number
  readonly diskFaults: number
  readonly simulatedMs: number
}

const SIMULATED_ROOT = '/simulated'
export const SIMULATED_DIRECTORY = `${SIMULATED_ROOT}/job`
/** A disk that never gets well would let no job end. */
const FAULTS_MAX = 6
/** Turns of the event loop before waiting in milliseconds, and those. */
const TURNS_MAX = 2_000
const WAITS_MAX = 500
/** A mask: steps between two looks at those who sleep. */
const LOOKS_EVERY = 3

/** Most of what a crash can break lies between a name and its sync. */
const KILLS = ['now', 'linked', 'linked', 'synced'] as const

const DISK_FAILURE = /\((EIO|ENOSPC)\)/
const NOT_TOLERATED = 'more checkpoints have failed than are tolerated'

type End =
  | { readonly how: 'finished' | 'stopped' | 'killed' }
  | { readonly how: 'failed'; readonly error: Error }

export class Simulation implements SimulatedWorld {
  readonly random: Prng
  readonly disk: SimulatedDisk
  readonly #options: SimulationOptions
  readonly #clock = new ManualClock(1_000)
  readonly #scheduler: Scheduler
  readonly #log: Logger
  #process: SimulatedProcess | undefined
  #handle: JobHandle | undefined
  #violation: { readonly error: unknown } | undefined
  #isStopping = false
  /** A process is killed at once, or when the disk has done something. */
  #killsAt: (typeof KILLS)[number] | undefined
  #next = 0
  #completed = 0
  #completedBefore = 0
  #stepsBefore = 0
  #aborted = 0
  #processes = 0
  #restarts = 0
  #faults = 0

  constructor(options: SimulationOptions) {
    const { random, wordsAPreemption, eventsOfEight, observer } = options
    this.#options = options
    this.random = random
    const trace = (what: string) => observer.trace(what)
    this.#scheduler = new Scheduler({ random, wordsAPreemption, eventsOfEight, trace })
    this.#log = this.#logger()
    this.disk = new SimulatedDisk({
      random,
      schedule: this.schedule,
      fault: (writes) => this.#fault(writes),
      happened: (what) => {
        if (this.#killsAt === what) this.#killsAt = 'now'
      },
    })
    this.disk.make(SIMULATED_ROOT)
  }

  readonly schedule = <T>(operation: () => T): Promise<T> => this.#process!.schedule(operation)

  get steps(): number {
    return this.#scheduler.steps
  }

  get completed(): number {
    return this.#completed
  }

  /** Of those that have begun. */
  get processes(): number {
    return this.#processes
  }

  get disturbancesLeft(): number {
    return this.#options.disturbances.length - this.#next
  }

  get figures(): SimulationFigures {
    return {
      steps: this.#scheduler.steps,
      preemptions: this.#scheduler.preemptions,
      completed: this.#completed,
      aborted: this.#aborted,
      processes: this.#processes,
      restarts: this.#restarts,
      diskFaults: this.#faults,
      simulatedMs: this.#clock.nowMs(),
    }
  }

  /** Those that hold for what is triggered now; undefined before the job runs. */
  get checkpointing(): CheckpointingOptions | undefined {
    return this.#handle?.checkpointing.options
  }

  /** As a program changes options of its running job; false if there is none yet. */
  update(change: CheckpointingChange): boolean {
    if (this.#handle === undefined) return false
    this.#options.observer.trace(`--- options: ${JSON.stringify(change)}`)
    this.#handle.checkpointing.update(change).catch((error: { readonly code?: unknown }) => {
      if (error.code !== 'JOB_ENDED') this.#violation ??= { error }
    })
    return true
  }

  /** Rejects with what went wrong. */
  async run(): Promise<void> {
    const unmount = mountFiles(SIMULATED_ROOT, this.disk)
    // It would end a real process.
    const unhandled = (error: unknown) => {
      this.#violation ??= { error }
    }
    process.on('unhandledRejection', unhandled)
    try {
      while (!(await this.#runProcess()));
    } finally {
      this.#process?.kill()
      // Of promises that nobody looks after the event loop tells.
      await turn()
      process.off('unhandledRejection', unhandled)
      unmount()
    }
    if (this.#violation !== undefined) throw this.#violation.error
  }

  /** True if the job has finished. */
  async #runProcess(): Promise<boolean> {
    const { random, observer, prepared } = this.#options
    const simulated = new SimulatedProcess({
      clock: this.#clock,
      random,
      point: this.#scheduler.point,
      onCut: () => {},
      onError: (error) => {
        if (!isOfTheWorld(error)) this.#violation ??= { error }
      },
    })
    this.#process = simulated
    this.#scheduler.process = simulated
    this.#isStopping = false
    this.#killsAt = undefined
    const end = await this.#drive(this.#start(await prepared(++this.#processes)))
    observer.trace(`process ${this.#processes} ends: ${end.how}`)
    if (end.how === 'failed' && !isOfTheWorld(end.error) && observer.failed?.(end.error) !== true) {
      throw end.error
    }
    simulated.kill()
    if (end.how === 'finished') return true
    if (end.how === 'killed') this.disk.crash()
    // Its holder is this very process, which lives on.
    this.disk.remove(`${SIMULATED_DIRECTORY}/lock`)
    return false
  }

  #start(prepared: PreparedJob): { end: End | undefined } {
    const outcome: { end: End | undefined } = { end: undefined }
    const failed = (error: Error & { readonly code?: unknown }) => {
      // It was killed behind its last step but one.
      if (error.code === 'JOB_ALREADY_FINISHED') outcome.end = { how: 'finished' }
      else outcome.end = { how: 'failed', error }
    }
    this.#handle = undefined
    const world = this.#process!
    startJob(
      { prepared, jobUrl: '', explain: (error) => error as Error },
      { options: { log: this.#log }, world },
    ).then((handle) => {
      this.#handle = handle
      handle.finished.then(({ status }) => {
        outcome.end = { how: status === 'finished' ? 'finished' : 'stopped' }
      }, failed)
    }, failed)
    return outcome
  }

  async #drive(outcome: { end: End | undefined }): Promise<End> {
    const { stepsMax, observer } = this.#options
    const scheduler = this.#scheduler
    let idle = 0
    for (await turn(); outcome.end === undefined; ) {
      if (this.#violation !== undefined) throw this.#violation.error
      if (this.#disturbed()) return { how: 'killed' }
      const did = scheduler.step()
      this.#process!.check()
      if ((scheduler.steps & LOOKS_EVERY) === 0) this.#checkSleepers()
      observer.stepped()
      if (did === 'nothing') await this.#forPromises(++idle)
      else idle = 0
      if (did === 'settled') await promisesSettled()
      if (scheduler.steps > stepsMax) throw new Error(`the job has not ended in ${stepsMax} steps`)
    }
    if (this.#violation !== undefined) throw this.#violation.error
    return outcome.end
  }

  /** Whoever sleeps has nothing to do: nobody is in the middle of anything now. */
  #checkSleepers(): void {
    const scheduler = this.#scheduler
    const missed = scheduler.undisturbed(() =>
      this.#process!.threads.find((thread) => thread.hasMissedWakeUp),
    )
    if (missed !== undefined) throw new Violation(`${missed.name} sleeps, and was not woken`)
  }

  /** What is outside of the simulation: a file of the system's that tells who this process is. */
  async #forPromises(times: number): Promise<void> {
    if (times > TURNS_MAX + WAITS_MAX) throw new Error('nothing is left to do: a wake-up was lost')
    await (times <= TURNS_MAX ? turn() : sleep(1))
  }

  /** True if the process is over. */
  #disturbed(): boolean {
    const due = this.#options.disturbances[this.#next]
    if (this.#killsAt !== undefined) return this.#killsAt === 'now'
    if (due === undefined || this.#isStopping) return false
    if (this.#completed - this.#completedBefore < due.completed) return false
    if (this.#scheduler.steps - this.#stepsBefore < due.steps) return false
    const alive = this.#process!.threads.filter((thread) => !thread.isGone && !thread.isBusy)
    if (due.kind === 'exit' && alive.length === 0) return false
    if (due.kind === 'stop' && this.#handle?.status !== 'running') return false
    this.#next++
    this.#completedBefore = this.#completed
    this.#stepsBefore = this.#scheduler.steps
    this.#options.observer.trace(`--- ${due.kind}`)
    if (due.kind === 'kill') {
      this.#killsAt = KILLS[this.random.below(KILLS.length)]!
      return this.#killsAt === 'now'
    }
    if (due.kind === 'exit') {
      this.#restarts++
      alive[this.#options.random.below(alive.length)]!.exit()
    } else {
      this.#isStopping = true
      this.#handle!.cancel().catch(() => {})
    }
    return false
  }

  #fault(writes: boolean): DiskFault {
    const { random, diskFaults, observer } = this.#options
    const faultsOfThousand = typeof diskFaults === 'number' ? diskFaults : diskFaults()
    if (this.#faults >= FAULTS_MAX || random.below(1000) >= faultsOfThousand) return undefined
    this.#faults++
    const faults = writes ? (['EIO', 'ENOSPC', 'short'] as const) : (['EIO'] as const)
    const fault = faults[random.below(faults.length)]!
    observer.trace(`the disk fails: ${fault}`)
    return fault
  }

  #logger(): Logger {
    const { observer } = this.#options
    const told = (fields: object, message: string) => {
      if (observer.traceLog) observer.trace(`log: ${message} ${JSON.stringify(fields)}`)
      else observer.trace(message)
      if (message.startsWith('checkpoint failed')) this.#aborted++
      if (message === 'checkpoint triggered') observer.checkpointTriggered?.(idIn(fields))
      if (message === 'checkpoint complete') this.#complete(idIn(fields))
      if (message === 'a task failed: restarting') this.#checkRestart(fields)
    }
    return { debug: told, info: told, warn: told, error: told }
  }

  /** Whatever the simulation did not do to it must not fail a job. */
  #checkRestart(fields: object): void {
    const { error } = fields as { readonly error: string }
    if (error.includes(THREAD_ENDED) || DISK_FAILURE.test(error)) return
    if (error.includes(NOT_TOLERATED)) return
    this.#violation ??= { error: new Error(`the job has failed: ${error}`) }
  }

  #complete(checkpointId: number): void {
    this.#completed++
    try {
      this.#options.observer.checkpointCompleted(checkpointId, this.disk)
    } catch (error) {
      this.#violation ??= { error }
    }
  }
}

function idIn(fields: object): number {
  return (fields as { readonly checkpoint: number }).checkpoint
}

/**
 * Every promise that is settled has told who waits for it, and those what they have settled. The
 * event loop gets no say: a quarter of the cost of a `turn`.
 */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

/** What a disk that fails makes of a start: whoever watches the process starts it again. */
function isOfTheWorld(error: unknown): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message: string }
  if (message.includes(THREAD_ENDED) || message.includes(NOT_TOLERATED)) return true
  if (code === 'STORAGE_FAILED' || code === 'CHECKPOINT_DIRECTORY_NOT_WRITABLE') return true
  return code === 'RESTORE_WOULD_DUPLICATE' && DISK_FAILURE.test(message)
}
