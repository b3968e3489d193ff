/** A sink's writer as an operator of the chain. Threads: the task. */
import type { OperatorContext } from '../operator/contract.ts'
import type { Sink, SinkWriter } from '../operator/sink.ts'
import type { CommittingOperator } from './chain-runtime.ts'

export function sinkOperator(sink: Sink<unknown>, lineage: string): CommittingOperator {
  return new SinkOperator(sink, lineage)
}

class SinkOperator implements CommittingOperator {
  recordsWritten = 0
  readonly #sink: Sink<unknown>
  readonly #lineage: string
  // Set by open, which always comes first; a private field would cost a check a record.
  private writer!: SinkWriter

  constructor(sink: Sink<unknown>, lineage: string) {
    this.#sink = sink
    this.#lineage = lineage
  }

  open(context: OperatorContext): void | Promise<void> {
    this.writer = this.#sink.writer({
      subtask: context.subtask,
      parallelism: context.parallelism,
      attempt: context.attempt,
      lineage: this.#lineage,
      sinkId: context.operatorId,
      clock: context.clock,
      wake: context.wake,
    })
    return this.writer.open?.()
  }

  process(record: unknown, timeMs: number): void {
    this.writer.write(record, timeMs)
    this.recordsWritten++
  }

  get bytesWritten(): number {
    return this.writer.bytesWritten ?? 0
  }

  ready(): boolean {
    return this.writer.ready()
  }

  finish(): void {
    this.writer.flush?.()
  }

  prepareCommit(checkpointId: number): readonly unknown[] | Promise<readonly unknown[]> {
    return this.writer.prepareCommit(checkpointId)
  }

  async close(): Promise<void> {
    // Absent where opening an operator before this one failed.
    await this.writer?.close()
  }
}
