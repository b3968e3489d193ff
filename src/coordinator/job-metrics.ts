/**
 * Makes of the tasks' counters and channels what people are told of a job.
 * Threads: main.
 */
import type { ExecutionGraph } from '../graph/execution-graph.ts'
import { findBottlenecks, levelOf } from '../metrics/backpressure.ts'
import type {
  Bottleneck,
  JobMetrics,
  SubtaskMetrics,
  SubtaskQueues,
  SubtaskRates,
} from './metrics-view.ts'
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
  #attempt: Attempt | undefined

  read(input: JobMetricsInput): JobMetrics {
    const { prepared, memory, recordsTotal, recordsBefore = NOTHING, nowMs } = input
    const { execution } = prepared
    if (this.#attempt?.memory.metrics !== memory.metrics) this.#attempt = begin(prepared, memory)
    const { window, queueReader, consumers, sources } = this.#attempt
    const now = readTasks(memory.metrics, nowMs)
    const queues = queueReader.read()
    const before = window.take(now)
    const rates = now.tasks.map((_, task) => ratesOf(task, now, before))
    const ofSources = sources.map((task) => now.tasks[task]!)
    return {
      recordsRead: recordsBefore.read + sum(ofSources, (one) => one.recordsIn),
      ...(recordsTotal === undefined ? {} : { recordsTotal }),
      recordsWritten: recordsBefore.written + sum(now.tasks, (one) => one.recordsSunk),
      eventTimeMs: Math.min(...ofSources.map((row) => row.watermarkMs)),
      bytesInFlight: sum(queues, ({ output }) => output.bytes),
      bottlenecks: bottlenecksOf(execution, { rates, consumers }),
      subtasks: now.tasks.map((reading, task) =>
        subtaskMetrics({ execution, task, reading, rates: rates[task]!, queues: queues[task]! }),
      ),
    }
  }
}

/** What is known of one attempt: each has memory of its own, and counts anew. */
interface Attempt {
  readonly memory: JobMemory
  readonly window: ReadingWindow
  readonly queueReader: QueueReader
  /** By task. */
  readonly consumers: readonly (readonly number[])[]
  /** The tasks that read sources. */
  readonly sources: readonly number[]
}

function begin({ execution, jobGraph }: PreparedJob, memory: JobMemory): Attempt {
  return {
    memory,
    window: new ReadingWindow(),
    queueReader: new QueueReader(execution.tasks.length, memory.channels),
    consumers: execution.tasks.map(({ outputs }) =>
      outputs.flat().map((channel) => execution.channels[channel]!.consumer),
    ),
    sources: [...sourcesOf(jobGraph).keys()].flatMap(
      ({ index }) => execution.vertices[index]!.tasks,
    ),
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
  const { times } = reading
  const { name, operators } = vertexOf(execution, task)
  const ratio = backpressuredRatio(rates)
  return {
    vertex: name,
    subtask: execution.tasks[task]!.subtask,
    recordsIn: reading.recordsIn,
    recordsOut: reading.recordsOut,
    bytesIn: reading.bytesIn,
    bytesOut: reading.bytesOut,
    watermarkMs: reading.watermarkMs,
    lateRecordsDropped: reading.lateRecordsDropped,
    recordsUnreadable: reading.recordsUnreadable,
    busyMs: times.busyMs,
    idleMs: times.idleMs,
    softBackpressuredMs: times.softBackpressuredMs,
    hardBackpressuredMs: times.hardBackpressuredMs,
    backpressuredMs: times.softBackpressuredMs + times.hardBackpressuredMs,
    perSecond: rates,
    backpressuredRatio: ratio,
    backpressureLevel: levelOf(ratio),
    queues: queuesOf(queues, rates),
    operators: operators.map((operator, index) => {
      const { recordsIn, recordsOut } = reading.operators[index]!
      return { name: operator.name, recordsIn, recordsOut }
    }),
  }
}

function queuesOf({ input, output }: TaskQueues, rates: SubtaskRates): SubtaskQueues {
  return {
    inputPages: input.pages,
    inputBytes: input.bytes,
    outputPages: output.pages,
    outputBytes: output.bytes,
    inPoolUsage: input.usage,
    outPoolUsage: output.usage,
    outChannelUsageMax: output.usageMax,
    timeToDrainMs: timeToDrainMs(input.bytes, rates),
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
  if (bytesIn === 0) return Number.POSITIVE_INFINITY
  return (bytes / bytesIn) * Math.max(0, 1000 - idleMs)
}

function bottlenecksOf(
  execution: ExecutionGraph,
  known: { readonly rates: readonly SubtaskRates[]; readonly consumers: Attempt['consumers'] },
): readonly Bottleneck[] {
  const pressures = known.rates.map((rates, task) => ({
    busy: rates.busyMs / 1000,
    backpressured: backpressuredRatio(rates),
    consumers: known.consumers[task]!,
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
