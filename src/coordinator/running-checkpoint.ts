/**
 * What is known of a checkpoint that is being taken: the tasks' snapshots as they come, the files
 * that are being written for them, and in the end its metadata.
 * Threads: main.
 */
import type { CheckpointMetadata } from '../checkpoint/metadata.ts'
import type { TaskAcknowledgement } from '../checkpoint/statistics.ts'
import { stateFilesOf } from '../checkpoint/verify.ts'
import type { PreparedCommittables } from '../protocol/messages.ts'
import type { SplitProgress, StateFile, TaskSnapshot } from '../protocol/snapshot.ts'
import { verticesOf } from './checkpoint-vertices.ts'
import type { CheckpointMessage } from './job-execution.ts'
import type { PreparedJob } from './prepared-job.ts'

export interface RunningCheckpointOptions {
  readonly prepared: PreparedJob
  readonly lineage: string
  readonly checkpointId: number
  readonly triggeredMs: number
  readonly attempt: number
  /** Version of the engine. */
  readonly engine: string
  /** Records that sinks were given before this attempt. */
  readonly writtenBefore: number
  /** At the trigger: what no task was given yet. */
  readonly waiting: readonly {
    readonly operatorId: string
    readonly splits: readonly SplitProgress[]
  }[]
}

export interface WaitedFor {
  readonly task: number
  /** It has handed all over, and its files are being written. */
  readonly isWriting: boolean
}

interface Writing {
  readonly holds: StateChunkMessage['holds']
  readonly file: Promise<StateFile>
}

type StateChunkMessage = Extract<CheckpointMessage, { readonly type: 'state-chunk' }>
type Acknowledge = Extract<CheckpointMessage, { readonly type: 'acknowledge' }>

export class RunningCheckpoint {
  readonly #options: RunningCheckpointOptions
  readonly #writing = new Map<number, Writing[]>()
  readonly #snapshots = new Map<number, TaskSnapshot>()
  /** Tasks that have handed all over. */
  readonly #writingLast = new Set<number>()
  #isUnaligned = false

  constructor(options: RunningCheckpointOptions) {
    this.#options = options
  }

  get triggeredMs(): number {
    return this.#options.triggeredMs
  }

  /** A file of a task's state is on its way. */
  writes(task: number, writing: Writing): void {
    const all = this.#writing.get(task)
    if (all === undefined) this.#writing.set(task, [writing])
    else all.push(writing)
    // Told by `acknowledge`; until then it is no unhandled rejection.
    writing.file.catch(() => {})
  }

  /** Resolves when all files of the task are written; rejects if one could not be. */
  async acknowledge(message: Acknowledge, nowMs: () => number): Promise<TaskAcknowledgement> {
    const { task, checkpointId, snapshot, stats } = message
    this.#isUnaligned ||= stats.unaligned
    this.#writingLast.add(task)
    const writing = this.#writing.get(task) ?? []
    const all = await Promise.all(writing.map(({ file }) => file))
    const written = (holds: Writing['holds']) => all.filter((_, k) => writing[k]!.holds === holds)
    const files = [...snapshot.files, ...written('keyed-state')]
    const inFlight = [...(snapshot.inFlight ?? []), ...written('in-flight')]
    const whole = { ...snapshot, files }
    this.#snapshots.set(task, inFlight.length === 0 ? whole : { ...whole, inFlight })
    const { execution } = this.#options.prepared
    const { vertex, subtask } = execution.tasks[task]!
    return {
      checkpointId,
      vertex: execution.vertices[vertex]!.name,
      subtask,
      ackMs: nowMs(),
      snapshot: stats,
      bytes: [...files, ...inFlight].reduce((sum, file) => sum + bytesOf(file), 0),
      files: all.filter(({ kind }) => kind === 'blob').length,
    }
  }

  /**
   * Output that is to be committed once the checkpoint is complete. What was prepared for one that
   * is complete already was in that one, whether its task knows of it or not.
   */
  committables(latestComplete: number): readonly PreparedCommittables[] {
    const all = [...this.#snapshots.values()].flatMap((snapshot) => snapshot.sinks)
    return all.filter((one) => one.checkpointId > latestComplete)
  }

  get #recordsSunk(): number {
    return [...this.#snapshots.values()].reduce((sum, one) => sum + one.recordsSunk, 0)
  }

  /** State that lies within the metadata. */
  get inlineBytes(): number {
    const files = [...this.#snapshots.values()].flatMap(stateFilesOf)
    return files.reduce((sum, file) => sum + (file.kind === 'inline' ? file.bytes.length : 0), 0)
  }

  /** Tasks that have not acknowledged, or whose files are being written. */
  get waitsFor(): readonly WaitedFor[] {
    return this.#options.prepared.execution.tasks.flatMap(({ index: task }) =>
      this.#snapshots.has(task) ? [] : [{ task, isWriting: this.#writingLast.has(task) }],
    )
  }

  /** Everything, when all tasks have acknowledged. `committables`: all that is not committed. */
  metadata(committables: readonly PreparedCommittables[], completedMs: number): CheckpointMetadata {
    const { prepared, waiting, checkpointId, writtenBefore, ...rest } = this.#options
    return {
      ...rest,
      checkpointId,
      kind: 'checkpoint',
      jobName: prepared.job.name,
      completedMs,
      ...(this.#isUnaligned && { unaligned: true as const }),
      recordsWritten: writtenBefore + this.#recordsSunk,
      vertices: verticesOf(prepared, this.#snapshots),
      sources: waiting.map((source) => ({ ...source, discovered: true })),
      committables,
      shapes: [],
    }
  }

  /** Resolves when none of its files is being written any more. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#writing.values()].flat().map(({ file }) => file))
  }
}

function bytesOf(file: StateFile): number {
  return file.kind === 'inline' ? file.bytes.length : file.blob.bytes
}
