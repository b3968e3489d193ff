/** Sums up the tasks' counters for people. Threads: main. */

import type { ExecutionVertex } from '../graph/execution-graph.ts'
import type { TaskCounter, TaskCounters } from '../metrics/task-metrics.ts'
import { readTaskMetrics } from '../metrics/task-metrics.ts'
import type { PreparedJob } from './prepared-job.ts'
import { sourcesOf } from './prepared-job.ts'
import type { JobMetrics, SubtaskMetrics } from './run-options.ts'

export interface JobMetricsInput {
  readonly prepared: PreparedJob
  /** By task. */
  readonly buffers: readonly SharedArrayBuffer[]
  readonly recordsTotal: number | undefined
  readonly recordsBefore?: RecordsBefore
}

/** What was done before the attempt whose counters are read. */
export interface RecordsBefore {
  readonly read: number
  readonly written: number
}

const NOTHING: RecordsBefore = { read: 0, written: 0 }

export function jobMetrics(input: JobMetricsInput): JobMetrics {
  const { prepared, buffers, recordsTotal, recordsBefore = NOTHING } = input
  const { execution } = prepared
  const rows = buffers.map(readTaskMetrics)
  const sources = new Set([...sourcesOf(prepared.jobGraph).keys()].map((vertex) => vertex.index))
  const ofSources = rows.filter((_, task) => sources.has(execution.tasks[task]!.vertex))
  return {
    recordsRead: recordsBefore.read + sum(ofSources, 'recordsIn'),
    ...(recordsTotal === undefined ? {} : { recordsTotal }),
    recordsWritten: recordsBefore.written + sum(rows, 'recordsSunk'),
    eventTimeMs: Math.min(...ofSources.map((row) => row.watermarkMs)),
    subtasks: execution.tasks.map((task, index) =>
      subtaskMetrics(execution.vertices[task.vertex]!, task.subtask, rows[index]!),
    ),
  }
}

function sum(rows: readonly TaskCounters[], counter: TaskCounter): number {
  return rows.reduce((total, row) => total + row[counter], 0)
}

function subtaskMetrics(
  vertex: ExecutionVertex,
  subtask: number,
  counters: TaskCounters,
): SubtaskMetrics {
  const { recordsSunk: _, operators, ...shown } = counters
  return {
    vertex: vertex.name,
    subtask,
    ...shown,
    operators: vertex.operators.map(({ name }, index) => ({ name, ...operators[index]! })),
  }
}
