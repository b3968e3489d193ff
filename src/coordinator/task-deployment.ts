/**
 * The shared memory of one attempt and what each worker is told: doorbells, rings, counters.
 * Everything here is new for each attempt; nothing shared is ever reset.
 * Threads: main.
 */
import { totalmem } from 'node:os'
import type { MessagePort } from 'node:worker_threads'
import type {
  ChannelOptions,
  InputChannelDescription,
  OutputChannelDescription,
} from '../channel/create-channel.ts'
import { createChannel } from '../channel/create-channel.ts'
import { Doorbell } from '../channel/doorbell.ts'
import type { RingSize } from '../channel/ring-layout.ts'
import { ringOf, ringSize } from '../channel/ring-layout.ts'
import type { ExecutionGraph } from '../graph/execution-graph.ts'
import { resultOperators } from '../graph/result-operators.ts'
import { allocateTaskMetrics } from '../metrics/task-metrics.ts'
import type { TaskDeployment } from '../protocol/deployment.ts'
import type { TaskRestore } from '../protocol/snapshot.ts'
import type { TaskEvents } from './job-execution.ts'
import type { JobMemory } from './job-metrics.ts'
import type { PreparedJob } from './prepared-job.ts'
import type { ChannelMemory } from './queue-reader.ts'
import type { ResultReader } from './result-reader.ts'
import type { PrintLine } from './result-readers.ts'
import { resultReader, resultSource } from './result-readers.ts'
import { WorkerTask } from './worker-task.ts'

export interface PlanOptions {
  readonly prepared: PreparedJob
  readonly attempt: number
  readonly lineage: string
  readonly jobUrl: string
  readonly onPrint: PrintLine | undefined
  /** Of the attempt before: they get new channels. */
  readonly results?: readonly ResultReader[] | undefined
  readonly checkpointing: boolean
  readonly channels?: ChannelWorld | undefined
  /** By task: what it takes over of a checkpoint. */
  readonly restore?: readonly TaskRestore[] | undefined
}

/** See `createChannel`. */
export type ChannelWorld = Pick<ChannelOptions, 'firstSeq' | 'ports'>

export interface DeploymentPlan {
  readonly prepared: PreparedJob
  readonly deployments: readonly TaskDeployment[]
  readonly results: readonly ResultReader[]
  readonly memory: JobMemory
}

export function planDeployment(plan: PlanOptions): DeploymentPlan {
  const { prepared } = plan
  const { execution, options } = prepared
  const doorbells = execution.tasks.map(() => Doorbell.allocate())
  const channels = execution.channels.map((channel) =>
    createChannel({
      size: sizeFor(plan, execution.tasks[channel.consumer]!.inputs.length),
      producerDoorbell: doorbells[channel.producer]!,
      consumerDoorbell: doorbells[channel.consumer]!,
      ...plan.channels,
    }),
  )
  const results = planResults(plan, doorbells)
  const metrics = allocateMetrics(execution)
  const memory = {
    metrics,
    channels: [
      ...execution.channels.map(({ producer, consumer, index }) =>
        memoryOf(channels[index]!.output, { producer, consumer }),
      ),
      ...results.exits.flatMap((outputs, producer) =>
        outputs.map((output) => memoryOf(output, { producer, consumer: undefined })),
      ),
    ],
  }
  const deployments = execution.tasks.map(
    (task): TaskDeployment => ({
      attempt: plan.attempt,
      lineage: plan.lineage,
      task: task.index,
      vertex: task.vertex,
      subtask: task.subtask,
      jobUrl: plan.jobUrl,
      args: prepared.args,
      options,
      doorbell: doorbells[task.index]!,
      metrics: metrics[task.index]!,
      checkpointing: plan.checkpointing,
      restore: plan.restore?.[task.index],
      producers: task.inputs.map((index) => {
        const { edge, producer } = execution.channels[index]!
        return { edge, producer: execution.tasks[producer]!.subtask }
      }),
      inputs: task.inputs.map((index) => channels[index]!.input),
      outputs: [
        ...task.outputs.map((exit) => exit.map((index) => channels[index]!.output)),
        ...results.exits[task.index]!.map((output) => [output]),
      ],
    }),
  )
  return { prepared, deployments, results: results.readers, memory }
}

function memoryOf(
  { ring, size }: OutputChannelDescription,
  ends: Pick<ChannelMemory, 'producer' | 'consumer'>,
): ChannelMemory {
  return { ring, size, ...ends }
}

/** Counters of every task, all of them as before its first record. */
export function allocateMetrics({ tasks, vertices }: ExecutionGraph): readonly SharedArrayBuffer[] {
  return tasks.map(({ vertex }) => allocateTaskMetrics(vertices[vertex]!.operators.length))
}

function sizeFor({ prepared }: PlanOptions, channels: number): RingSize {
  const { segmentBytes, segmentsPerChannel } = prepared.options
  const size = ringSize(channels)
  return ringOf(segmentsPerChannel ?? size.segments, segmentBytes ?? size.segmentBytes)
}

interface PlannedResults {
  readonly readers: readonly ResultReader[]
  /** By task: the producer ends towards the main thread. */
  readonly exits: readonly OutputChannelDescription[][]
}

/** One reader for each `collect` and `print`, with a channel from each subtask of its vertex. */
function planResults(plan: PlanOptions, doorbells: readonly SharedArrayBuffer[]): PlannedResults {
  const { jobGraph, execution } = plan.prepared
  const exits: OutputChannelDescription[][] = execution.tasks.map(() => [])
  const known = [...(plan.results ?? [])]
  const readers = jobGraph.vertices.flatMap((vertex) =>
    resultOperators(vertex).map((result) => {
      const own = Doorbell.allocate()
      const tasks = execution.vertices[vertex.index]!.tasks
      const inputs = tasks.map((task): InputChannelDescription => {
        const channel = createChannel({
          size: sizeFor(plan, tasks.length),
          producerDoorbell: doorbells[task]!,
          consumerDoorbell: own,
        })
        exits[task]!.push(channel.output)
        return channel.input
      })
      const source = resultSource(inputs, own)
      const reader = known.shift()
      if (reader === undefined) return resultReader({ result, source, onPrint: plan.onPrint })
      reader.attach(source)
      return reader
    }),
  )
  return { readers, exits }
}

/** Starts a thread for each task. One by one, so that the caller knows those that were started. */
export function* deployTasks(plan: DeploymentPlan, events: TaskEvents): Iterable<WorkerTask> {
  const { execution, options } = plan.prepared
  const heapBytes = options.heapBytes ?? defaultHeapBytes(execution.tasks.length)
  for (const deployment of plan.deployments) {
    yield new WorkerTask({
      deployment,
      transfer: portsOf(deployment),
      vertexName: execution.vertices[deployment.vertex]!.name,
      heapBytes,
      ...events,
    })
  }
}

const HEAP_BYTES_MIN = 256 << 20
const HEAP_BYTES_MAX = 4096 * 1024 ** 2

/** All heaps together may fill three quarters of the machine's memory. */
function defaultHeapBytes(tasks: number): number {
  const share = Math.floor((totalmem() * 0.75) / tasks)
  return Math.min(HEAP_BYTES_MAX, Math.max(HEAP_BYTES_MIN, share))
}

function portsOf(deployment: TaskDeployment): readonly MessagePort[] {
  return [...deployment.inputs, ...deployment.outputs.flat()].map((end) => end.port)
}
