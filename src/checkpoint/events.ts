/**
 * What the checkpoint coordinator is told and what it wants done. Between the two lies a pure
 * state machine; carrying effects out, and telling their results as events, is the coordinator
 * room's part.
 * Threads: main.
 */

import type { BarrierRules } from '../channel/barrier.ts'

/** Why a checkpoint did not complete; Flink's names where Flink has one. */
export type FailureReason =
  | 'CHECKPOINT_DECLINED'
  | 'CHECKPOINT_EXPIRED'
  | 'CHECKPOINT_SUBSUMED'
  | 'CHECKPOINT_ASYNC_EXCEPTION'
  | 'IO_EXCEPTION'
  | 'FINALIZE_CHECKPOINT_FAILURE'
  | 'TASK_FAILURE'
  | 'CHECKPOINT_COORDINATOR_SHUTDOWN'
  | 'CHECKPOINT_COORDINATOR_SUSPEND'
  | 'NOT_ALL_REQUIRED_TASKS_RUNNING'
  | 'MINIMUM_TIME_BETWEEN_CHECKPOINTS'
  | 'TOO_MANY_CHECKPOINT_REQUESTS'

export interface CheckpointFailure {
  readonly reason: FailureReason
  /** For people: which task, which file, which errno. */
  readonly message: string
}

/** Periodic, asked for by somebody, or the one that ends a bounded job. */
export type TriggerKind = 'periodic' | 'manual' | 'final'

export type CheckpointEvent =
  /** All tasks of the attempt run: triggering may begin. */
  | { readonly type: 'running'; readonly nowMs: number; readonly tasks: readonly number[] }
  /**
   * The attempt is about to be over: no task is told anything any more. What is being published
   * may still complete; everything else waits for `stopped`.
   */
  | { readonly type: 'stopping'; readonly nowMs: number }
  /** The attempt is over, for a restart or for good: nothing of it is awaited any more. */
  | { readonly type: 'stopped'; readonly nowMs: number; readonly final: boolean }
  /** A timer that was asked for has come. */
  | { readonly type: 'tick'; readonly nowMs: number }
  /** What holds for all that is triggered from now on. */
  | { readonly type: 'settings'; readonly nowMs: number; readonly settings: CheckpointSettings }
  /** Somebody asks for one now; `request` names the asker. */
  | { readonly type: 'request'; readonly nowMs: number; readonly request: number }
  /** A task has processed all of its input. */
  | { readonly type: 'task-ended'; readonly nowMs: number; readonly task: number }
  /** A task's snapshot is there and its files are written. */
  | {
      readonly type: 'acknowledged'
      readonly nowMs: number
      readonly checkpointId: number
      readonly task: number
    }
  /** A task, or the writing of its files, has failed. */
  | {
      readonly type: 'declined'
      readonly nowMs: number
      readonly checkpointId: number
      readonly task: number
      readonly failure: CheckpointFailure
    }
  /**
   * The result of `write-metadata`. It is awaited even when the attempt is over: until then the
   * checkpoint is neither aborted nor complete.
   */
  | { readonly type: 'published'; readonly nowMs: number; readonly checkpointId: number }
  | {
      readonly type: 'publish-failed'
      readonly nowMs: number
      readonly checkpointId: number
      readonly failure: CheckpointFailure
    }

export type CheckpointEffect =
  /** Tell every source task; the checkpoint's statistics begin. */
  | {
      readonly type: 'trigger'
      readonly checkpointId: number
      readonly kind: TriggerKind
      readonly triggeredMs: number
      readonly rules: BarrierRules
    }
  /** All tasks have acknowledged: write and publish. */
  | { readonly type: 'write-metadata'; readonly checkpointId: number }
  /** It can be restored from now on: commit its output, answer who asked for it. */
  | { readonly type: 'complete'; readonly checkpointId: number; readonly kind: TriggerKind }
  /**
   * Tell every task, delete its files, answer who asked for it. Never comes while its metadata are
   * being written; they may have been published, so they are the first to be deleted.
   */
  | { readonly type: 'abort'; readonly checkpointId: number; readonly failure: CheckpointFailure }
  /** Files of a late acknowledgement: of no use to anybody. */
  | { readonly type: 'discard'; readonly checkpointId: number; readonly task: number }
  /** A retained checkpoint is not needed any more: delete it, metadata first. */
  | { readonly type: 'delete'; readonly checkpointId: number }
  | { readonly type: 'refuse'; readonly request: number; readonly failure: CheckpointFailure }
  /** Answer `request` with the outcome of this checkpoint. */
  | { readonly type: 'attach'; readonly request: number; readonly checkpointId: number }
  /** Send `tick` at that time; replaces the one before. Infinity: none. */
  | { readonly type: 'wake-at'; readonly timeMs: number }
  /** Too many failures in a row. */
  | { readonly type: 'fail-job'; readonly failure: CheckpointFailure }
  /** The final checkpoint is complete: the job may close once its output is committed. */
  | { readonly type: 'finish' }

/** Part of `JobOptions`. */
export interface CheckpointSettings {
  /** Undefined: only when asked, and at the end. */
  readonly intervalMs: number | undefined
  readonly minPauseMs: number
  readonly timeoutMs: number
  readonly concurrentMax: number
  /** Undefined: any number. */
  readonly failuresTolerated: number | undefined
  readonly retained: number
  readonly rules: BarrierRules
}
