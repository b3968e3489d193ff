/**
 * One subtask: its input, its chain, its output, advanced by bounded steps. Nothing here waits;
 * who drives it (a worker's loop, an inline run, a simulator) decides what to do when it is idle.
 * Threads: the one that drives it.
 */
import type { Clock } from '../base/clock.ts'
import type { OutputCredit } from '../channel/output-credit.ts'
import type { RecordWriter } from '../channel/record-writer.ts'
import { END_OF_TIME } from '../codec/page.ts'
import type { TaskMetrics } from '../metrics/task-metrics.ts'
import type { FromTask, SinkCommittables } from '../protocol/messages.ts'
import type { ChainRuntime } from './chain-runtime.ts'
import type { Pacing } from './pacer.ts'
import { Pacer } from './pacer.ts'
import type { TaskCheckpoints } from './task-checkpoints.ts'
import type { TaskInput } from './task-input.ts'

export type StepResult = 'progress' | 'idle' | 'backpressured' | 'finished'

export interface SubtaskOptions {
  readonly attempt: number
  readonly task: number
  readonly runtime: ChainRuntime
  readonly writers: readonly RecordWriter[]
  readonly credit: OutputCredit
  readonly clock: Clock
  readonly metrics: TaskMetrics
  readonly flushTimeoutMs: number
  /** Default: by the time that records take. */
  readonly pacing?: Pacing | undefined
  readonly send: (message: FromTask) => void
  readonly wake: () => void
}

/** A loop over records [start, end) of a page or a batch. */
export type RangeLoop<T> = (records: T, start: number, end: number) => number

/** 'ended': all is processed, and checkpoints are still taken until the job closes. */
type Phase = 'running' | 'ending' | 'ended' | 'committing' | 'finished'

/** The id under which the output of a job's end is committed; real checkpoints begin at 1. */
const FINAL_COMMIT = 0
/** V8 notes what a function does from its first calls on, and compiles it hundreds later. */
const REHEARSAL_STEP = 64
const COUNTERS_EVERY_MS = 50
/** Times the task's channels: so often at most it publishes pages because they are awaited. */
const AWAITED_EVERY_MS = 0.1

export class Subtask {
  readonly #options: SubtaskOptions
  readonly #pacer: Pacing
  #input: TaskInput | undefined
  #checkpoints: TaskCheckpoints | undefined
  #phase: Phase = 'running'
  #flushAtMs = Number.POSITIVE_INFINITY
  /** Monotonic. */
  #awaitedAtMs = 0
  readonly #awaitedEveryMs: number
  #commitFailure: { readonly error: unknown } | undefined
  #commits: readonly SinkCommittables[] | undefined
  #countersDueMs = 0
  #rehearse = () => {}
  #stepsToRehearsal = 0

  constructor(options: SubtaskOptions) {
    this.#options = options
    this.#pacer = options.pacing ?? new Pacer()
    const channels = options.writers.reduce((count, writer) => count + writer.channels.length, 0)
    this.#awaitedEveryMs = AWAITED_EVERY_MS * channels
  }

  /** Before the first step. Apart from the constructor, since an input calls back. */
  attachInput(input: TaskInput): void {
    this.#input = input
  }

  /** Before the first step, where the job takes checkpoints. `rehearse`: see `REHEARSAL`. */
  attachCheckpoints(checkpoints: TaskCheckpoints, rehearse = () => {}): void {
    this.#checkpoints = checkpoints
    this.#rehearse = rehearse
    this.#stepsToRehearsal = REHEARSAL_STEP
  }

  get input(): TaskInput {
    return this.#input!
  }

  /** Promises the task waits for: then it must not block its thread. */
  get pendingPromises(): number {
    const committing = this.#phase === 'committing' ? 1 : 0
    return this.input.pendingPromises + committing + (this.#checkpoints?.pendingPromises ?? 0)
  }

  /** It has more to write, and some channel was without credit when it was last looked at. */
  get isStalled(): boolean {
    return this.#phase !== 'ended' && this.#options.credit.stalled !== 0
  }

  /** True if a step would do something: the re-check before parking. */
  ready(): boolean {
    const { credit, runtime } = this.#options
    if (this.#phase === 'committing') {
      return this.#commits !== undefined || this.#commitFailure !== undefined
    }
    // Barriers first: one that has become known may be the last that a snapshot waits for.
    if (this.input.hasBarrier?.() === true || this.#checkpoints?.ready() === true) return true
    if (this.#phase === 'ended') return false
    // With credit again there is something to do: at the least to see when the next step is due.
    if (credit.stalled !== 0) return credit.recheck()
    if (!runtime.isReady()) return false
    return this.#phase === 'ending' || runtime.controlPending || this.input.ready()
  }

  /**
   * When a step is due although nothing rings; Infinity for never. What must wait for credit, for a
   * sink or for a commit is not due: those ring.
   */
  nextWakeMs(): number {
    const { runtime, credit } = this.#options
    if (this.#phase === 'committing') return Number.POSITIVE_INFINITY
    // A barrier needs no credit, and no sink.
    const barrierMs = Math.min(
      this.input.barrierDueMs?.() ?? Number.POSITIVE_INFINITY,
      this.#checkpoints?.nextWakeMs() ?? Number.POSITIVE_INFINITY,
    )
    if (this.#phase === 'ended') return barrierMs
    if (credit.stalled !== 0 || !runtime.isReady()) return Math.min(this.#flushAtMs, barrierMs)
    return Math.min(runtime.nextWakeMs, this.#flushAtMs, this.input.nextWakeMs(), barrierMs)
  }

  step(): StepResult {
    if (this.#phase === 'finished') return 'finished'
    if (this.#phase === 'committing') return this.#awaitCommit()
    const { credit, clock } = this.#options
    if (this.#stepsToRehearsal > 0 && --this.#stepsToRehearsal === 0) this.#rehearse()
    const nowMs = clock.nowMs()
    this.#options.metrics.set('stepMs', nowMs)
    this.#flushIfDue(nowMs)
    if (nowMs >= this.#countersDueMs) this.publishCounters(nowMs)
    const walked = this.#checkpoints?.step() === true
    if (this.#phase === 'ended') return this.#takeBarrier() || walked ? 'progress' : 'idle'
    const stalled = credit.stalled !== 0 && !credit.recheck()
    const result = stalled ? 'backpressured' : this.#work(nowMs)
    if (result === 'progress' || result === 'finished') return result
    if (this.#takeBarrier() || walked) return 'progress'
    // No further step may come for long: what timers or watermarks just emitted is due, too.
    if (!stalled && this.#phase === 'running') this.#flushIfDue(nowMs)
    if (result === 'idle' && this.#flushAtMs !== Number.POSITIVE_INFINITY) this.#flushIdle()
    return result
  }

  /** A barrier needs no credit: one may be due where nothing else can be done. */
  #takeBarrier(): boolean {
    return this.#checkpoints !== undefined && this.input.takeBarrier?.() === true
  }

  /** Timers and watermarks emit as records do: neither goes on before every sink is ready. */
  #work(nowMs: number): StepResult {
    const { runtime } = this.#options
    if (!runtime.isReady()) return 'backpressured'
    runtime.fireProcessingTime(nowMs)
    if (!runtime.advanceControl()) return this.#pause()
    if (this.#phase === 'ending') return this.#end()
    if (!runtime.isReady()) return 'backpressured'
    const progress = this.input.step()
    if (progress === 'ended') {
      this.#phase = 'ending'
      if (runtime.control.watermarkOf(runtime.head) !== END_OF_TIME) runtime.watermark(END_OF_TIME)
      return 'progress'
    }
    return progress
  }

  /** What fires pauses for a barrier that is due, too. */
  #pause(): StepResult {
    this.#takeBarrier()
    return 'progress'
  }

  /** Publishes what is buffered: before the task goes to sleep for long. */
  flush(): void {
    for (const writer of this.#options.writers) writer.flush()
    this.#flushAtMs = Number.POSITIVE_INFINITY
  }

  /** Tells the world how far the task is: now and then, and before it sleeps. */
  publishCounters(nowMs: number): void {
    const { writers, metrics, runtime } = this.#options
    this.#countersDueMs = nowMs + COUNTERS_EVERY_MS
    metrics.set('recordsOut', sum(writers, 'records'))
    metrics.set('bytesOut', sum(writers, 'bytes') + runtime.bytesSunk)
    metrics.set('bytesIn', this.input.bytesTaken ?? 0)
    metrics.set('recordsSunk', runtime.recordsSunk)
    runtime.publishOperators()
    this.input.tick?.()
  }

  /** Runs a bounded range of a page or batch through its loop, counted and timed. */
  run<T>(loop: RangeLoop<T>, records: T, range: { readonly from: number; readonly to: number }) {
    const { clock, metrics } = this.#options
    const to = Math.min(range.to, range.from + this.#pacer.records)
    const startMs = clock.monotonicMs()
    const reached = loop(records, range.from, to)
    const endMs = clock.monotonicMs()
    this.#pacer.observe(reached - range.from, endMs - startMs)
    metrics.add('recordsIn', reached - range.from)
    return reached
  }

  async close(): Promise<void> {
    const closed = await Promise.allSettled([this.#input?.close(), this.#options.runtime.close()])
    const failed = closed.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  #flushIfDue(nowMs: number): void {
    if (nowMs >= this.#flushAtMs) return this.flush()
    if (this.#flushAtMs !== Number.POSITIVE_INFINITY) return
    if (this.#hasUnflushed()) {
      this.#flushAtMs = nowMs + this.#options.flushTimeoutMs
    }
  }

  /**
   * The task has time, and its pages are open. They need not wait if the source says that nothing
   * comes before they are due; and where a consumer has time too, they do not wait for more.
   */
  #flushIdle(): void {
    if (this.#restsUntilFlush()) return this.flush()
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs < this.#awaitedAtMs) return
    this.#awaitedAtMs = nowMs + this.#awaitedEveryMs
    for (const writer of this.#options.writers) writer.flushIfAwaited()
    if (!this.#hasUnflushed()) this.#flushAtMs = Number.POSITIVE_INFINITY
  }

  #hasUnflushed(): boolean {
    return this.#options.writers.some((writer) => writer.hasUnflushed)
  }

  #restsUntilFlush(): boolean {
    const inputMs = this.input.nextWakeMs()
    if (!Number.isFinite(inputMs)) return false
    return Math.min(inputMs, this.#options.runtime.nextWakeMs) >= this.#flushAtMs
  }

  #end(): StepResult {
    const { runtime, writers } = this.#options
    runtime.finish()
    for (const writer of writers) writer.end()
    this.#flushAtMs = Number.POSITIVE_INFINITY
    this.publishCounters(this.#options.clock.nowMs())
    if (this.#checkpoints !== undefined) return this.#endWithCheckpoint()
    this.#phase = 'committing'
    runtime.prepareCommit(FINAL_COMMIT).then(
      (commits) => this.#settle(() => (this.#commits = commits)),
      (error: unknown) => this.#settle(() => (this.#commitFailure = { error })),
    )
    return 'progress'
  }

  #endWithCheckpoint(): StepResult {
    const { attempt, task, send } = this.#options
    this.#phase = 'ended'
    send({ type: 'ended', attempt, task })
    return 'progress'
  }

  #settle(change: () => void): void {
    change()
    this.#options.wake()
  }

  #awaitCommit(): StepResult {
    if (this.#commitFailure !== undefined) throw this.#commitFailure.error
    if (this.#commits === undefined) return 'idle'
    const { attempt, task } = this.#options
    this.#phase = 'finished'
    this.#options.send({ type: 'finished', attempt, task, sinks: this.#commits })
    return 'finished'
  }
}

function sum(writers: readonly RecordWriter[], counter: 'records' | 'bytes'): number {
  return writers.reduce((total, writer) => total + writer[counter], 0)
}
