/** What holds for every run, whatever its tasks and its storage do. */
import { expect, test } from 'vitest'
import { assert } from '../../src/base/assert.ts'
import type {
  CheckpointEffect,
  CheckpointEvent,
  CheckpointSettings,
  TriggerKind,
} from '../../src/checkpoint/events.ts'
import { SimulatedJob } from './simulated-job.ts'

const SEEDS = 1500

test('every run keeps the rules, and ends once everything works', () => {
  const seen = { complete: 0, abort: 0, 'fail-job': 0, refuse: 0, discard: 0, delete: 0 }
  for (let seed = 1; seed <= SEEDS; seed++) {
    for (const type of runWith(seed)) if (type in seen) seen[type as keyof typeof seen]++
  }
  // A simulation in which nothing happens would prove nothing.
  for (const [type, count] of Object.entries(seen)) expect(count, type).toBeGreaterThan(SEEDS / 10)
})

/** Gives the types of all effects there were. */
function runWith(seed: number): readonly string[] {
  const types: string[] = []
  try {
    const job = new SimulatedJob(seed, (event, effects) => {
      types.push(...effects.map(({ type }) => type))
      rules.see(event, effects)
    })
    const rules = new Rules(job.settings, job.retained)
    job.run()
    assert(job.isOver, 'the job did not end')
    rules.end()
  } catch (cause) {
    throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause })
  }
  return types
}

/** Knows only the contract: what may follow what. */
class Rules {
  #settings: CheckpointSettings
  /** Fewer are retained from the next that is complete on. */
  #retainedMax: number
  readonly #pending = new Map<number, TriggerKind>()
  readonly #publishing = new Set<number>()
  readonly #awaited = new Map<number, Set<number>>()
  readonly #requests = new Map<number, 'asked' | number>()
  readonly #retained: Set<number>
  #completedLast: number
  #completedAtMs = -Infinity
  #triggeredLast = 0
  #attemptFromId = 0
  #running = false
  #mayTrigger = false
  #tasks: readonly number[] = []
  #ended = new Set<number>()
  #runningSinceMs = 0
  #completedFinally = false
  #isShut = false

  constructor(settings: CheckpointSettings, retained: readonly number[]) {
    this.#settings = settings
    this.#retainedMax = settings.retained
    this.#retained = new Set(retained)
    this.#completedLast = Math.max(0, ...retained)
  }

  see(event: CheckpointEvent, effects: readonly CheckpointEffect[]): void {
    this.#note(event)
    for (const effect of effects) this.#check(effect, event)
    if (event.type !== 'stopped') return
    this.#mayTrigger = false
    for (const id of this.#pending.keys()) {
      assert(this.#publishing.has(id), `checkpoint ${id} outlived its attempt`)
    }
    for (const [request, state] of this.#requests) {
      assert(state !== 'asked', `request ${request} outlived its attempt`)
    }
  }

  end(): void {
    assert(this.#isShut, 'not shut down')
    assert(this.#pending.size === 0, `left over: ${[...this.#pending.keys()]}`)
    assert(this.#requests.size === 0, `never answered: ${[...this.#requests.keys()]}`)
    assert(this.#completedFinally, 'ended without a final checkpoint')
    assert(this.#retained.size <= this.#retainedMax, 'too many are retained')
  }

  #note(event: CheckpointEvent): void {
    if (event.type === 'running') {
      this.#running = true
      this.#mayTrigger = true
      this.#attemptFromId = this.#triggeredLast
      this.#tasks = event.tasks
      this.#runningSinceMs = event.nowMs
    } else if (event.type === 'settings') {
      this.#settings = event.settings
      this.#retainedMax = Math.max(this.#retainedMax, event.settings.retained)
    } else if (event.type === 'stopping') {
      this.#mayTrigger = false
    } else if (event.type === 'stopped') {
      this.#running = false
      this.#isShut = event.final
      this.#ended.clear()
    } else if (event.type === 'task-ended') {
      this.#ended.add(event.task)
    } else if (event.type === 'request') {
      this.#requests.set(event.request, 'asked')
    } else if (event.type === 'acknowledged') {
      this.#awaited.get(event.checkpointId)?.delete(event.task)
    } else if (event.type === 'published' || event.type === 'publish-failed') {
      this.#publishing.delete(event.checkpointId)
    }
  }

  #check(effect: CheckpointEffect, event: CheckpointEvent): void {
    switch (effect.type) {
      case 'trigger':
        return this.#triggered(effect, event.nowMs)
      case 'write-metadata':
        assert(this.#pending.has(effect.checkpointId), 'writes what is not pending')
        assert(this.#awaited.get(effect.checkpointId)!.size === 0, 'writes what is incomplete')
        this.#publishing.add(effect.checkpointId)
        return
      case 'complete':
        return this.#completed(effect, event)
      case 'abort':
        assert(!this.#publishing.has(effect.checkpointId), 'aborts what is being published')
        return this.#over(effect.checkpointId)
      case 'discard':
        assert(event.type === 'acknowledged', 'discards out of the blue')
        assert(effect.checkpointId === event.checkpointId, 'discards of another')
        assert(!this.#retained.has(effect.checkpointId), 'discards what is retained')
        return
      case 'delete':
        assert(this.#retained.delete(effect.checkpointId), 'deletes what is not retained')
        return
      case 'refuse':
        assert(this.#requests.get(effect.request) === 'asked', 'refuses what nobody asks')
        this.#requests.delete(effect.request)
        return
      case 'attach':
        assert(this.#requests.get(effect.request) === 'asked', 'attaches what nobody asks')
        assert(this.#pending.has(effect.checkpointId), 'attaches to what is not pending')
        assert(effect.checkpointId > this.#attemptFromId, 'attaches to an earlier attempt')
        this.#requests.set(effect.request, effect.checkpointId)
        return
      case 'fail-job':
        assert(this.#running && this.#mayTrigger, 'fails a job that does not run')
        assert(this.#settings.failuresTolerated !== undefined, 'fails a job that tolerates all')
        this.#mayTrigger = false
        return
      case 'finish':
        assert(this.#mayTrigger, 'finishes a job that does not run')
        assert(event.type === 'published', 'finishes out of the blue')
        this.#mayTrigger = false
        return
      case 'wake-at':
        assert(effect.timeMs > event.nowMs, 'wants to be woken in the past')
    }
  }

  #triggered(
    { checkpointId, kind }: Extract<CheckpointEffect, { type: 'trigger' }>,
    nowMs: number,
  ): void {
    const { intervalMs, minPauseMs, concurrentMax } = this.#settings
    assert(this.#mayTrigger, 'triggers when it may not')
    assert(checkpointId > this.#triggeredLast, 'an id went back')
    assert(checkpointId > this.#completedLast, 'an id is used again')
    assert((kind === 'final') === this.#haveAllEnded, `triggers a ${kind} one at the wrong time`)
    if (kind !== 'final') assert(this.#pending.size < concurrentMax, 'too many are pending')
    if (kind === 'periodic') {
      assert(nowMs >= this.#runningSinceMs + intervalMs!, 'triggers too early')
      assert(nowMs >= this.#completedAtMs + minPauseMs, 'triggers within the pause')
    }
    this.#triggeredLast = checkpointId
    this.#pending.set(checkpointId, kind)
    this.#awaited.set(checkpointId, new Set(this.#tasks))
  }

  #completed(
    { checkpointId, kind }: Extract<CheckpointEffect, { type: 'complete' }>,
    { nowMs, type }: CheckpointEvent,
  ): void {
    assert(type === 'published', 'completes out of the blue')
    assert(checkpointId > this.#completedLast, 'completes an older one after a newer')
    assert(this.#pending.get(checkpointId) === kind, 'completes as another kind')
    assert(this.#running, 'completes after the attempt')
    this.#over(checkpointId)
    this.#completedLast = checkpointId
    this.#retainedMax = this.#settings.retained
    this.#completedAtMs = nowMs
    this.#retained.add(checkpointId)
    this.#completedFinally = kind === 'final'
  }

  #over(checkpointId: number): void {
    assert(this.#pending.delete(checkpointId), `checkpoint ${checkpointId} is not pending`)
    this.#awaited.delete(checkpointId)
    for (const [request, state] of this.#requests) {
      if (state === checkpointId) this.#requests.delete(request)
    }
  }

  get #haveAllEnded(): boolean {
    return this.#tasks.every((task) => this.#ended.has(task))
  }
}
