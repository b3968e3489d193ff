/**
 * What a node of the stream graph does, as data and the user's functions. `graph` keeps these,
 * `api` makes them, the chain compiler in `task` turns them into code.
 */
import type { RoutingKey } from '../channel/partitioner.ts'
import type { SchemaNode } from '../codec/schema-issues.ts'
import type { Sink } from './sink.ts'
import type { Source } from './source.ts'

// biome-ignore-start lint/suspicious/noExplicitAny: user functions of any record type
export type UserFunction = (...args: any[]) => any
// biome-ignore-end lint/suspicious/noExplicitAny: see above

/** How a record's key is found: by a field's name or by a function. */
export type KeySelector = RoutingKey

/** A state declared beside a stateful function: `value(0)`, `list()`, `map()`. */
export interface StateSpecData {
  readonly kind: 'value' | 'list' | 'map'
  readonly initial?: unknown
}

export interface ProcessSpec {
  readonly state: Readonly<Record<string, StateSpecData>>
  readonly open?: UserFunction
  readonly process: UserFunction
  readonly onTimer?: UserFunction
  readonly close?: UserFunction
}

/** One named column of a declarative aggregate, or a custom one. */
export type AggregateSpec =
  | {
      readonly kind: 'count' | 'sum' | 'mean' | 'min' | 'max' | 'first' | 'last'
      readonly field?: string
      readonly fn?: UserFunction
    }
  | {
      readonly kind: 'custom'
      readonly create: UserFunction
      readonly add: UserFunction
      readonly merge?: UserFunction
      readonly result: UserFunction
    }

export interface WindowSpec {
  readonly kind: 'tumbling'
  readonly sizeMs: number
  readonly offsetMs: number
  readonly allowedLatenessMs: number
  /** Side output for late records; without it they are counted and dropped. */
  readonly lateTo?: string
}

export interface WatermarkSpec {
  readonly time: { readonly field: string } | { readonly fn: UserFunction }
  /** 0 for monotonic event times. */
  readonly outOfOrderMs: number
  readonly idleMs?: number
}

export type OperatorSpec =
  | { readonly kind: 'source'; readonly source: Source<unknown> }
  | { readonly kind: 'map' | 'filter' | 'flatMap'; readonly fn: UserFunction }
  | { readonly kind: 'pick'; readonly fields: readonly string[] }
  /** Fixes the shape of the records that leave the task from here. */
  | { readonly kind: 'schema'; readonly node: SchemaNode }
  | { readonly kind: 'watermarks'; readonly watermarks: WatermarkSpec }
  | { readonly kind: 'process'; readonly process: ProcessSpec }
  | { readonly kind: 'keyed-process'; readonly process: ProcessSpec }
  | { readonly kind: 'reduce'; readonly fn: UserFunction }
  | { readonly kind: 'aggregate'; readonly aggregates: Aggregates }
  | {
      readonly kind: 'window-aggregate'
      readonly window: WindowSpec
      readonly aggregates: Aggregates
    }
  | { readonly kind: 'window-process'; readonly window: WindowSpec; readonly fn: UserFunction }
  | { readonly kind: 'sink'; readonly sink: Sink<unknown> }
  /** Rows go to the main thread, to `job.collect(name)` or the process's standard output. */
  | { readonly kind: 'collect'; readonly target: string; readonly print: boolean }
  | { readonly kind: 'union' }

/** A record of aggregates gives a record of results; a single custom one gives `{ value }`. */
export type Aggregates =
  | { readonly named: Readonly<Record<string, AggregateSpec>> }
  | { readonly single: AggregateSpec }
