/**
 * The checkpoint coordinator: which checkpoints are taken, when each ends and how, and which are
 * kept. It is told events and answers with effects, and knows neither clock, thread nor storage, so
 * that every rule is a table in a test and a seed replays a run. One object serves all attempts of
 * a job: ids never repeat.
 * Threads: main.
 */
import { assert } from '../base/assert.ts'
import { endReasons, expiredAfter, REQUESTS_MAX, subsumedBy, tooManyFailed } from './end-reasons.ts'
import type {
  CheckpointEffect,
  CheckpointEvent,
  CheckpointFailure,
  CheckpointSettings,
  TriggerKind,
} from './events.ts'
import { FailureCounter } from './failures.ts'
import { PendingCheckpoint } from './pending-checkpoint.ts'
import { Retention } from './retention.ts'
import { decideTrigger, type TriggerDecision } from './trigger.ts'

/** How soon the final checkpoint is tried again: after the interval, within these bounds. */
const FINAL_RETRY_MS_MIN = 1_000
const FINAL_RETRY_MS_MAX = 10_000

const NEVER = Number.POSITIVE_INFINITY

export interface CoordinatorOptions {
  readonly settings: CheckpointSettings
  readonly firstId: number
  /** Completed checkpoints of earlier runs. */
  readonly retained: readonly number[]
}

const successors = {
  idle: ['idle', 'running', 'shut'],
  running: ['finished', 'stopping', 'idle', 'shut'],
  /** The final checkpoint is complete. Its output may still fail to be committed. */
  finished: ['idle', 'shut'],
  /** The attempt is about to end, or too many checkpoints have failed: none is begun. */
  stopping: ['idle', 'shut'],
  shut: ['shut'],
} as const satisfies Record<string, readonly string[]>

type Phase = keyof typeof successors

export class CheckpointCoordinatorState {
  #settings: CheckpointSettings
  readonly #failures: FailureCounter
  readonly #retention: Retention
  /** In the order of ids. */
  readonly #pending = new Map<number, PendingCheckpoint>()
  readonly #requests: number[] = []
  readonly #ended = new Set<number>()
  #phase: Phase = 'idle'
  #tasks: readonly number[] = []
  #nextId: number
  /** What the interval is counted from: the last periodic one, or when all tasks ran. */
  #periodicFromMs = NEVER
  #finalDueMs = 0
  #lastCompletedMs = -NEVER
  #wakeAtMs = NEVER
  #effects: CheckpointEffect[] = []

  constructor({ settings, firstId, retained }: CoordinatorOptions) {
    assert(settings.concurrentMax >= 1, 'no checkpoint may ever be pending')
    this.#settings = settings
    this.#failures = new FailureCounter(settings.failuresTolerated)
    this.#retention = new Retention(settings.retained, retained)
    assert(firstId > (this.#retention.newest ?? 0), `checkpoint ${firstId} is there already`)
    this.#nextId = firstId
  }

  /** Completed checkpoints that are kept, oldest first. */
  get retained(): readonly number[] {
    return this.#retention.ids
  }

  /** Checkpoints that have not ended, oldest first. */
  get pending(): readonly number[] {
    return [...this.#pending.keys()]
  }

  /** What is to be done, in this order. */
  handle(event: CheckpointEvent): readonly CheckpointEffect[] {
    this.#take(event)
    this.#expire(event.nowMs)
    const nextTriggerMs = this.#triggerWhatIsDue(event.nowMs)
    this.#askToBeWoken(nextTriggerMs)
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  #take(event: CheckpointEvent): void {
    switch (event.type) {
      case 'running':
        return this.#start(event)
      case 'stopping':
        // One that is finished, or failing, stays so; one that never ran has nothing to stop.
        if (this.#phase === 'running') this.#move('stopping')
        return
      case 'stopped':
        return this.#stop(event.final)
      case 'tick':
        // The timer is used up, and may have come early: it is asked for anew.
        this.#wakeAtMs = NEVER
        return
      case 'settings':
        return this.#change(event.settings)
      case 'request':
        return this.#request(event.request)
      case 'task-ended':
        this.#ended.add(event.task)
        return
      case 'acknowledged':
        return this.#acknowledge(event)
      case 'declined':
        return this.#decline(event)
      case 'published':
        return this.#published(event)
      case 'publish-failed':
        return this.#publishFailed(event)
    }
  }

  #start({ nowMs, tasks }: Extract<CheckpointEvent, { type: 'running' }>): void {
    assert(tasks.length > 0, 'a job without tasks')
    this.#move('running')
    this.#tasks = tasks
    this.#periodicFromMs = nowMs
    this.#finalDueMs = nowMs
  }

  #stop(final: boolean): void {
    this.#move(final ? 'shut' : 'idle')
    const failure = final ? endReasons.shutdown : endReasons.suspended
    for (const checkpoint of [...this.#pending.values()]) this.#giveUp(checkpoint, failure)
    for (const request of this.#requests.splice(0)) this.#refuse(request, failure)
    this.#ended.clear()
  }

  /** Those that are pending end as they would have. */
  #change(settings: CheckpointSettings): void {
    assert(settings.concurrentMax >= 1, 'no checkpoint may ever be pending')
    this.#settings = settings
    this.#failures.tolerate(settings.failuresTolerated)
    this.#retention.keep(settings.retained)
  }

  #request(request: number): void {
    const final = this.#pendingFinal
    if (final !== undefined) {
      this.#effects.push({ type: 'attach', request, checkpointId: final.id })
    } else if (this.#phase === 'finished' || this.#phase === 'shut') {
      this.#refuse(request, endReasons.shutdown)
    } else if (this.#phase !== 'running') {
      this.#refuse(request, endReasons.notRunning)
    } else if (this.#requests.length >= REQUESTS_MAX) {
      this.#refuse(request, endReasons.tooManyRequests)
    } else {
      this.#requests.push(request)
    }
  }

  #acknowledge({ checkpointId, task }: Extract<CheckpointEvent, { type: 'acknowledged' }>): void {
    // The files of a completed checkpoint count, whoever tells of them again.
    if (this.#retention.has(checkpointId)) return
    const checkpoint = this.#pending.get(checkpointId)
    const outcome = checkpoint?.acknowledge(task) ?? 'unknown'
    if (outcome === 'unknown') this.#effects.push({ type: 'discard', checkpointId, task })
    if (outcome !== 'success' || !checkpoint!.isAcknowledged) return
    // Whoever waits for what is being published has begun to wait.
    if (this.#phase === 'stopping') return
    checkpoint!.publish()
    this.#effects.push({ type: 'write-metadata', checkpointId })
  }

  #decline({ checkpointId, failure, nowMs }: Extract<CheckpointEvent, { type: 'declined' }>): void {
    const checkpoint = this.#pending.get(checkpointId)
    if (checkpoint?.phase === 'collecting') this.#fail(checkpoint, { failure, nowMs })
  }

  #published({ checkpointId, nowMs }: Extract<CheckpointEvent, { type: 'published' }>): void {
    const checkpoint = this.#publishedOne(checkpointId)
    if (checkpoint.condemnation !== undefined)
      return this.#abort(checkpoint, checkpoint.condemnation)
    this.#pending.delete(checkpointId)
    this.#failures.completed(checkpointId)
    this.#lastCompletedMs = nowMs
    const unneeded = this.#retention.add(checkpointId)
    this.#effects.push({ type: 'complete', checkpointId, kind: checkpoint.kind })
    this.#subsumeBefore(checkpointId)
    for (const id of unneeded) this.#effects.push({ type: 'delete', checkpointId: id })
    // An attempt that is failing has nothing to finish: the next one goes on from here.
    if (checkpoint.kind === 'final' && this.#phase === 'running') this.#finish()
  }

  #publishFailed({
    checkpointId,
    failure,
    nowMs,
  }: Extract<CheckpointEvent, { type: 'publish-failed' }>): void {
    const checkpoint = this.#publishedOne(checkpointId)
    if (checkpoint.condemnation !== undefined)
      return this.#abort(checkpoint, checkpoint.condemnation)
    const { message } = failure
    this.#fail(checkpoint, { failure: { reason: 'FINALIZE_CHECKPOINT_FAILURE', message }, nowMs })
  }

  #publishedOne(checkpointId: number): PendingCheckpoint {
    const checkpoint = this.#pending.get(checkpointId)
    assert(
      checkpoint !== undefined && checkpoint.phase !== 'collecting',
      `nobody asked for the metadata of checkpoint ${checkpointId}`,
    )
    return checkpoint
  }

  #subsumeBefore(checkpointId: number): void {
    const failure = subsumedBy(checkpointId)
    for (const checkpoint of [...this.#pending.values()]) {
      if (checkpoint.id < checkpointId) this.#giveUp(checkpoint, failure)
    }
  }

  #finish(): void {
    this.#move('finished')
    this.#effects.push({ type: 'finish' })
  }

  /** Ends it for a reason that does not count against it, now or as soon as that can be told. */
  #giveUp(checkpoint: PendingCheckpoint, failure: CheckpointFailure): void {
    if (checkpoint.phase === 'collecting') this.#abort(checkpoint, failure)
    else checkpoint.condemn(failure)
  }

  #fail(
    checkpoint: PendingCheckpoint,
    { failure, nowMs }: { readonly failure: CheckpointFailure; readonly nowMs: number },
  ): void {
    this.#abort(checkpoint, failure)
    if (checkpoint.kind === 'final') this.#finalDueMs = nowMs + this.#finalRetryMs
    if (!this.#failures.failed(checkpoint.id, failure.reason)) return
    // It may have failed the job already.
    if (this.#phase !== 'running') return
    this.#move('stopping')
    this.#effects.push({
      type: 'fail-job',
      failure: tooManyFailed(failure, this.#settings.failuresTolerated),
    })
  }

  #abort(checkpoint: PendingCheckpoint, failure: CheckpointFailure): void {
    this.#pending.delete(checkpoint.id)
    this.#effects.push({ type: 'abort', checkpointId: checkpoint.id, failure })
  }

  #refuse(request: number, failure: CheckpointFailure): void {
    this.#effects.push({ type: 'refuse', request, failure })
  }

  /** After the event itself: acknowledgements that waited behind a long pause still count. */
  #expire(nowMs: number): void {
    for (const checkpoint of [...this.#pending.values()]) {
      if (checkpoint.phase !== 'collecting' || nowMs < checkpoint.expiresMs) continue
      this.#fail(checkpoint, { failure: expiredAfter(checkpoint.timeoutMs), nowMs })
    }
  }

  /** Gives the time at which the next one is due, if only time is missing. */
  #triggerWhatIsDue(nowMs: number): number {
    for (;;) {
      const decision = this.#decide(nowMs)
      if (decision.kind === 'wait') return decision.untilMs
      this.#trigger(decision.as, nowMs)
    }
  }

  #decide(nowMs: number): TriggerDecision {
    const { concurrentMax, minPauseMs, intervalMs } = this.#settings
    return decideTrigger({
      nowMs,
      jobRunning: this.#phase === 'running',
      allEnded: this.#tasks.every((task) => this.#ended.has(task)),
      finalPending: this.#pendingFinal !== undefined,
      finalDueMs: this.#finalDueMs,
      requests: this.#requests.length,
      pendingCount: this.#pending.size,
      pendingCountMax: concurrentMax,
      periodicDueMs: this.#periodicFromMs + (intervalMs ?? NEVER),
      lastCompletedMs: this.#lastCompletedMs,
      minPauseMs,
    })
  }

  /** One of an earlier attempt is condemned, and is not waited for. */
  get #pendingFinal(): PendingCheckpoint | undefined {
    return [...this.#pending.values()].find(
      ({ kind, phase }) => kind === 'final' && phase !== 'condemned',
    )
  }

  #trigger(kind: TriggerKind, nowMs: number): void {
    const { timeoutMs, rules } = this.#settings
    const id = this.#nextId++
    const timed = { triggeredMs: nowMs, timeoutMs }
    this.#pending.set(id, new PendingCheckpoint({ id, kind, tasks: this.#tasks, ...timed }))
    if (kind === 'periodic') this.#periodicFromMs = nowMs
    this.#effects.push({ type: 'trigger', checkpointId: id, kind, triggeredMs: nowMs, rules })
    for (const request of this.#requests.splice(0, requestsServedBy(kind))) {
      this.#effects.push({ type: 'attach', request, checkpointId: id })
    }
  }

  #askToBeWoken(nextTriggerMs: number): void {
    let timeMs = nextTriggerMs
    for (const { phase, expiresMs } of this.#pending.values()) {
      if (phase === 'collecting') timeMs = Math.min(timeMs, expiresMs)
    }
    if (timeMs === this.#wakeAtMs) return
    this.#wakeAtMs = timeMs
    this.#effects.push({ type: 'wake-at', timeMs })
  }

  get #finalRetryMs(): number {
    const intervalMs = this.#settings.intervalMs ?? FINAL_RETRY_MS_MIN
    return Math.min(Math.max(intervalMs, FINAL_RETRY_MS_MIN), FINAL_RETRY_MS_MAX)
  }

  #move(to: Phase): void {
    const allowed: readonly string[] = successors[this.#phase]
    assert(allowed.includes(to), `the checkpoint coordinator went from ${this.#phase} to ${to}`)
    this.#phase = to
  }
}

/** Nothing can change any more when the final one is taken, so it is what everybody waits for. */
function requestsServedBy(kind: TriggerKind): number {
  return { periodic: 0, manual: 1, final: NEVER }[kind]
}
