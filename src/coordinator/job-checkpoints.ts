/**
 * Carries out what the checkpoint coordinator decides, and tells it what came of it: messages to
 * tasks, files, metadata, the commit of output, the figures. One object serves all attempts.
 * Threads: main.
 */

import type { Clock } from '../base/clock.ts'
import { after } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { CheckpointStats, CheckpointUnderWay } from '../checkpoint/checkpoint-stats.ts'
import { CheckpointCoordinatorState } from '../checkpoint/coordinator.ts'
import type {
  CheckpointEffect,
  CheckpointEvent,
  CheckpointFailure,
  CheckpointSettings,
} from '../checkpoint/events.ts'
import type { CheckpointHold } from '../checkpoint/holds.ts'
import { causesFirst, holdsText } from '../checkpoint/holds.ts'
import type { CheckpointMetadata } from '../checkpoint/metadata.ts'
import { encodeMetadata } from '../checkpoint/metadata.ts'
import type { CheckpointStatistics } from '../checkpoint/statistics.ts'
import type { PreparedCommittables, ToTask } from '../protocol/messages.ts'
import { chunkBytes, chunkMemories } from '../state/state-file.ts'
import type { CheckpointStorage } from './checkpoint-storage.ts'
import type { AttemptCheckpoints, CheckpointMessage } from './job-execution.ts'
import type { OutputCommits } from './output-commits.ts'
import type { RunningCheckpoint, WaitedFor } from './running-checkpoint.ts'

export interface JobCheckpointsOptions {
  readonly settings: CheckpointSettings
  readonly firstId: number
  /** Of this job's directory, when it started. */
  readonly retained: readonly CheckpointMetadata[]
  /** Ids of damaged ones, to be deleted when another is complete. */
  readonly abandoned: readonly number[]
  readonly storage: CheckpointStorage
  /** Goes into the history: it begins anew where the job does. */
  readonly lineage: string
  readonly statistics: CheckpointStatistics
  readonly commits: OutputCommits
  readonly clock: Clock
  /** Calls back after so many ms of `clock`; the function it gives takes that back. */
  readonly after?: typeof after
  readonly log: Logger
}

/** What of an attempt a checkpoint needs. */
export interface AttemptView {
  readonly attempt: number
  readonly tasks: readonly number[]
  readonly sources: readonly number[]
  /** Starts the description of a checkpoint of this attempt, at its trigger. */
  readonly begin: (checkpointId: number, triggeredMs: number) => RunningCheckpoint
  readonly finish: () => void
  readonly fail: (error: Error) => void
  /** Why a task has not acknowledged; absent where nobody can tell. */
  readonly hold?: (waited: WaitedFor, checkpointId: number) => CheckpointHold
}

export class JobCheckpoints {
  readonly #options: JobCheckpointsOptions
  readonly #state: CheckpointCoordinatorState
  readonly #running = new Map<number, RunningCheckpoint>()
  readonly #completed: CheckpointMetadata[]
  readonly #abandoned: number[]
  readonly #published = new Map<number, Published>()
  /** Publishing has begun, and has neither succeeded nor been undone: a start may find them. */
  readonly #inDoubt = new Set<number>()
  readonly #requests = new Map<number, Request>()
  readonly #attached = new Map<number, number[]>()
  #lastRequest = 0
  #view: AttemptView | undefined
  #send: (task: number, message: ToTask) => void = () => {}
  #cancelTimer: () => void = () => {}
  /** Files that are being written, published or deleted. */
  readonly #work = new Set<Promise<void>>()
  readonly #publishing = new Set<Promise<void>>()

  constructor(options: JobCheckpointsOptions) {
    this.#options = options
    const { settings, firstId, retained } = options
    this.#completed = [...retained]
    this.#abandoned = [...options.abandoned]
    this.#state = new CheckpointCoordinatorState({
      settings,
      firstId,
      retained: retained.map((one) => one.checkpointId),
    })
  }

  /** The newest checkpoint that a new attempt can start from. */
  get latest(): CheckpointMetadata | undefined {
    return this.#completed.at(-1)
  }

  /** Whether any is on its way. */
  get isBusy(): boolean {
    return this.#state.pending.length > 0
  }

  /** What each that is under way waits for, oldest first. */
  get underWay(): readonly CheckpointUnderWay[] {
    const nowMs = this.#nowMs()
    return [...this.#running].map(([id, { triggeredMs }]) => {
      return { id, sinceMs: Math.max(0, nowMs - triggeredMs), waitingFor: this.#holdsOf(id) }
    })
  }

  /** Takes one now. Resolves with its id when it is complete; rejects with CHECKPOINT_FAILED. */
  trigger(): Promise<number> {
    const request = ++this.#lastRequest
    const answer = new Promise<number>((resolve, reject) => {
      this.#requests.set(request, { resolve, reject })
    })
    this.#handle({ type: 'request', nowMs: this.#nowMs(), request })
    return answer
  }

  /** For all that is triggered from now on, also by later attempts. */
  change(settings: CheckpointSettings): void {
    this.#handle({ type: 'settings', nowMs: this.#nowMs(), settings })
  }

  /** What a new attempt talks to. */
  attempt(view: AttemptView): AttemptCheckpoints {
    this.#view = view
    return {
      running: (send) => {
        this.#send = send
        this.#handle({ type: 'running', nowMs: this.#nowMs(), tasks: view.tasks })
      },
      take: (message) => {
        if (this.#view === view) this.#take(message)
      },
      stopped: () => this.#detach(view),
    }
  }

  /**
   * After an attempt: nothing of it is awaited any more, what was being published is complete, its
   * output is committed. Rejects if it could not be.
   */
  async settle(final: boolean): Promise<void> {
    // While one is waited for, the last file of another may be written.
    while (this.#publishing.size > 0) await Promise.all(this.#publishing)
    this.#handle({ type: 'stopped', nowMs: this.#nowMs(), final })
    try {
      await this.#options.commits.settled()
    } finally {
      await Promise.all(this.#work)
    }
  }

  /**
   * When all is settled, and before any output is withdrawn: one that failed to be published may
   * be there still, and would be restored without its output. Rejects while one cannot be deleted.
   */
  async removeInDoubt(): Promise<void> {
    for (const id of this.#inDoubt) {
      await this.#options.storage.delete(id)
      this.#inDoubt.delete(id)
    }
  }

  #detach(view: AttemptView): void {
    if (this.#view !== view) return
    // Until `settle` comes files go on being written, and somebody may ask for a checkpoint.
    this.#handle({ type: 'stopping', nowMs: this.#nowMs() })
    this.#view = undefined
    this.#send = () => {}
  }

  #take(message: CheckpointMessage): void {
    const { task } = message
    const nowMs = this.#nowMs()
    switch (message.type) {
      case 'ended':
        return this.#handle({ type: 'task-ended', nowMs, task })
      case 'state-chunk':
        return this.#writeChunk(message)
      case 'acknowledge':
        return this.#acknowledge(message)
      case 'decline': {
        const failure = { reason: 'CHECKPOINT_DECLINED', message: message.message } as const
        const { checkpointId } = message
        return this.#handle({ type: 'declined', nowMs, checkpointId, task, failure })
      }
    }
  }

  #writeChunk(message: Extract<CheckpointMessage, { type: 'state-chunk' }>): void {
    const { checkpointId, task, holds, chunk, attempt } = message
    const bytes = chunkBytes(chunk)
    // Pages may belong to another checkpoint, or still to be read.
    const memories = holds === 'in-flight' ? [] : chunkMemories(chunk)
    const told = { type: 'chunk-written', attempt, bytes } as const
    const done = () => this.#send(task, { ...told, memories })
    // Where a thread has died another may still be reading: what it reads is not written again.
    const failed = () => this.#send(task, { ...told, memories: [] })
    const running = this.#running.get(checkpointId)
    if (running === undefined) return done()
    const writing = this.#options.storage.writeChunk(checkpointId, chunk)
    running.writes(task, { holds, file: writing })
    this.#track(this.#work, writing.then(done, failed))
  }

  #acknowledge(message: Extract<CheckpointMessage, { type: 'acknowledge' }>): void {
    const { checkpointId, task } = message
    const running = this.#running.get(checkpointId)
    const acknowledged = () =>
      this.#handle({ type: 'acknowledged', nowMs: this.#nowMs(), checkpointId, task })
    if (running === undefined) return acknowledged()
    const failed = (error: unknown) => {
      const failure = failureOf('IO_EXCEPTION', error)
      this.#handle({ type: 'declined', nowMs: this.#nowMs(), checkpointId, task, failure })
    }
    running
      .acknowledge(message, () => this.#nowMs())
      .then((figures) => this.#options.statistics.acknowledged(figures))
      .then(acknowledged, failed)
  }

  #handle(event: CheckpointEvent): void {
    for (const effect of this.#state.handle(event)) this.#carryOut(effect)
  }

  #carryOut(effect: CheckpointEffect): void {
    switch (effect.type) {
      case 'trigger':
        return this.#trigger(effect)
      case 'write-metadata':
        return this.#publish(effect.checkpointId)
      case 'complete':
        return this.#complete(effect.checkpointId)
      case 'abort':
        return this.#abort(effect.checkpointId, effect.failure)
      case 'discard':
        return
      case 'delete':
        return this.#delete(effect.checkpointId)
      case 'refuse':
        return this.#refuse(effect.request, effect.failure)
      case 'attach':
        return this.#attach(effect.request, effect.checkpointId)
      case 'wake-at':
        return this.#wakeAt(effect.timeMs)
      case 'fail-job':
        return this.#view?.fail(checkpointsFailed(effect.failure))
      case 'finish':
        return this.#finish()
    }
  }

  #trigger(effect: Extract<CheckpointEffect, { type: 'trigger' }>): void {
    const { checkpointId, kind, triggeredMs, rules } = effect
    const view = this.#view!
    const { log, statistics, storage } = this.#options
    const running = view.begin(checkpointId, triggeredMs)
    this.#running.set(checkpointId, running)
    statistics.triggered({ checkpointId, kind, triggeredMs, tasksTotal: view.tasks.length })
    log.debug({ checkpoint: checkpointId, kind }, 'checkpoint triggered')
    const { attempt } = view
    for (const task of view.sources) {
      const barrier = { checkpointId, triggeredMs, ...rules }
      this.#send(task, { type: 'trigger-checkpoint', attempt, barrier })
    }
    storage.begin(checkpointId)
  }

  #publish(checkpointId: number): void {
    const { storage, commits, log } = this.#options
    const running = this.#running.get(checkpointId)!
    log.debug({ checkpoint: checkpointId }, 'checkpoint acknowledged by all tasks')
    const earlier = [...this.#publishing]
    const publish = async () => {
      // In turn: one that was there sooner than an earlier one would subsume it.
      await Promise.all(earlier)
      // Only now: what the earlier one held is committed with that.
      const own = running.committables(this.latest?.checkpointId ?? 0)
      const metadata = running.metadata([...commits.pending, ...own], this.#nowMs())
      this.#inDoubt.add(checkpointId)
      const bytes = encodeMetadata(metadata)
      await storage.publish(checkpointId, bytes)
      this.#published.set(checkpointId, { metadata, bytes: bytes.length, own })
    }
    const published = publish().then(
      () => this.#handle({ type: 'published', nowMs: this.#nowMs(), checkpointId }),
      (error: unknown) => {
        const failure = failureOf('FINALIZE_CHECKPOINT_FAILURE', error)
        const nowMs = this.#nowMs()
        this.#handle({ type: 'publish-failed', nowMs, checkpointId, failure })
      },
    )
    this.#track(this.#publishing, published)
  }

  #complete(checkpointId: number): void {
    const { commits, statistics, log } = this.#options
    const running = this.#running.get(checkpointId)!
    this.#running.delete(checkpointId)
    const { metadata, bytes, own } = this.#published.get(checkpointId)!
    this.#completed.push(metadata)
    this.#published.delete(checkpointId)
    // Older ones count on nothing that could still be withdrawn.
    for (const id of this.#inDoubt) if (id <= checkpointId) this.#inDoubt.delete(id)
    for (const id of this.#abandoned.splice(0)) this.#delete(id)
    const more = bytes - running.inlineBytes
    const entry = statistics.completed(checkpointId, this.#nowMs(), more)
    this.#record(entry)
    const { durationMs, bytes: size, persistedInFlightBytes: inFlightBytes = 0 } = entry
    const inFlight = inFlightBytes === 0 ? {} : { inFlightBytes }
    const told = { checkpoint: checkpointId, durationMs, bytes: size, ...inFlight }
    log.info(told, 'checkpoint complete')
    const attempt = this.#view?.attempt ?? 0
    for (const task of this.#view?.tasks ?? []) {
      this.#send(task, { type: 'complete-checkpoint', attempt, checkpointId })
    }
    for (const request of this.#requestsOf(checkpointId)) request.resolve(checkpointId)
    commits.commit(own).catch((error: unknown) => {
      this.#view?.fail(error as Error)
    })
  }

  #holdsOf(checkpointId: number): readonly CheckpointHold[] {
    const { hold } = this.#view ?? {}
    const waitsFor = this.#running.get(checkpointId)?.waitsFor
    if (hold === undefined || waitsFor === undefined) return []
    return causesFirst(waitsFor.map((waited) => hold(waited, checkpointId)))
  }

  /** Who is told of a checkpoint that took too long wants to know what it waited for. */
  #explained(checkpointId: number, failure: CheckpointFailure): CheckpointFailure {
    const holds = failure.reason === 'CHECKPOINT_EXPIRED' ? this.#holdsOf(checkpointId) : []
    if (holds.length === 0) return failure
    return { ...failure, message: `${failure.message}: ${holdsText(holds)}` }
  }

  #abort(checkpointId: number, why: CheckpointFailure): void {
    const { statistics, log } = this.#options
    const failure = this.#explained(checkpointId, why)
    const running = this.#running.get(checkpointId)
    this.#running.delete(checkpointId)
    this.#published.delete(checkpointId)
    const recorded = this.#record(
      statistics.failed(checkpointId, { failedMs: this.#nowMs(), failure }),
    )
    const { reason, message } = failure
    const level = reason === 'CHECKPOINT_SUBSUMED' ? 'debug' : 'warn'
    log[level]({ checkpoint: checkpointId, reason }, `checkpoint failed: ${message}`)
    const attempt = this.#view?.attempt ?? 0
    for (const task of this.#view?.tasks ?? []) {
      this.#send(task, { type: 'abort-checkpoint', attempt, checkpointId })
    }
    for (const request of this.#requestsOf(checkpointId)) request.reject(checkpointFailed(failure))
    // What is being written now must not stay behind, and the id must be known to have been taken.
    const deleted = Promise.all([recorded, running?.settled()]).then(() =>
      this.#remove(checkpointId),
    )
    this.#track(this.#work, deleted)
  }

  #delete(checkpointId: number): void {
    const at = this.#completed.findIndex((one) => one.checkpointId === checkpointId)
    if (at >= 0) this.#completed.splice(at, 1)
    this.#track(this.#work, this.#remove(checkpointId))
  }

  /** What cannot be deleted now is found at the next start: see also `removeInDoubt`. */
  async #remove(checkpointId: number): Promise<void> {
    const { storage, log } = this.#options
    try {
      await storage.delete(checkpointId)
      this.#inDoubt.delete(checkpointId)
    } catch (error) {
      const fields = { checkpoint: checkpointId, error: String(error) }
      log.error(fields, 'files of a checkpoint could not be deleted')
    }
  }

  #record(stats: CheckpointStats): Promise<void> {
    const { storage, log, lineage } = this.#options
    const recorded = storage
      .record({ checkpointId: stats.id, lineage, ...stats })
      .catch((error) => {
        log.error({ error: String(error) }, 'the history of checkpoints could not be written')
      })
    this.#track(this.#work, recorded)
    return recorded
  }

  #finish(): void {
    const view = this.#view
    this.#options.commits.settled().then(
      () => view?.finish(),
      () => {},
    )
  }

  #refuse(request: number, failure: CheckpointFailure): void {
    this.#requests.get(request)?.reject(checkpointFailed(failure))
    this.#requests.delete(request)
  }

  #attach(request: number, checkpointId: number): void {
    const attached = this.#attached.get(checkpointId) ?? []
    this.#attached.set(checkpointId, [...attached, request])
  }

  #requestsOf(checkpointId: number): readonly Request[] {
    const attached = this.#attached.get(checkpointId) ?? []
    this.#attached.delete(checkpointId)
    return attached.flatMap((id) => {
      const request = this.#requests.get(id)
      this.#requests.delete(id)
      return request === undefined ? [] : [request]
    })
  }

  #wakeAt(timeMs: number): void {
    this.#cancelTimer()
    if (timeMs === Number.POSITIVE_INFINITY) return
    const inMs = Math.max(0, timeMs - this.#nowMs())
    const { after: later = after } = this.#options
    this.#cancelTimer = later(inMs, () => this.#handle({ type: 'tick', nowMs: this.#nowMs() }))
  }

  #track(set: Set<Promise<void>>, work: Promise<void>): void {
    set.add(work)
    work.finally(() => set.delete(work))
  }

  #nowMs(): number {
    return this.#options.clock.nowMs()
  }
}

interface Published {
  readonly metadata: CheckpointMetadata
  /** Output that it was the first to hold. */
  readonly own: readonly PreparedCommittables[]
  readonly bytes: number
}

interface Request {
  readonly resolve: (checkpointId: number) => void
  readonly reject: (error: Error) => void
}

function failureOf(reason: CheckpointFailure['reason'], error: unknown): CheckpointFailure {
  return { reason, message: error instanceof Error ? error.message : String(error) }
}

function checkpointFailed({ reason, message }: CheckpointFailure): SluiceError {
  return new SluiceError('CHECKPOINT_FAILED', `${reason}: ${message}`, {
    hint: 'the job goes on; job.checkpoints tells when one has succeeded',
  })
}

function checkpointsFailed({ reason, message }: CheckpointFailure): SluiceError {
  const text = 'more checkpoints have failed than are tolerated'
  return new SluiceError(
    'TOO_MANY_CHECKPOINTS_FAILED',
    `${text}; the last: ${reason}: ${message}`,
    {
      hint: 'mend what the last one says, or tolerate more (tolerable-failed-checkpoints)',
    },
  )
}
