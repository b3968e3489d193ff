/**
 * What a job collects and prints, over all its attempts.
 * Threads: the caller's.
 */
import type { ResultReader } from '../coordinator/result-reader.ts'
import type { ExecutionGraph } from '../graph/execution-graph.ts'
import type { JobGraph } from '../graph/job-graph.ts'
import { resultOperators } from '../graph/result-operators.ts'
import { ResultBuffer } from './result-buffer.ts'

export class InlineResults {
  #buffers: readonly ResultBuffer[] = []

  /** The readers of a new attempt. */
  attach(readers: readonly ResultReader[]): void {
    if (this.#buffers.length === 0) {
      this.#buffers = readers.map((reader) => new ResultBuffer(reader))
    } else this.#buffers.forEach((buffer, k) => buffer.attach(readers[k]!))
  }

  /** Whatever has come. True if anything has. */
  take(): boolean {
    let taken = 0
    for (const buffer of this.#buffers) taken += buffer.take()
    return taken > 0
  }

  /** `counts`: rows that each result of the task's vertex was given before the checkpoint. */
  cut(
    checkpointId: number,
    task: { readonly first: number; readonly subtask: number; readonly counts: readonly number[] },
  ): void {
    const { first, subtask } = task
    task.counts.forEach((count, k) => {
      this.#buffers[first + k]!.cut(checkpointId, { subtask, count })
    })
  }

  goBack(checkpointId: number | undefined): void {
    for (const buffer of this.#buffers) buffer.goBack(checkpointId)
  }

  /** What was collected under a name; undefined if nothing collects there. */
  collected(name: string): readonly unknown[] | undefined {
    return this.#buffers.find((one) => !one.isPrint && one.name === name)?.rows
  }

  printed(): readonly unknown[] {
    return this.#buffers.filter((one) => one.isPrint).flatMap((one) => one.rows)
  }

  close(): void {
    for (const buffer of this.#buffers) buffer.close()
  }
}

/** By task: the number of its vertex's first result among all of the job. */
export function firstResults(jobGraph: JobGraph, { tasks }: ExecutionGraph): readonly number[] {
  let next = 0
  const byVertex = jobGraph.vertices.map((vertex) => {
    const first = next
    next += resultOperators(vertex).length
    return first
  })
  return tasks.map(({ vertex }) => byVertex[vertex]!)
}
