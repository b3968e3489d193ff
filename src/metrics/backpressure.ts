/**
 * How much a task is held back, and which tasks hold the others back: worked out from shares of
 * time alone.
 * Threads: any.
 */

/** 'ok' up to a tenth of the time, 'low' up to half of it, 'high' above: as Flink has it. */
export type BackpressureLevel = 'ok' | 'low' | 'high'

const OK_RATIO_MAX = 0.1
const LOW_RATIO_MAX = 0.5

/** `ratio`: share of the time that a task was backpressured, 0 to 1. */
export function levelOf(ratio: number): BackpressureLevel {
  if (ratio <= OK_RATIO_MAX) return 'ok'
  return ratio <= LOW_RATIO_MAX ? 'low' : 'high'
}

/** Shares of its time, 0 to 1, and the indices of the tasks that it sends to. */
export interface TaskPressure {
  readonly busy: number
  readonly backpressured: number
  readonly consumers: readonly number[]
}

export interface HeldBack {
  /** Index of the task that holds others back; with 'outside' the one that is held back. */
  readonly task: number
  /** 'outside': no task but a sink, or whoever reads what the job collects. */
  readonly cause: 'task' | 'outside'
  /** The most backpressured of those that send to it; with 'outside' the task itself. */
  readonly upstream: number
}

/** So much of a wait may be none of the receivers': reading, waking and rounding take time. */
const TOLERANCE = 0.1
/** Receivers that are occupied for nearly as long as the most occupied one share the blame. */
const SHARED_BLAME = 0.05
/** However long its sender waits, a task that is hardly ever occupied is not to blame. */
const OCCUPIED_MIN = 0.25

/**
 * The first busy tasks behind backpressured ones. From each backpressured task the search goes to
 * the receivers that were occupied while it waited. One that is not backpressured itself is a
 * bottleneck, and so is one that is, but by others that are less busy than it. In the order of the
 * tasks; none if nobody is backpressured for good. Senders come before their receivers.
 */
export function findBottlenecks(tasks: readonly TaskPressure[]): readonly HeldBack[] {
  const search = new BottleneckSearch(tasks)
  for (const [index, { busy, backpressured }] of tasks.entries()) {
    const idle = 1 - busy - backpressured
    if (idle <= IDLE_MAX && search.isHeldBack(index)) search.visit(index)
  }
  const upstream = mostBackpressuredSenders(tasks)
  return [...search.found.entries()]
    .sort(([a], [b]) => a - b)
    .map(([task, cause]) => ({
      task,
      cause,
      upstream: cause === 'outside' ? task : upstream.get(task)!,
    }))
}

/** A task that waits for its input, too, keeps up with it: it is held back in bursts only. */
const IDLE_MAX = 0.25

interface Blame {
  /** Empty if nobody in the job holds the task back. */
  readonly receivers: readonly number[]
  /** The share of the time that the busiest takes which the task is waiting for in the end. */
  readonly busiest: number
}

/** Looks at each channel once, however many ways lead through it. */
class BottleneckSearch {
  readonly found = new Map<number, HeldBack['cause']>()
  readonly #tasks: readonly TaskPressure[]
  readonly #blames = new Map<number, Blame>()
  readonly #visited = new Set<number>()

  constructor(tasks: readonly TaskPressure[]) {
    this.#tasks = tasks
  }

  /** True if others are to blame for the pace of the task, more than itself. */
  isHeldBack(task: number): boolean {
    const { busy } = this.#tasks[task]!
    return isBackpressured(this.#tasks[task]!) && this.#blame(task).busiest >= busy
  }

  /** Of a task that is held back: finds those that do it. */
  visit(task: number): void {
    if (this.#visited.has(task)) return
    this.#visited.add(task)
    const { receivers } = this.#blame(task)
    if (receivers.length === 0) this.found.set(task, 'outside')
    for (const receiver of receivers) {
      if (this.isHeldBack(receiver)) this.visit(receiver)
      else this.found.set(receiver, 'task')
    }
  }

  #blame(task: number): Blame {
    const before = this.#blames.get(task)
    if (before !== undefined) return before
    const receivers = receiversToBlame(this.#tasks, task)
    const { backpressured } = this.#tasks[task]!
    const busiest =
      receivers.length === 0
        ? backpressured
        : Math.max(...receivers.map((receiver) => this.#busiestFrom(receiver)))
    const blame = { receivers, busiest }
    this.#blames.set(task, blame)
    return blame
  }

  #busiestFrom(receiver: number): number {
    const task = this.#tasks[receiver]!
    return isBackpressured(task) ? Math.max(task.busy, this.#blame(receiver).busiest) : task.busy
  }
}

function isBackpressured({ backpressured }: TaskPressure): boolean {
  return levelOf(backpressured) !== 'ok'
}

/** Those that were not waiting for their input while the task waited for them. */
function receiversToBlame(tasks: readonly TaskPressure[], task: number): readonly number[] {
  const { backpressured, consumers } = tasks[task]!
  const occupied = (index: number) => tasks[index]!.busy + tasks[index]!.backpressured
  const most = Math.max(0, ...consumers.map(occupied))
  const all = consumers.reduce((sum, index) => sum + occupied(index), 0)
  const waited = backpressured - TOLERANCE
  if (all < waited || most < Math.min(waited, OCCUPIED_MIN)) return []
  return consumers.filter((index) => occupied(index) >= most - SHARED_BLAME)
}

/** By receiver. */
function mostBackpressuredSenders(tasks: readonly TaskPressure[]): ReadonlyMap<number, number> {
  const senders = new Map<number, number>()
  for (const [index, { backpressured, consumers }] of tasks.entries()) {
    for (const consumer of consumers) {
      const most = senders.get(consumer)
      if (most === undefined || backpressured > tasks[most]!.backpressured) {
        senders.set(consumer, index)
      }
    }
  }
  return senders
}
