/**
 * The functions that users write for `process`, and what they are called with. The task makes
 * one context for each operator subtask and moves it from record to record: read it inside
 * the call, do not keep it.
 */
import type { OperatorTimers } from '../operator/contract.ts'
import type { SideOutput } from './output.ts'
import type { StateHandles } from './state-specs.ts'

/** Hands a record to what follows. Annotating it once types the resulting stream. */
export type Emit<T> = (record: T) => void

/** What a process function knows besides the record. */
export interface Context {
  /** The record's event time or the timer's time, epoch ms; `-Infinity` where there is none. */
  readonly time: number
  /** The watermark that has reached this operator, epoch ms; `-Infinity` before the first. */
  readonly watermark: number
  /** The clock, epoch ms: what timers of processing time follow. Tests move it by hand. */
  readonly processingTime: number
  /** Sends a record to a side output, read by `stream.sideOutput(tag)`. */
  emitTo<T>(to: SideOutput<T>, record: T): void
}

/** The context behind `keyBy`: the current key, its states and its timers. */
export interface KeyedContext<K, S> extends Context {
  readonly key: K
  readonly state: StateHandles<S>
  /** Timers of the current key. Times are epoch milliseconds; setting one twice counts once. */
  readonly timers: OperatorTimers
}

/** Which subtask of an operator runs; what `open` of a process function is given. */
export interface SubtaskInfo {
  /** The operator's name. */
  readonly name: string
  /** From 0 to `parallelism` - 1. */
  readonly subtask: number
  readonly parallelism: number
  readonly maxParallelism: number
  /** Deployments so far: 1 for the first. */
  readonly attempt: number
}

/** The context of a process function without keys. */
export interface ProcessContext<S> extends Context {
  readonly state: StateHandles<S>
}

/** A process function without keys. */
export interface ProcessFunction<T, O, S> {
  /** Lists that belong to the subtask, not to a key; shared out anew at another parallelism. */
  readonly state?: S
  /** Once in each subtask, before its first record: clients and caches open here. */
  open?(info: SubtaskInfo): void | Promise<void>
  process(record: T, ctx: ProcessContext<S>, emit: Emit<O>): void
  /** Once in each subtask, at the end, also after a failure; it cannot emit. */
  close?(): void | Promise<void>
}

/** A stateful function: its states declared beside it, by name. */
export interface KeyedProcessFunction<T, K, S, O> {
  /** Declared with `value()`, `list()` and `map()`; read and written as `ctx.state.name`. */
  readonly state?: S
  /** Once in each subtask, before its first record: clients and caches open here. */
  open?(info: SubtaskInfo): void | Promise<void>
  process(record: T, ctx: KeyedContext<K, S>, emit: Emit<O>): void
  /**
   * Called for the key that set the timer, once the watermark (or the clock) reaches `timeMs`.
   * An event-time timer at `Infinity` fires at the end of the input.
   */
  onTimer?(timeMs: number, ctx: KeyedContext<K, S>, emit: Emit<O>): void
  /** Once in each subtask, at the end, also after a failure; it cannot emit. */
  close?(): void | Promise<void>
}
