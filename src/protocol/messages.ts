/**
 * Every message between a task and the coordinator. Each carries the attempt it belongs to;
 * messages of other attempts are dropped. Records never travel this way.
 */
import type { ErrorData } from '../base/errors.ts'
import type { Split } from '../operator/source.ts'

/** What one sink operator of a task hands over to be committed. */
export interface SinkCommittables {
  readonly operatorId: string
  readonly committables: readonly unknown[]
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
      readonly splits: readonly Split[]
      /** No split will follow these. */
      readonly last: boolean
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
