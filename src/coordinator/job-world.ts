/**
 * What a job's run takes of the world: time, and the threads of its tasks. The simulator has its
 * own.
 * Threads: main.
 */
import type { Clock } from '../base/clock.ts'
import { after, systemClock } from '../base/clock.ts'
import type { ToTask } from '../protocol/messages.ts'
import type { TaskEvents } from './job-execution.ts'
import type { ChannelWorld, DeploymentPlan } from './task-deployment.ts'
import { deployTasks } from './task-deployment.ts'

/** A task's thread as the coordinator sees it. */
export interface TaskThread {
  /** Resolves when user code of the task has ended: it said so, or its thread is gone. */
  readonly stopped: Promise<void>
  send(message: ToTask): void
  /** Ends the thread wherever it is; resolves when it is gone. */
  terminate(): Promise<void>
}

export interface JobWorld {
  readonly clock: Clock
  /** Calls back after so many ms of `clock`; the function it gives takes that back. */
  readonly after: typeof after
  /** Starts the threads one by one. */
  readonly deploy: (plan: DeploymentPlan, events: TaskEvents) => Iterable<TaskThread>
  /** See `createChannel`. */
  readonly channels?: ChannelWorld
}

export const systemWorld: JobWorld = { clock: systemClock, after, deploy: deployTasks }
