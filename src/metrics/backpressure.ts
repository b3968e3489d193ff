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

interface Blamed {
  readonly task: number
  readonly cause: HeldBack['cause']
  /** The share of the time for which it holds others back, as far as it is known. */
  readonly weight: number
}

/**
 * The first busy tasks behind backpressured ones. From each backpressured task the search goes to
 * the receivers that were occupied while it waited. One that is not backpressured itself is a
 * bottleneck, and so is one that is, but by others that are less busy than it. In the order of the
 * tasks; none if nobody is backpressured. Senders come before their receivers, in no cycle.
 */
export function findBottlenecks(tasks: readonly TaskPressure[]): readonly HeldBack[] {
  const known = new Map<number, readonly Blamed[]>()
  const blamedBy = (task: number): readonly Blamed[] => {
    const before = known.get(task)
    if (before !== undefined) return before
    const found = receiversToBlame(tasks, task).flatMap((receiver) => blame(receiver))
    const blamed = found.length > 0 ? found : [outside(tasks, task)]
    known.set(task, blamed)
    return blamed
  }
  const blame = (receiver: number): readonly Blamed[] => {
    const itself: Blamed = { task: receiver, cause: 'task', weight: tasks[receiver]!.busy }
    if (!isBackpressured(tasks[receiver]!)) return [itself]
    const others = blamedBy(receiver)
    return weightOf(others) >= itself.weight ? others : [itself]
  }
  const bottlenecks = tasks.flatMap((task, index) => {
    if (!isBackpressured(task)) return []
    const blamed = blamedBy(index)
    return weightOf(blamed) >= task.busy ? blamed : []
  })
  return withUpstream(tasks, bottlenecks)
}

function isBackpressured({ backpressured }: TaskPressure): boolean {
  return levelOf(backpressured) !== 'ok'
}

function weightOf(blamed: readonly Blamed[]): number {
  return Math.max(...blamed.map(({ weight }) => weight))
}

function outside(tasks: readonly TaskPressure[], task: number): Blamed {
  return { task, cause: 'outside', weight: tasks[task]!.backpressured }
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

function withUpstream(
  tasks: readonly TaskPressure[],
  blamed: readonly Blamed[],
): readonly HeldBack[] {
  const found = new Map(blamed.map((one) => [`${one.cause} ${one.task}`, one]))
  return [...found.values()]
    .sort((a, b) => a.task - b.task)
    .map(({ task, cause }) => ({
      task,
      cause,
      upstream: cause === 'outside' ? task : mostBackpressuredSender(tasks, task),
    }))
}

function mostBackpressuredSender(tasks: readonly TaskPressure[], receiver: number): number {
  const senders = [...tasks.keys()].filter((index) => tasks[index]!.consumers.includes(receiver))
  return senders.reduce((most, index) =>
    tasks[index]!.backpressured > tasks[most]!.backpressured ? index : most,
  )
}
