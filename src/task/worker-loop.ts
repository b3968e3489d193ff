/**
 * Drives one subtask in its own thread: bounded steps while there is something to do, then a
 * wait on the doorbell. The wait blocks the thread only where no promise could be kept waiting.
 * Threads: the worker.
 */
import type { Clock } from '../base/clock.ts'
import { turn } from '../base/clock.ts'
import type { Doorbell } from '../channel/doorbell.ts'
import type { Subtask } from './subtask.ts'
import type { TaskTimes } from './task-times.ts'

export interface WorkerLoopOptions {
  readonly subtask: Subtask
  readonly doorbell: Doorbell
  readonly clock: Clock
  readonly times: TaskTimes
  /** Carries out what the coordinator has asked for, if it has. */
  readonly takeOrders: () => void
  readonly isStopped: () => boolean
}

/** How long user code's own promises may wait while the task has records to process. */
const TURN_EVERY_MS = 5
/** How long a blocked thread may keep a promise waiting that it did not know of. */
const BLOCKED_MS_MAX = 250
/** A thread that is not blocked looks again now and then, in case somebody forgot to ring. */
const PARKED_MS_MAX = 1_000

/** The clock of the wall takes other steps than the one that never jumps. */
const CLOCKS_DIFFER_MS = 2

/** Resources that every worker has. */
const OURS: ReadonlySet<string> = new Set(['MessagePort', 'CloseReq'])

/** Resolves when the subtask has finished or was stopped. */
export async function driveSubtask(options: WorkerLoopOptions): Promise<void> {
  const { clock, subtask, times } = options
  times.begin()
  try {
    await runUntilStopped(options)
  } finally {
    times.end()
  }
  subtask.publishCounters(clock.nowMs())
}

async function runUntilStopped(options: WorkerLoopOptions): Promise<void> {
  const { clock } = options
  let turnedMs = clock.monotonicMs()
  let isAtRest = false
  while (!options.isStopped()) {
    options.takeOrders()
    const result = runSteps(options, turnedMs + TURN_EVERY_MS)
    if (result === 'finished') return
    await turn()
    turnedMs = clock.monotonicMs()
    if (result !== 'progress' && !options.isStopped()) {
      isAtRest = await wait(options, { why: result, isAtRest })
    }
  }
}

/** A function of its own, since code in a long-running async frame is not optimised well. */
function runSteps(options: WorkerLoopOptions, untilMs: number) {
  const { subtask, clock, doorbell } = options
  for (;;) {
    const result = subtask.step()
    if (result !== 'progress') return result
    if (doorbell.hasMail() || clock.monotonicMs() >= untilMs) return result
  }
}

interface Wait {
  readonly why: 'idle' | 'backpressured'
  /** Nobody rang during the whole of the wait before. */
  readonly isAtRest: boolean
}

/**
 * True if nobody rang although it waited as long as it may. Such a thread is not blocked the next
 * time: it wakes a little later when a record comes, and far less often while none does.
 */
async function wait(options: WorkerLoopOptions, { why, isAtRest }: Wait): Promise<boolean> {
  const { subtask, doorbell, clock, times } = options
  const wakeMs = subtask.nextWakeMs()
  const dueMs = wakeMs - clock.nowMs()
  if (dueMs <= 0) return false
  times.enter(why === 'idle' ? 'idle' : 'softBackpressured')
  subtask.publishCounters(clock.nowMs())
  // The look itself may find what is due later, but before the task would wake: a barrier.
  const isDueSooner = () => subtask.nextWakeMs() < wakeMs - CLOCKS_DIFFER_MS
  const recheck = () =>
    doorbell.hasMail() || options.isStopped() || subtask.ready() || isDueSooner()
  const blocks = !isAtRest && subtask.pendingPromises === 0 && !hasOwnResources()
  const waitMsMax = blocks ? BLOCKED_MS_MAX : PARKED_MS_MAX
  const startMs = clock.monotonicMs()
  if (blocks) doorbell.park(recheck, Math.min(dueMs, waitMsMax))
  else await doorbell.parkAsync(recheck, Math.min(dueMs, waitMsMax))
  const endMs = clock.monotonicMs()
  times.enter('busy', endMs)
  return endMs - startMs >= waitMsMax
}

/** Timers, sockets or files of user code: their callbacks need the event loop. */
function hasOwnResources(): boolean {
  return process.getActiveResourcesInfo().some((kind) => !OURS.has(kind))
}
