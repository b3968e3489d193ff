/**
 * What the coordinator has told a task so far. Messages of other attempts are dropped. Orders are
 * kept in the order in which they were sent until the task takes them, between two records: a
 * split that was sent behind a trigger must not be in that checkpoint.
 * Threads: the task.
 */
import type { ToTask } from '../protocol/messages.ts'

type Sign = 'start' | 'close' | 'cancel'

/** What is carried out between two records. */
export type TaskOrder = Exclude<ToTask, { readonly type: Sign }>

export class TaskMailbox {
  readonly #attempt: number
  readonly #signs = new Set<Sign>()
  readonly #orders: TaskOrder[] = []

  constructor(attempt: number) {
    this.#attempt = attempt
  }

  get isStarted(): boolean {
    return this.#signs.has('start')
  }

  get isClosing(): boolean {
    return this.#signs.has('close')
  }

  get isCanceled(): boolean {
    return this.#signs.has('cancel')
  }

  take(message: ToTask): void {
    if (message.attempt !== this.#attempt) return
    if (message.type === 'start' || message.type === 'close' || message.type === 'cancel') {
      this.#signs.add(message.type)
    } else this.#orders.push(message)
  }

  /** The oldest order that was not taken. */
  nextOrder(): TaskOrder | undefined {
    return this.#orders.shift()
  }
}
