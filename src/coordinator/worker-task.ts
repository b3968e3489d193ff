/**
 * One worker thread as the coordinator sees it: messages both ways, and every way in which a
 * thread can die told as one failure.
 * Threads: main.
 */
import { setFlagsFromString } from 'node:v8'
import type { TransferListItem } from 'node:worker_threads'
import { Worker } from 'node:worker_threads'
import { errorFromData, SluiceError } from '../base/errors.ts'
import { Doorbell } from '../channel/doorbell.ts'
import type { TaskDeployment } from '../protocol/deployment.ts'
import type { FromTask, ToTask } from '../protocol/messages.ts'

export interface WorkerTaskOptions {
  readonly deployment: TaskDeployment
  readonly transfer: readonly TransferListItem[]
  /** Name of the vertex, for errors. */
  readonly vertexName: string
  readonly heapBytes: number
  readonly onMessage: (message: FromTask) => void
  readonly onFailure: (error: Error) => void
}

const MB = 1024 ** 2

const UNCAUGHT = {
  rejection: {
    what: 'nobody handled the rejection of a promise',
    hint: 'await the promise, or catch its rejection where it is made',
  },
  error: {
    what: 'an error was thrown in a callback, where nobody catches it',
    hint: 'catch it in the timer or event handler that throws it',
  },
} as const

/**
 * Each thread collects its young garbage by itself. V8's helpers would need a core that another
 * task has, and the thread they help would wait for them: a fifth of an exchange's records, and
 * the longest of all waits at a fixed rate.
 */
const COLLECT_ALONE = '--no-parallel-scavenge'

/** Node's exit code of a thread that awaits a promise which nothing can settle any more. */
const UNSETTLED = 13
const UNSETTLED_HINT = 'open() or close() awaits a promise that nothing can resolve'
const EXIT_HINT = 'user code must not call process.exit() in a job'

export class WorkerTask {
  readonly deployment: TaskDeployment
  /** Resolves when user code of the task has ended: it said so, or its thread is gone. */
  readonly stopped: Promise<void>
  readonly #exited: Promise<void>
  readonly #options: WorkerTaskOptions
  readonly #worker: Worker
  readonly #doorbell: Doorbell
  #expectsExit = false
  #isToRing = false
  #resolveStopped: () => void = () => {}

  constructor(options: WorkerTaskOptions) {
    this.#options = options
    this.deployment = options.deployment
    this.#doorbell = new Doorbell(options.deployment.doorbell)
    // For the process, and read at each collection: to say it again changes nothing.
    setFlagsFromString(COLLECT_ALONE)
    this.#worker = new Worker(new URL('../task/worker.js', import.meta.url), {
      name: `${options.vertexName} (${options.deployment.subtask})`,
      workerData: options.deployment,
      transferList: [...options.transfer],
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(options.heapBytes / MB) },
    })
    this.#worker.on('message', (message: FromTask) => this.#take(message))
    this.#worker.on('error', (error) => this.#died(error))
    this.#worker.on('messageerror', (error) => this.#died(error))
    this.stopped = new Promise((resolve) => (this.#resolveStopped = resolve))
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        resolve()
        this.#resolveStopped()
        if (!this.#expectsExit) options.onFailure(this.#exitError(code))
      })
    })
  }

  send(message: ToTask): void {
    this.#worker.postMessage(message)
    if (this.#isToRing) return
    this.#isToRing = true
    queueMicrotask(this.#ring)
  }

  /** Whoever is rung for may take the core from the one that rings: all are posted to before. */
  readonly #ring = (): void => {
    this.#isToRing = false
    this.#doorbell.mail()
  }

  /** Ends the thread wherever it is; resolves when it is gone. */
  async terminate(): Promise<void> {
    this.#expectsExit = true
    await this.#worker.terminate()
    await this.#exited
  }

  #take(message: FromTask): void {
    if (message.attempt !== this.deployment.attempt) return
    if (message.type === 'failed') return this.#options.onFailure(this.#reported(message))
    if (message.type === 'closed') {
      // A thread that has closed itself may end before it is told to.
      this.#expectsExit = true
      this.#resolveStopped()
    }
    this.#options.onMessage(message)
  }

  /** An error that has no code yet gets one, and the name of the task's operators. */
  #reported({ error, uncaught }: Extract<FromTask, { type: 'failed' }>): Error {
    const reported = errorFromData(error)
    if (uncaught === undefined) {
      return reported instanceof SluiceError ? reported : this.#uncaught(reported)
    }
    const operator = this.#options.vertexName
    const { what, hint } = UNCAUGHT[uncaught]
    const message = `'${operator}' failed: ${what}: ${error.message}`
    return new SluiceError('TASK_FAILED', message, { operator, hint, cause: reported })
  }

  #died(error: Error & { code?: string }): void {
    const operator = this.#options.vertexName
    if (error.code !== 'ERR_WORKER_OUT_OF_MEMORY')
      return this.#options.onFailure(this.#uncaught(error))
    const megabytes = Math.ceil(this.#options.heapBytes / MB)
    this.#options.onFailure(
      new SluiceError(
        'TASK_OUT_OF_MEMORY',
        `'${operator}' ran out of memory: its heap reached ${megabytes} mb`,
        {
          operator,
          cause: error,
          hint: 'raise task.heap.size, raise the parallelism, or keep less in plain variables',
        },
      ),
    )
  }

  #uncaught(error: Error): SluiceError {
    const operator = this.#options.vertexName
    const code = error.name === 'InvariantViolation' ? 'INTERNAL' : 'TASK_FAILED'
    return new SluiceError(code, `'${operator}' failed: ${error.message}`, {
      operator,
      cause: error,
    })
  }

  #exitError(code: number): SluiceError {
    const operator = this.#options.vertexName
    return new SluiceError(
      'TASK_EXITED',
      `the thread of '${operator}' ended by itself with exit code ${code}`,
      { operator, hint: code === UNSETTLED ? UNSETTLED_HINT : EXIT_HINT },
    )
  }
}
