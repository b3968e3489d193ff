/**
 * State on its way into a checkpoint and back. A snapshot is a set of sections (one a state and
 * operator), each cut by key group into parts; a part is the concatenation of encoded entries.
 * Which backend wrote them does not show.
 * Threads: parts are made and read by tasks; files of them are packed by any thread.
 */
export type SectionKind = 'value' | 'list' | 'map' | 'table' | 'timers' | 'channel'

export interface SectionHeader {
  readonly operatorId: string
  /** The state's name within its operator. */
  readonly name: string
  readonly kind: SectionKind
  /** What else must be equal when it is read again, such as a table's columns; '' for nothing. */
  readonly detail: string
}

export interface StatePart {
  /** Index in the chunk's sections. */
  readonly section: number
  readonly keyGroup: number
  readonly entries: number
  readonly bytes: Uint8Array
}

/** What a task hands over at a time, and what one state file holds. */
export interface StateChunk {
  readonly sections: readonly SectionHeader[]
  readonly parts: readonly StatePart[]
}

/** Takes the chunks of one snapshot as they fill up. */
export interface ChunkSink {
  /** The chunk's bytes belong to the receiver, in memory of `memory` if it gives any. */
  chunk(chunk: StateChunk): void
  /** So many bytes for the next chunk. Default: new ones. */
  memory?(bytes: number): Uint8Array
}

/** A snapshot that is being written between bounded steps of the task. */
export interface StateWalk {
  readonly isDone: boolean
  /** Writes up to about so many entries; what is left at the end of the last goes to the sink. */
  step(entriesMax: number): void
  /** Gives up: nothing is tracked any more. */
  cancel(): void
}
