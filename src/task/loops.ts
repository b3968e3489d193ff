/** What generated code is called with, and what it gives. */
import type { PageReader } from '../codec/page.ts'
import type { Batch } from '../operator/source.ts'

/** Read by the compiled loops before each record: not 0 means stop here. */
export interface LoopGate {
  /** No credit is left on some output channel. */
  readonly credit: { readonly stalled: number }
  /** A watermark of the chain's own waits to be passed on. */
  readonly control: { readonly pending: number }
}

export type EmitFunction = (record: unknown, timeMs: number) => void

export interface Emitters {
  readonly main: EmitFunction
  readonly sides: ReadonlyMap<string, EmitFunction>
}

/** Runs records [from, to) of a page; returns the index of the first one not processed. */
export type PageLoop = (reader: PageReader, from: number, to: number) => number
export type BatchLoop = (batch: Batch, from: number, to: number) => number

/** Looks up the keys of the records that come next. */
export interface KeysAhead {
  /** Those of [from, to), or the first of them; returns the index behind the last. */
  look(reader: PageReader, from: number, to: number): number
  /** The next key that is set is that of record `index`. */
  expect(index: number): void
  /** The next key may be any. */
  leave(): void
}

/** Told about an error with the record's index; must throw. */
export type LoopFailure = (error: unknown, read: () => unknown) => never
