/**
 * All that a worker needs to become one subtask: plain data and shared memory. The graph is not
 * among it, since it holds closures: the worker rebuilds it from the job's artefact.
 */
import type {
  InputChannelDescription,
  OutputChannelDescription,
} from '../channel/create-channel.ts'
import type { TaskRestore } from './snapshot.ts'

export interface TaskDeployment {
  readonly attempt: number
  readonly lineage: string
  /** Index among all tasks of the job. */
  readonly task: number
  readonly vertex: number
  readonly subtask: number
  /** The job's artefact as a URL to import. */
  readonly jobUrl: string
  readonly args: unknown
  /** The job's options, already checked (`JobOptions`). */
  readonly options: object
  readonly doorbell: SharedArrayBuffer
  /** Its own counters. */
  readonly metrics: SharedArrayBuffer
  /** Whether checkpoints are taken: then the end waits for a final one. */
  readonly checkpointing: boolean
  /** What the task takes over of a checkpoint. */
  readonly restore: TaskRestore | undefined
  /** Consumer ends in the order of the task's input gate. */
  readonly inputs: readonly InputChannelDescription[]
  /** Where each of these comes from, in the same order: it names a channel in a snapshot. */
  readonly producers: readonly { readonly edge: number; readonly producer: number }[]
  /** Producer ends, one list an exit of the vertex. */
  readonly outputs: readonly (readonly OutputChannelDescription[])[]
}
