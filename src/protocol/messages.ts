/**
 * Every message between a task and the coordinator. Each carries the attempt it belongs to;
 * messages of other attempts are dropped. Records never travel this way.
 */
import type { ErrorData } from '../base/errors.ts'
import type { Barrier } from '../channel/barrier.ts'
import type { StateChunk } from '../state/snapshot-contract.ts'
import type { SnapshotStats, SplitProgress, TaskSnapshot } from './snapshot.ts'

/** What one sink operator of a task hands over to be committed. */
export interface SinkCommittables {
  readonly operatorId: string
  readonly committables: readonly unknown[]
}

/** The same, with the checkpoint for which it was prepared: a later one may hand it over. */
export interface PreparedCommittables extends SinkCommittables {
  readonly checkpointId: number
}

/** One operator's hash in a fingerprint. */
export interface OperatorHash {
  readonly id: string
  readonly name: string
  readonly hash: string
}

export type ToTask =
  | { readonly type: 'start'; readonly attempt: number }
  | {
      readonly type: 'splits'
      readonly attempt: number
      readonly splits: readonly SplitProgress[]
      /** No split will follow these. */
      readonly last: boolean
    }
  /** To sources: take a snapshot before anything that was sent later, and pass the barrier on. */
  | { readonly type: 'trigger-checkpoint'; readonly attempt: number; readonly barrier: Barrier }
  /** It can be restored: what it holds of this task's output need not be handed over again. */
  | {
      readonly type: 'complete-checkpoint'
      readonly attempt: number
      readonly checkpointId: number
    }
  /** Its barriers and its snapshot, wherever they are, mean nothing any more. */
  | { readonly type: 'abort-checkpoint'; readonly attempt: number; readonly checkpointId: number }
  /** A state chunk is written: as many bytes fewer are on their way, and their memory is free. */
  | {
      readonly type: 'chunk-written'
      readonly attempt: number
      readonly bytes: number
      readonly memories: readonly SharedArrayBuffer[]
    }
  | { readonly type: 'close'; readonly attempt: number }
  | { readonly type: 'cancel'; readonly attempt: number }

export type FromTask =
  | {
      readonly type: 'built'
      readonly attempt: number
      readonly task: number
      readonly fingerprint: { readonly hash: string; readonly operators: readonly OperatorHash[] }
    }
  | { readonly type: 'ready'; readonly attempt: number; readonly task: number }
  | { readonly type: 'split-request'; readonly attempt: number; readonly task: number }
  /** All input is processed; what was written waits for the final checkpoint. */
  | { readonly type: 'ended'; readonly attempt: number; readonly task: number }
  /** State too large to travel inside the acknowledgement: to be packed and written. */
  | {
      readonly type: 'state-chunk'
      readonly attempt: number
      readonly task: number
      readonly checkpointId: number
      readonly holds: 'keyed-state' | 'in-flight'
      readonly chunk: StateChunk
    }
  | {
      readonly type: 'acknowledge'
      readonly attempt: number
      readonly task: number
      readonly checkpointId: number
      readonly snapshot: TaskSnapshot
      readonly stats: SnapshotStats
    }
  | {
      readonly type: 'decline'
      readonly attempt: number
      readonly task: number
      readonly checkpointId: number
      readonly message: string
    }
  | {
      readonly type: 'finished'
      readonly attempt: number
      readonly task: number
      readonly sinks: readonly SinkCommittables[]
    }
  | {
      readonly type: 'failed'
      readonly attempt: number
      readonly task: number
      readonly error: ErrorData
      /** Present where nobody caught it: a promise's rejection, or an error in a callback. */
      readonly uncaught?: 'rejection' | 'error'
    }
  | { readonly type: 'closed'; readonly attempt: number; readonly task: number }
  | {
      readonly type: 'log'
      readonly attempt: number
      readonly task: number
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly fields: object
      readonly message: string
    }
