/**
 * Takes the rows of one `collect` or `print` as they come. What a crash makes the job give again is
 * taken back, so that in the end each row is there once.
 * Threads: the caller's.
 */
import type { ResultReader } from '../coordinator/result-reader.ts'

interface Row {
  readonly value: unknown
  readonly subtask: number
}

export class ResultBuffer {
  /** What attempts that have crashed gave before the checkpoint that was restored. */
  #kept: readonly unknown[] = []
  #rows: Row[] = []
  /** By checkpoint, then by subtask: how many rows lie before it. */
  #cuts = new Map<number, Map<number, number>>()
  #reader: ResultReader

  constructor(reader: ResultReader) {
    this.#reader = reader
  }

  get name(): string {
    return this.#reader.name
  }

  get isPrint(): boolean {
    return this.#reader.isPrint
  }

  get rows(): readonly unknown[] {
    return [...this.#kept, ...this.#rows.map(({ value }) => value)]
  }

  /** Returns how many rows came. */
  take(): number {
    const before = this.#rows.length
    for (let row = this.#reader.poll(); row !== undefined; row = this.#reader.poll()) {
      this.#rows.push(row)
    }
    return this.#rows.length - before
  }

  cut(checkpointId: number, { subtask, count }: { subtask: number; count: number }): void {
    const counts = this.#cuts.get(checkpointId) ?? new Map<number, number>()
    this.#cuts.set(checkpointId, counts.set(subtask, count))
  }

  /**
   * The job goes on from a checkpoint, or from its start. A checkpoint of an attempt before this
   * one has all its rows among those kept.
   */
  goBack(checkpointId: number | undefined): void {
    const counts = this.#cuts.get(checkpointId ?? 0)
    const seen = new Map<number, number>()
    const kept = this.#rows.filter(({ subtask }) => {
      const index = seen.get(subtask) ?? 0
      seen.set(subtask, index + 1)
      return index < (counts?.get(subtask) ?? 0)
    })
    this.#kept = [...this.#kept, ...kept.map(({ value }) => value)]
    this.#rows = []
    this.#cuts = new Map()
  }

  /** The channels of a new attempt. */
  attach(reader: ResultReader): void {
    this.#reader.close()
    this.#reader = reader
  }

  close(): void {
    this.#reader.close()
  }
}
