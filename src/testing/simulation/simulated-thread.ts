/**
 * A task's thread in a simulation: what `task/worker.ts` and its loop do, cut into acts that the
 * simulation starts whenever it likes, also in the middle of an act of another thread. It sleeps by
 * the doorbell's own protocol, so a wake-up that is lost is lost here, too.
 * Threads: the caller's.
 */
import type { Clock } from '../../base/clock.ts'
import { errorToData, SluiceError, withCode } from '../../base/errors.ts'
import { silentLogger } from '../../base/log.ts'
import type { Prng } from '../../base/prng.ts'
import { Doorbell } from '../../channel/doorbell.ts'
import { PARK_WORD } from '../../channel/doorbell-layout.ts'
import { R_WORD, W_WORD } from '../../channel/ring-layout.ts'
import type { SharedWords } from '../../channel/shared-words.ts'
import type { TaskEvents } from '../../coordinator/job-execution.ts'
import type { TaskThread } from '../../coordinator/job-world.ts'
import type { PreparedJob } from '../../coordinator/prepared-job.ts'
import type { JobOptions } from '../../graph/options.ts'
import type { TaskDeployment } from '../../protocol/deployment.ts'
import type { FromTask, ToTask } from '../../protocol/messages.ts'
import type { BuiltSubtask } from '../../task/build-subtask.ts'
import { buildSubtask } from '../../task/build-subtask.ts'
import type { TaskPacing } from '../../task/pacer.ts'
import type { StepResult } from '../../task/subtask.ts'
import { TaskMailbox } from '../../task/task-mailbox.ts'
import { Violation } from './simulated-sink.ts'

export interface SimulatedThreadOptions {
  readonly deployment: TaskDeployment
  readonly prepared: PreparedJob
  readonly events: TaskEvents
  readonly clock: Clock
  readonly words: SharedWords
  readonly pacing: TaskPacing
  readonly random: Prng
  /** What its own code has thrown, before it is told to the coordinator. */
  readonly onError: (error: unknown) => void
  readonly onCut: (checkpointId: number, task: number, collected: readonly number[]) => void
}

/** One in so many messages to a task is late, and all behind it are. */
const LATE_EVERY = 8

/** What the coordinator is told of a thread that has ended without a word. */
export const THREAD_ENDED = 'a thread of the simulation ended'

/** 'awaiting': the start, or the close. */
type Phase = 'new' | 'opening' | 'awaiting' | 'running' | 'closing' | 'gone'

/** What is on its way to the coordinator. 'exit': the thread ended without a word. */
type Sent = FromTask | 'exit'

/** Unwinds a thread that is gone, wherever it is. */
class ThreadGone extends Error {}

export class SimulatedThread implements TaskThread {
  readonly stopped: Promise<void>
  readonly deployment: TaskDeployment
  /** For traces: a step of it, one in the middle of another's, a message of it and for it. */
  readonly name: string
  readonly nested: string
  readonly message: string
  readonly mail: string
  /** True while one of its acts is under way: it cannot be entered again. */
  isBusy = false
  /** The mail that was sent and not delivered, oldest first. */
  readonly sent: Sent[] = []
  readonly #options: SimulatedThreadOptions
  readonly #doorbell: Doorbell
  readonly #park: Int32Array
  readonly #mailbox: TaskMailbox
  readonly #inbox: ToTask[] = []
  /** Sent by the coordinator, and not there yet. */
  readonly #late: ToTask[] = []
  readonly #inFlightBytesMax: number
  #phase: Phase = 'new'
  #isFinished = false
  #built: BuiltSubtask | undefined
  #isAsleep = false
  #why: StepResult = 'progress'
  #dueMs = Number.POSITIVE_INFINITY
  #resolveStopped: () => void = () => {}

  constructor(options: SimulatedThreadOptions) {
    this.#options = options
    this.deployment = options.deployment
    this.name = `task ${this.deployment.vertex}.${this.deployment.subtask}`
    this.nested = `  ${this.name}`
    this.message = `message of ${this.name}`
    this.mail = `late mail for ${this.name}`
    this.#doorbell = new Doorbell(options.deployment.doorbell, options.words)
    this.#park = new Int32Array(options.deployment.doorbell)
    this.#mailbox = new TaskMailbox(options.deployment.attempt)
    this.#inFlightBytesMax = inFlightBytesMaxOf(options.deployment)
    this.stopped = new Promise((resolve) => (this.#resolveStopped = resolve))
  }

  send(message: ToTask): void {
    if (this.#late.length > 0 || this.#options.random.below(LATE_EVERY) === 0) {
      this.#late.push(message)
    } else this.#receive(message)
  }

  get hasLateMail(): boolean {
    return this.#late.length > 0 && !this.isGone
  }

  /** The oldest message that is late arrives. */
  receiveLate(): void {
    this.#receive(this.#late.shift()!)
  }

  async terminate(): Promise<void> {
    this.exit()
    this.sent.length = 0
    this.#resolveStopped()
  }

  /** True if an act would do something. */
  get isAwake(): boolean {
    if (this.isBusy || this.isGone || this.#phase === 'opening') return false
    return !this.#isAsleep || this.#park[PARK_WORD] === 0 || this.isDue
  }

  get isGone(): boolean {
    return this.#phase === 'gone' || this.#phase === 'closing'
  }

  get isDue(): boolean {
    return this.#options.clock.nowMs() >= this.#dueMs
  }

  /** When it wakes although nobody rings. */
  get dueMs(): number {
    return this.isBusy || this.isGone || !this.#isAsleep ? Number.POSITIVE_INFINITY : this.#dueMs
  }

  /** It sleeps, and has something to do that somebody should have woken it for. */
  get hasMissedWakeUp(): boolean {
    if (this.isBusy || this.isGone || !this.#isAsleep) return false
    if (this.#park[PARK_WORD] === 0 || this.isDue) return false
    if (this.#doorbell.hasMail()) return true
    const { subtask } = this.#built!
    if (subtask.isStalled) return this.deployment.outputs.flat().every(isHalfRead)
    return this.#why === 'idle' && subtask.ready()
  }

  /** What it waits for outside of the simulation's reach is settled by the event loop. */
  get awaitsPromise(): boolean {
    if (this.#phase === 'opening' || this.#phase === 'closing') return true
    return this.#phase === 'running' && this.#built!.subtask.pendingPromises > 0
  }

  /** Between its acts it keeps no more than it may, and what became known in the last of them. */
  checkMemory(): void {
    if (this.#phase !== 'running' || this.isBusy) return
    const bytes = this.#built!.inFlightBytes()
    if (bytes <= this.#inFlightBytesMax) return
    throw new Violation(`${this.name} keeps ${bytes} bytes, at most ${this.#inFlightBytesMax}`)
  }

  /** One bounded step of whatever it is at. */
  act(): void {
    this.isBusy = true
    try {
      if (this.#isAsleep) this.#wakeUp()
      this.#act()
    } catch (error) {
      if (!(error instanceof ThreadGone) && !this.isGone) this.#fail(error)
    } finally {
      this.isBusy = false
    }
  }

  /** Throws where the thread has ended in the middle of its act. */
  checkAlive(): void {
    if (this.#phase === 'gone') throw new ThreadGone()
  }

  /** Ends it at once; of what it had sent the last may be lost with it. */
  exit(): void {
    if (this.#phase === 'gone') return
    this.#phase = 'gone'
    const { random } = this.#options
    if (random.below(2) === 0) this.sent.length = random.below(this.sent.length + 1)
    this.sent.push('exit')
    for (const end of [...this.deployment.inputs, ...this.deployment.outputs.flat()]) {
      end.port.close()
    }
  }

  /** The oldest message reaches the coordinator. */
  deliver(): void {
    const message = this.sent.shift()!
    const { events } = this.#options
    if (message === 'exit') {
      this.#resolveStopped()
      events.onFailure(new SluiceError('TASK_EXITED', THREAD_ENDED))
    } else if (message.type === 'failed') {
      events.onFailure(reported(message))
    } else {
      if (message.type === 'closed') this.#resolveStopped()
      events.onMessage(message)
    }
  }

  #receive(message: ToTask): void {
    this.#inbox.push(message)
    this.#doorbell.mail()
  }

  #act(): void {
    switch (this.#phase) {
      case 'new':
        return this.#build()
      case 'awaiting':
        return this.#await()
      case 'running':
        return this.#run()
      default:
        return
    }
  }

  #build(): void {
    const { prepared, deployment, clock, words, pacing, onCut } = this.#options
    const { attempt, task } = deployment
    this.sent.push({ type: 'built', attempt, task, fingerprint: prepared.fingerprint })
    this.#built = buildSubtask({
      jobGraph: prepared.jobGraph,
      deployment,
      doorbell: this.#doorbell,
      clock,
      log: silentLogger,
      send: (message) => this.sent.push(message),
      mayBlock: false,
      words,
      pacing,
      onCut: (checkpointId, counts) => onCut(checkpointId, task, counts),
    })
    this.#phase = 'opening'
    this.#built.open().then(
      () => {
        if (this.#phase !== 'opening') return
        this.#phase = 'awaiting'
        this.sent.push({ type: 'ready', attempt, task })
      },
      (error: unknown) => this.#fail(error),
    )
  }

  #await(): void {
    this.#takeMail()
    if (this.#mailbox.isCanceled || this.#mailbox.isClosing) return this.#close()
    if (this.#mailbox.isStarted && !this.#isFinished) {
      this.#phase = 'running'
      return
    }
    this.#sleep(Number.POSITIVE_INFINITY, () => this.#doorbell.hasMail())
  }

  #run(): void {
    const { subtask } = this.#built!
    this.#takeMail()
    for (let order = this.#mailbox.nextOrder(); order; order = this.#mailbox.nextOrder()) {
      this.#built!.take(order)
    }
    if (this.#mailbox.isCanceled || this.#mailbox.isClosing) return this.#close()
    const result = subtask.step()
    this.#why = result
    if (result === 'progress') return
    if (result === 'finished') {
      this.#isFinished = true
      this.#phase = 'awaiting'
      return
    }
    const wakeMs = subtask.nextWakeMs()
    // As a worker does: the look itself may find what is due sooner.
    const isDueSooner = () => subtask.nextWakeMs() < wakeMs
    this.#sleep(wakeMs, () => this.#doorbell.hasMail() || subtask.ready() || isDueSooner())
  }

  #sleep(dueMs: number, recheck: () => boolean): void {
    if (this.#options.clock.nowMs() >= dueMs || !this.#doorbell.fallAsleep(recheck)) return
    this.#isAsleep = true
    this.#dueMs = dueMs
  }

  #wakeUp(): void {
    this.#isAsleep = false
    this.#dueMs = Number.POSITIVE_INFINITY
    this.#doorbell.awake()
  }

  #takeMail(): void {
    if (!this.#doorbell.takeMail()) return
    for (const message of this.#inbox.splice(0)) this.#mailbox.take(message)
  }

  /** As a worker does: told at once, before anything is closed. */
  #fail(error: unknown): void {
    if (this.isGone) return
    this.#options.onError(error)
    const { attempt, task } = this.deployment
    this.sent.push({ type: 'failed', attempt, task, error: errorToData(error) })
    this.#close()
  }

  #close(): void {
    const { attempt, task } = this.deployment
    this.#phase = 'closing'
    const closed = () => {
      if (this.#phase === 'closing') this.sent.push({ type: 'closed', attempt, task })
    }
    if (this.#built === undefined) return closed()
    this.#built.close().then(closed, closed)
  }
}

/** What the task may keep, and the rings, all of which may belong to a checkpoint at once. */
function inFlightBytesMaxOf({ inputs, options }: TaskDeployment): number {
  const ringBytes = inputs.reduce((sum, { ring }) => sum + ring.byteLength, 0)
  return (options as JobOptions).checkpointChannelStateBytesMax + 2 * ringBytes
}

/** Then a producer that waits for credit is woken; before it would not be worth its while. */
function isHalfRead({ ring, size }: TaskDeployment['outputs'][number][number]): boolean {
  const words = new Int32Array(ring, 0, R_WORD + 1)
  return ((words[W_WORD]! - words[R_WORD]!) | 0) <= size.creditSegments >> 1
}

function reported({ error }: Extract<FromTask, { type: 'failed' }>): Error {
  const { code, message } = error
  if (code !== undefined) return new SluiceError(code, message)
  return withCode(new Error(`${error.name}: ${message}`), { code: 'TASK_FAILED', what: 'a task' })
}
