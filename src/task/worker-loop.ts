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
/** The same for a thread that is not blocked: only so that its times are never older. */
const PARKED_MS_MAX = 1_000

/** Resources that every worker has. */
const OURS: ReadonlySet<string> = new Set(['MessagePort', 'CloseReq'])

/** Resolves when the subtask has finished or was stopped. */
export async function driveSubtask(options: WorkerLoopOptions): Promise<void> {
  const { clock, times } = options
  times.begin()
  let turnedMs = clock.monotonicMs()
  while (!options.isStopped()) {
    options.takeOrders()
    const result = runSteps(options, turnedMs + TURN_EVERY_MS)
    if (result === 'finished') return
    await turn()
    turnedMs = clock.monotonicMs()
    times.spent('busyMs', turnedMs)
    if (result !== 'progress' && !options.isStopped()) await wait(options, result)
  }
  options.subtask.publishCounters(clock.nowMs())
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

async function wait(options: WorkerLoopOptions, why: 'idle' | 'backpressured'): Promise<void> {
  const { subtask, doorbell, clock, times } = options
  subtask.publishCounters(clock.nowMs())
  const recheck = () => doorbell.hasMail() || options.isStopped() || subtask.ready()
  const dueMs = Math.max(0, subtask.nextWakeMs() - clock.nowMs())
  if (subtask.pendingPromises > 0 || hasOwnResources()) {
    await doorbell.parkAsync(recheck, Math.min(dueMs, PARKED_MS_MAX))
  } else {
    doorbell.park(recheck, Math.min(dueMs, BLOCKED_MS_MAX))
  }
  times.spent(why === 'idle' ? 'idleMs' : 'backpressuredMs')
}

/** Timers, sockets or files of user code: their callbacks need the event loop. */
function hasOwnResources(): boolean {
  return process.getActiveResourcesInfo().some((kind) => !OURS.has(kind))
}
