/**
 * One checkpoint between its trigger and its end: who has acknowledged it, and how far it has come.
 * While its metadata are being written it is neither expired nor aborted, since nobody could say
 * whether they become visible; one that is not wanted any more is condemned, and ends when the
 * writing has.
 * Threads: main.
 */
import { assert } from '../base/assert.ts'
import type { CheckpointFailure, TriggerKind } from './events.ts'

const successors = {
  collecting: ['publishing'],
  publishing: ['condemned'],
  condemned: [],
} as const satisfies Record<string, readonly string[]>

export type PendingPhase = keyof typeof successors

export type Acknowledgement =
  /** It was awaited. */
  | 'success'
  /** The task has acknowledged before. */
  | 'duplicate'
  /** The task has no part in this checkpoint. */
  | 'unknown'

export interface PendingFacts {
  readonly id: number
  readonly kind: TriggerKind
  readonly tasks: readonly number[]
  readonly triggeredMs: number
  readonly timeoutMs: number
}

export class PendingCheckpoint {
  readonly id: number
  readonly kind: TriggerKind
  readonly expiresMs: number
  readonly timeoutMs: number
  readonly #tasks: ReadonlySet<number>
  readonly #waiting: Set<number>
  #phase: PendingPhase = 'collecting'
  #condemnation: CheckpointFailure | undefined

  constructor({ id, kind, tasks, triggeredMs, timeoutMs }: PendingFacts) {
    this.id = id
    this.kind = kind
    this.expiresMs = triggeredMs + timeoutMs
    this.timeoutMs = timeoutMs
    this.#tasks = new Set(tasks)
    this.#waiting = new Set(tasks)
  }

  get phase(): PendingPhase {
    return this.#phase
  }

  get isAcknowledged(): boolean {
    return this.#waiting.size === 0
  }

  /** Why it ends as soon as its publishing does. */
  get condemnation(): CheckpointFailure | undefined {
    return this.#condemnation
  }

  acknowledge(task: number): Acknowledgement {
    if (!this.#tasks.has(task)) return 'unknown'
    return this.#waiting.delete(task) ? 'success' : 'duplicate'
  }

  publish(): void {
    assert(this.isAcknowledged, `checkpoint ${this.id} is published before all acknowledged it`)
    this.#move('publishing')
  }

  /** The first reason stays. */
  condemn(failure: CheckpointFailure): void {
    if (this.#phase === 'condemned') return
    this.#move('condemned')
    this.#condemnation = failure
  }

  #move(to: PendingPhase): void {
    const allowed: readonly string[] = successors[this.#phase]
    assert(allowed.includes(to), `checkpoint ${this.id} went from ${this.#phase} to ${to}`)
    this.#phase = to
  }
}
