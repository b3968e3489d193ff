/**
 * A job that takes checkpoints as the coordinator wants, in virtual time: its tasks acknowledge,
 * decline or say nothing, its storage is slow or fails, it crashes, restarts and ends. All of it
 * follows from a seed. From `mendedMs` on everything works.
 */
import { type Prng, prng } from '../../src/base/prng.ts'
import { ALIGNED } from '../../src/channel/barrier.ts'
import { CheckpointCoordinatorState } from '../../src/checkpoint/coordinator.ts'
import type {
  CheckpointEffect,
  CheckpointEvent,
  CheckpointSettings,
} from '../../src/checkpoint/events.ts'

const mendedMs = 60_000
const endOfTimeMs = 2_000_000

/** An event without its time. */
type Happening = CheckpointEvent extends infer E
  ? E extends CheckpointEvent
    ? Omit<E, 'nowMs'>
    : never
  : never

interface Planned {
  readonly timeMs: number
  readonly order: number
  /** What happens, decided when the time has come; undefined: nothing any more. */
  readonly happen: () => Happening | undefined
}

export type Watcher = (event: CheckpointEvent, effects: readonly CheckpointEffect[]) => void

export class SimulatedJob {
  readonly settings: CheckpointSettings
  readonly firstId: number
  readonly retained: readonly number[]
  readonly #random: Prng
  readonly #watch: Watcher
  readonly #coordinator: CheckpointCoordinatorState
  readonly #planned: Planned[] = []
  #order = 0
  #nowMs = 0
  #attempt = 0
  #tasks: readonly number[] = []
  #isRunning = false
  #isOver = false
  #timer = 0
  #requests = 0

  constructor(seed: number, watch: Watcher) {
    this.#random = prng(seed)
    this.#watch = watch
    this.settings = this.#anySettings()
    this.retained = [[], [3], [2, 5]][this.#random.below(3)]!.slice(0, this.settings.retained)
    this.firstId = 1 + Math.max(0, ...this.retained) + this.#random.below(3)
    const { settings, firstId, retained } = this
    this.#coordinator = new CheckpointCoordinatorState({ settings, firstId, retained })
  }

  get isOver(): boolean {
    return this.#isOver
  }

  run(): void {
    this.#plan(this.#random.below(100), () => (this.#attempt === 0 ? this.#start() : undefined))
    for (let i = this.#random.below(20); i > 0; i--) this.#plan(this.#anyTime(), () => this.#ask())
    for (let i = this.#random.below(4); i > 0; i--) this.#plan(this.#anyTime(), () => this.#crash())
    for (let i = this.#random.below(5); i > 0; i--)
      this.#plan(this.#anyTime(), () => this.#change())
    while (this.#planned.length > 0) {
      const next = this.#takeNext()
      if (next.timeMs > endOfTimeMs) return
      this.#nowMs = Math.max(this.#nowMs, next.timeMs)
      const happening = next.happen()
      if (happening !== undefined) this.#tell({ ...happening, nowMs: this.#nowMs })
    }
  }

  #tell(event: CheckpointEvent): void {
    const effects = this.#coordinator.handle(event)
    this.#watch(event, effects)
    for (const effect of effects) this.#carryOut(effect)
  }

  #carryOut(effect: CheckpointEffect): void {
    switch (effect.type) {
      case 'trigger':
        for (const task of this.#tasks) this.#answer(effect.checkpointId, task)
        return
      case 'write-metadata':
        return this.#publish(effect.checkpointId)
      case 'wake-at':
        return this.#setTimer(effect.timeMs)
      case 'fail-job':
        return this.#plan(this.#random.below(20), () => this.#crash())
      case 'finish':
        return this.#plan(this.#random.below(20), () => this.#commitAndEnd())
    }
  }

  #start(): Happening {
    this.#isRunning = true
    const attempt = ++this.#attempt
    this.#tasks = Array.from({ length: 1 + this.#random.below(4) }, (_, task) => task)
    const endMs = this.#isMended ? 5000 : 20_000
    for (const task of this.#tasks) {
      this.#plan(this.#random.below(endMs) + (this.#isMended ? 5000 : 0), () => {
        return attempt === this.#attempt && this.#isRunning
          ? { type: 'task-ended', task }
          : undefined
      })
    }
    return { type: 'running', tasks: this.#tasks }
  }

  #change(): Happening {
    return { type: 'settings', settings: this.#anySettings() }
  }

  #crash(): Happening | undefined {
    if (this.#isOver) return undefined
    if (!this.#isRunning) return undefined
    this.#isRunning = false
    this.#plan(this.#random.below(300), () => this.#stop())
    return { type: 'stopping' }
  }

  #stop(): Happening {
    this.#plan(this.#random.below(500), () => this.#start())
    return { type: 'stopped', final: false }
  }

  /** The last commit may fail, too. */
  #commitAndEnd(): Happening | undefined {
    if (!this.#isRunning || this.#isOver) return undefined
    if (!this.#isMended && this.#oneIn(3)) return this.#crash()
    this.#isOver = true
    this.#isRunning = false
    return { type: 'stopped', final: true }
  }

  #ask(): Happening {
    return { type: 'request', request: this.#requests++ }
  }

  #answer(checkpointId: number, task: number): void {
    const delayMs = this.#anyDelay()
    const outcome = this.#isMended ? 0 : this.#random.below(12)
    if (outcome === 11) return
    this.#plan(delayMs, () =>
      outcome === 10
        ? { type: 'declined', checkpointId, task, failure: declined }
        : { type: 'acknowledged', checkpointId, task },
    )
    if (outcome !== 9) return
    const stranger = this.#oneIn(2) ? task : task + 100
    this.#plan(this.#anyDelay(), () => ({ type: 'acknowledged', checkpointId, task: stranger }))
  }

  #publish(checkpointId: number): void {
    const fails = !this.#isMended && this.#oneIn(6)
    this.#plan(this.#anyDelay(), () =>
      fails
        ? { type: 'publish-failed', checkpointId, failure: declined }
        : { type: 'published', checkpointId },
    )
  }

  /** Timers may come early, or late. */
  #setTimer(timeMs: number): void {
    const timer = ++this.#timer
    if (timeMs === Number.POSITIVE_INFINITY) return
    const offMs = this.#random.below(4) - 1
    this.#plan(Math.max(0, timeMs - this.#nowMs + offMs), () =>
      timer === this.#timer ? { type: 'tick' } : undefined,
    )
  }

  get #isMended(): boolean {
    return this.#nowMs >= mendedMs
  }

  #oneIn(n: number): boolean {
    return this.#random.below(n) === 0
  }

  #anyTime(): number {
    return this.#random.below(mendedMs)
  }

  #anyDelay(): number {
    if (this.#isMended) return this.#random.below(20)
    return this.#random.below([10, 300, 3000][this.#random.below(3)]!)
  }

  #anySettings(): CheckpointSettings {
    const pick = <T>(...values: readonly T[]): T => values[this.#random.below(values.length)]!
    return {
      intervalMs: pick(undefined, 10, 200, 1000, 5000),
      minPauseMs: pick(0, 0, 100, 2000),
      timeoutMs: pick(500, 2000, 600_000),
      concurrentMax: pick(1, 2, 3),
      failuresTolerated: pick(undefined, 0, 1, 5),
      retained: pick(1, 2, 3),
      rules: ALIGNED,
    }
  }

  #plan(delayMs: number, happen: Planned['happen']): void {
    this.#planned.push({ timeMs: this.#nowMs + delayMs, order: this.#order++, happen })
  }

  #takeNext(): Planned {
    let best = 0
    this.#planned.forEach((it, i) => {
      const { timeMs, order } = this.#planned[best]!
      if (it.timeMs < timeMs || (it.timeMs === timeMs && it.order < order)) best = i
    })
    return this.#planned.splice(best, 1)[0]!
  }
}

const declined = { reason: 'CHECKPOINT_DECLINED', message: 'no' } as const
