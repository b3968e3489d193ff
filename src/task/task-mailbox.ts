/**
 * What the coordinator has told a task so far. Messages of other attempts are dropped.
 * Threads: the task.
 */
import { unreachable } from '../base/assert.ts'
import type { Split } from '../operator/source.ts'
import type { ToTask } from '../protocol/messages.ts'

export interface TaskMailboxOptions {
  readonly attempt: number
  readonly onSplits: (splits: readonly Split[], last: boolean) => void
}

export class TaskMailbox {
  readonly #options: TaskMailboxOptions
  #isStarted = false
  #isClosing = false
  #isCanceled = false

  constructor(options: TaskMailboxOptions) {
    this.#options = options
  }

  get isStarted(): boolean {
    return this.#isStarted
  }

  get isClosing(): boolean {
    return this.#isClosing
  }

  get isCanceled(): boolean {
    return this.#isCanceled
  }

  take(message: ToTask): void {
    if (message.attempt !== this.#options.attempt) return
    switch (message.type) {
      case 'start':
        this.#isStarted = true
        return
      case 'splits':
        return this.#options.onSplits(message.splits, message.last)
      case 'close':
        this.#isClosing = true
        return
      case 'cancel':
        this.#isCanceled = true
        return
      default:
        return unreachable(message)
    }
  }
}
