/**
 * Makes of the tasks' counters and channels what people are told of a job.
 * Threads: main.
 */
import type { ExecutionGraph } from '../graph/execution-graph.ts'
import { findBottlenecks, levelOf } from '../metrics/backpressure.ts'
import type { Bottleneck, JobMetrics, SubtaskMetrics, SubtaskRates } from './metrics-view.ts'
import type { PreparedJob } from './prepared-job.ts'
import { sourcesOf } from './prepared-job.ts'
import type { ChannelMemory, TaskQueues } from './queue-reader.ts'
import { QueueReader } from './queue-reader.ts'
import type { TaskReading } from './task-readings.ts'
import { ReadingWindow, ratesOf, readTasks } from './task-readings.ts'

/** What was done before the attempt whose counters are read. */
export interface RecordsBefore {
  readonly read: number
  readonly written: number
}

/** The shared memory of one attempt. */
export interface JobMemory {
  /** By task. */
  readonly metrics: readonly SharedArrayBuffer[]
  readonly channels: readonly ChannelMemory[]
}

export interface JobMetricsInput {
  readonly prepared: PreparedJob
  readonly memory: JobMemory
  readonly recordsTotal: number | undefined
  readonly recordsBefore?: RecordsBefore
  /** Of the monotonic clock. */
  readonly nowMs: number
}

const NOTHING: RecordsBefore = { read: 0, written: 0 }

/** Keeps earlier readings, so that it can tell how fast counters grow. */
export class JobMeter {
  #memory: JobMemory | undefined
  #window = new ReadingWindow()
  #queues = new QueueReader(0, [])

  read(input: JobMetricsInput): JobMetrics {
    const { prepared, memory, recordsTotal, recordsBefore = NOTHING, nowMs } = input
    const { execution } = prepared
    this.#attach(memory)
    const now = readTasks(memory.metrics, nowMs)
    const queues = this.#queues.read()
    const before = this.#window.take(now)
    const rates = now.tasks.map((_, task) => ratesOf(task, now, before))
    const sources = new Set([...sourcesOf(prepared.jobGraph).keys()].map((vertex) => vertex.index))
    const ofSources = now.tasks.filter((_, task) => sources.has(execution.tasks[task]!.vertex))
    return {
      recordsRead: recordsBefore.read + sum(ofSources, (one) => one.recordsIn),
      ...(recordsTotal === undefined ? {} : { recordsTotal }),
      recordsWritten: recordsBefore.written + sum(now.tasks, (one) => one.recordsSunk),
      eventTimeMs: Math.min(...ofSources.map((row) => row.watermarkMs)),
      bytesInFlight: sum(queues, ({ output }) => output.bytes),
      bottlenecks: bottlenecksOf(execution, rates),
      subtasks: now.tasks.map((reading, task) =>
        subtaskMetrics({ execution, task, reading, rates: rates[task]!, queues: queues[task]! }),
      ),
    }
  }

  /** Each attempt has memory of its own, and counts anew. */
  #attach(memory: JobMemory): void {
    if (this.#memory?.metrics === memory.metrics) return
    this.#memory = memory
    this.#window = new ReadingWindow()
    this.#queues = new QueueReader(memory.metrics.length, memory.channels)
  }
}

function sum<T>(rows: readonly T[], value: (row: T) => number): number {
  return rows.reduce((total, row) => total + value(row), 0)
}

interface SubtaskParts {
  readonly execution: ExecutionGraph
  readonly task: number
  readonly reading: TaskReading
  readonly rates: SubtaskRates
  readonly queues: TaskQueues
}

function subtaskMetrics(parts: SubtaskParts): SubtaskMetrics {
  const { execution, task, reading, rates, queues } = parts
  const { recordsSunk: _, beganMs, activity, operators, times, ...shown } = reading
  const { input, output } = queues
  const ratio = backpressuredRatio(rates)
  return {
    ...nameOf(execution, task),
    ...shown,
    ...times,
    backpressuredMs: times.softBackpressuredMs + times.hardBackpressuredMs,
    perSecond: rates,
    backpressuredRatio: ratio,
    backpressureLevel: levelOf(ratio),
    queues: {
      inputPages: input.pages,
      inputBytes: input.bytes,
      outputPages: output.pages,
      outputBytes: output.bytes,
      inPoolUsage: input.usage,
      outPoolUsage: output.usage,
      outChannelUsageMax: output.usageMax,
      timeToDrainMs: timeToDrainMs(input.bytes, rates),
    },
    operators: vertexOf(execution, task).operators.map(({ name }, index) => ({
      name,
      ...operators[index]!,
    })),
  }
}

function vertexOf({ tasks, vertices }: ExecutionGraph, task: number) {
  return vertices[tasks[task]!.vertex]!
}

function nameOf(execution: ExecutionGraph, task: number) {
  return { vertex: vertexOf(execution, task).name, subtask: execution.tasks[task]!.subtask }
}

function backpressuredRatio({ softBackpressuredMs, hardBackpressuredMs }: SubtaskRates): number {
  return (softBackpressuredMs + hardBackpressuredMs) / 1000
}

/** At the speed at which the task reads while it does not wait for input. */
function timeToDrainMs(bytes: number, { bytesIn, idleMs }: SubtaskRates): number {
  if (bytes === 0) return 0
  return (bytes / bytesIn) * Math.max(0, 1000 - idleMs)
}

function bottlenecksOf(
  execution: ExecutionGraph,
  rates: readonly SubtaskRates[],
): readonly Bottleneck[] {
  const pressures = execution.tasks.map(({ outputs }, task) => ({
    busy: rates[task]!.busyMs / 1000,
    backpressured: backpressuredRatio(rates[task]!),
    consumers: outputs.flat().map((channel) => execution.channels[channel]!.consumer),
  }))
  return findBottlenecks(pressures).map(({ task, cause, upstream }) => ({
    ...nameOf(execution, task),
    cause,
    busyRatio: pressures[task]!.busy,
    upstream: {
      ...nameOf(execution, upstream),
      backpressuredRatio: pressures[upstream]!.backpressured,
    },
  }))
}
