/**
 * Puts a subtask together from its deployment: channel ends, writers, chain, input.
 * Threads: the task.
 */
import type { Cut } from '../barrier/cut.ts'
import { cutOfSource } from '../barrier/cut.ts'
import { assert, unreachable } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Barrier } from '../channel/barrier.ts'
import { ALIGNED, REHEARSAL } from '../channel/barrier.ts'
import type { Doorbell } from '../channel/doorbell.ts'
import { InputChannel } from '../channel/input-channel.ts'
import { InputGate } from '../channel/input-gate.ts'
import { OutputCredit } from '../channel/output-credit.ts'
import type { RecordWriter } from '../channel/record-writer.ts'
import type { SharedWords } from '../channel/shared-words.ts'
import { Codecs } from '../codec/codecs.ts'
import { NO_TIME } from '../codec/page.ts'
import { timedEdges } from '../graph/event-time.ts'
import type { JobGraph, JobVertex } from '../graph/job-graph.ts'
import type { JobOptions } from '../graph/options.ts'
import { snapshotWaits } from '../metrics/snapshot-waits.ts'
import { TaskMetrics } from '../metrics/task-metrics.ts'
import type { Source } from '../operator/source.ts'
import type { TaskDeployment } from '../protocol/deployment.ts'
import type { FromTask } from '../protocol/messages.ts'
import type { TaskRestore } from '../protocol/snapshot.ts'
import { SplitWatermarks } from '../time/split-watermarks.ts'
import { WatermarkValve } from '../time/watermark-valve.ts'
import { buildChain, heapState } from './build-chain.ts'
import { buildWriters, wordsOf } from './build-writers.ts'
import { ChainRuntime } from './chain-runtime.ts'
import { attributed } from './failure.ts'
import { GateDebloating } from './gate-debloating.ts'
import { GateInput } from './gate-input.ts'
import type { TaskPacing } from './pacer.ts'
import { readInFlight } from './restore-in-flight.ts'
import { restoreTask } from './restore-task.ts'
import { SourceInput, unreadableError } from './source-input.ts'
import { Subtask } from './subtask.ts'
import type { InputSnapshot } from './task-checkpoints.ts'
import { TaskCheckpoints } from './task-checkpoints.ts'
import type { TaskOrder } from './task-mailbox.ts'
import { TaskTimes } from './task-times.ts'

export interface BuildSubtaskOptions {
  readonly jobGraph: JobGraph
  readonly deployment: TaskDeployment
  readonly doorbell: Doorbell
  readonly clock: Clock
  readonly log: Logger
  readonly send: (message: FromTask) => void
  /** False where consumers run in the same thread, which therefore must never block. */
  readonly mayBlock: boolean
  /** True once the task is to end: a record blocked in its middle gives up. */
  readonly isStopped?: () => boolean
  /** Default: Atomics. */
  readonly words?: SharedWords | undefined
  /** Default: steps of some milliseconds. */
  readonly pacing?: TaskPacing
  /** In-flight data is not handed over before this long behind its cut. Default: 0. */
  readonly packsAfterMs?: number
  /** At each cut: records that each `collect` or `print` of the task was given before it. */
  readonly onCut?: (checkpointId: number, collected: readonly number[]) => void
}

export interface BuiltSubtask {
  readonly subtask: Subtask
  readonly runtime: ChainRuntime
  readonly times: TaskTimes
  readonly clock: Clock
  /** Bytes of in-flight data that are kept for checkpoints. */
  readonly inFlightBytes: () => number
  /** Carries out what the coordinator wants, between two records. */
  take(order: TaskOrder): void
  /** Opens the operators, and restores them where there is something to restore. */
  open(): Promise<void>
  close(): Promise<void>
}

export function buildSubtask(build: BuildSubtaskOptions): BuiltSubtask {
  const { deployment, clock, doorbell } = build
  const vertex = build.jobGraph.vertices[deployment.vertex]
  assert(vertex !== undefined, `no vertex ${deployment.vertex} in the job that this worker built`)
  const options = deployment.options as JobOptions
  const codecs = new Codecs()
  const metrics = new TaskMetrics(deployment.metrics)
  const times = new TaskTimes(clock, metrics)
  const credit = new OutputCredit({
    doorbell,
    beyondOverdraft: build.mayBlock ? 'block' : 'grow',
    overdraftBytesMax: options.overdraftBytesMax,
    onBlock: (begins) => {
      times.enter(begins ? 'hardBackpressured' : 'busy')
      // It may last, and nobody else tells of the records meanwhile.
      if (begins) subtask.publishCounters(clock.nowMs())
    },
    ...(build.isStopped === undefined ? {} : { isStopped: build.isStopped }),
  })
  const writers = buildWriters({ build, vertex, codecs, credit, timed: timedEdges(build.jobGraph) })
  const wake = () => doorbell.wake()
  const runtime = new ChainRuntime({
    head: buildChain({ vertex, options, lineage: deployment.lineage, writers }),
    label: `${vertex.index}-${vertex.name}`,
    name: vertex.name,
    subtask: deployment.subtask,
    parallelism: vertex.parallelism,
    maxParallelism: vertex.maxParallelism,
    attempt: deployment.attempt,
    clock,
    log: build.log,
    credit,
    metrics,
    state: heapState(vertex, deployment.subtask),
    wake,
    isUrgent: () => doorbell.hasPriority() || doorbell.hasMail() || build.pacing?.pauses() === true,
  })
  const subtask = new Subtask({
    attempt: deployment.attempt,
    task: deployment.task,
    runtime,
    writers,
    credit,
    clock,
    metrics,
    flushTimeoutMs: options.bufferTimeoutMs,
    pacing: build.pacing?.records,
    send: build.send,
    wake,
  })
  const parts: Parts = { build, vertex, codecs, runtime, subtask, metrics }
  const input = attachInput(parts)
  if (deployment.checkpointing) attachCheckpoints(parts, { input, writers })
  return {
    subtask,
    runtime,
    times,
    clock,
    inFlightBytes: () => parts.checkpoints?.inFlightBytes ?? 0,
    take: (order) => takeOrder(order, { parts, input }),
    open: () => open(parts, input),
    close: async () => {
      await subtask.close()
      for (const end of [...deployment.inputs, ...deployment.outputs.flat()]) end.port.close()
    },
  }
}

function attachCheckpoints(
  parts: Parts,
  { input, writers }: { readonly input: BuiltInput; readonly writers: readonly RecordWriter[] },
): void {
  const { build, vertex, runtime, subtask, metrics } = parts
  const { attempt, task, options } = build.deployment
  const results = writers.slice(vertex.outputs.length)
  parts.checkpoints = new TaskCheckpoints({
    attempt,
    task,
    runtime,
    writers: writers.slice(0, vertex.outputs.length),
    snapshotInput: input.snapshot,
    clock: build.clock,
    codecs: parts.codecs,
    headId: vertex.id,
    inlineBytesMax: (options as JobOptions).checkpointInlineBytesMax,
    pacing: build.pacing?.snapshots,
    packsAfterMs: build.packsAfterMs,
    onCut: (checkpointId) =>
      build.onCut?.(
        checkpointId,
        results.map(({ records }) => records),
      ),
    onPending: ({ snapshotId, waits, channelsMissing }) => {
      metrics.set('snapshotId', snapshotId)
      metrics.set('snapshotWaits', snapshotWaits.indexOf(waits))
      metrics.set('barriersUnknown', channelsMissing)
    },
    send: build.send,
    wake: () => build.doorbell.wake(),
  })
  subtask.attachCheckpoints(parts.checkpoints, input.rehearse)
}

interface Parts {
  readonly build: BuildSubtaskOptions
  readonly vertex: JobVertex
  readonly codecs: Codecs
  readonly runtime: ChainRuntime
  readonly subtask: Subtask
  readonly metrics: TaskMetrics
  checkpoints?: TaskCheckpoints
}

/** What is different between a source and a gate. */
interface BuiltInput {
  readonly snapshot: (cut: Cut) => InputSnapshot
  /** Returns the watermark at which event time was. */
  readonly restore: (restore: TaskRestore) => number
  readonly restorePages?: GateInput['restorePages']
  readonly addSplits?: SourceInput['addSplits']
  readonly abort?: (checkpointId: number) => void
  readonly rehearse: () => void
}

async function open({ build, runtime, vertex, codecs }: Parts, input: BuiltInput): Promise<void> {
  const { restore, subtask, producers } = build.deployment
  const options = build.deployment.options as JobOptions
  await runtime.open()
  if (restore === undefined) return
  await restoreTask({ restore, runtime, vertex, subtask, options, restoreInput: input.restore })
  if (restore.inFlight === undefined || restore.inFlight.length === 0) return
  assert(input.restorePages !== undefined, 'in-flight data for a task without channels')
  const graph = build.jobGraph
  input.restorePages(await readInFlight({ restore, graph, vertex, subtask, producers, codecs }))
}

interface Taker {
  readonly parts: Parts
  readonly input: BuiltInput
}

function takeOrder(order: TaskOrder, { parts, input }: Taker): void {
  switch (order.type) {
    case 'splits':
      assert(input.addSplits !== undefined, 'splits for a task without a source')
      return input.addSplits(order.splits, order.last)
    case 'trigger-checkpoint':
      return trigger(order.barrier, parts)
    case 'complete-checkpoint':
      return parts.checkpoints?.complete(order.checkpointId)
    case 'abort-checkpoint':
      input.abort?.(order.checkpointId)
      return parts.checkpoints?.abort(order.checkpointId)
    case 'chunk-written':
      return parts.checkpoints?.written(order.bytes, order.memories)
    default:
      return unreachable(order)
  }
}

function trigger(barrier: Barrier, parts: Parts): void {
  parts.checkpoints?.take(cutOfSource(barrier, parts.build.clock.nowMs()))
}

function attachInput(parts: Parts): BuiltInput {
  const { spec } = parts.vertex.root.node
  return spec.kind === 'source' ? attachSource(parts, spec.source) : attachGate(parts)
}

/** Of a channel that was not in the checkpoint. */
const UNKNOWN_TIME = { watermarkMs: NO_TIME, idle: false }

function attachGate(parts: Parts): BuiltInput {
  const { build, codecs, runtime, subtask, metrics } = parts
  const { inputs, producers } = build.deployment
  metrics.set('channels', inputs.length)
  const ends = inputs.map(
    (one, index) => new InputChannel(one, { codecs, index, ...wordsOf(build) }),
  )
  const valve = new WatermarkValve(ends.length)
  const gate = new InputGate(ends, build.doorbell)
  const input = new GateInput({
    gate,
    valve,
    makeLoop: (reader) => runtime.pageLoop(reader),
    run: (loop, reader, from, to) => subtask.run(loop, reader, { from, to }),
    onWatermark: (timeMs) => runtime.watermark(timeMs),
    onIdle: (idle) => runtime.idle(idle),
    ...debloatingOf(parts, gate),
    barriers: {
      clock: build.clock,
      onSnapshot: (cut) => parts.checkpoints?.take(cut),
      onBarriers: ({ checkpointId, channelsReached }) => {
        metrics.set('barrierId', checkpointId)
        metrics.set('barriersReached', channelsReached)
      },
    },
  })
  subtask.attachInput(input)
  return {
    snapshot: (cut) => {
      const { watermarkMs, channels, inFlight } = input.snapshot(cut)
      return {
        watermarkMs,
        channels: channels.map((channel, index) => ({ ...producers[index]!, ...channel })),
        inFlight,
      }
    },
    restore: (restore) => {
      if (restore.channels === undefined) return NO_TIME
      const known = restore.channels
      const times = producers.map(
        ({ edge, producer }) =>
          known.find((one) => one.edge === edge && one.producer === producer) ?? UNKNOWN_TIME,
      )
      input.restoreChannels(times, restore.watermarkMs)
      valve.awaitIdle()
      return valve.watermarkMs
    },
    restorePages: (pages) => input.restorePages(pages),
    abort: (checkpointId) => input.abort(checkpointId),
    rehearse: () => input.rehearse(),
  }
}

function debloatingOf({ build, metrics }: Parts, gate: InputGate) {
  const { options, inputs } = build.deployment
  const { debloat, ...chosen } = options as JobOptions
  if (!debloat) return {}
  const debloating = new GateDebloating({
    gate,
    clock: build.clock,
    idleMs: () => metrics.get('idleMs'),
    targetMs: chosen.debloatTargetMs,
    periodMs: chosen.debloatPeriodMs,
    samples: chosen.debloatSamples,
    thresholdPercent: chosen.debloatThresholdPercent,
    pageBytesMax: Math.max(...inputs.map(({ size }) => size.segmentBytes)),
  })
  return { debloating }
}

function attachSource(parts: Parts, source: Source<unknown>): BuiltInput {
  const { build, runtime, subtask, metrics, vertex } = parts
  const { attempt, task } = build.deployment
  const splitWatermarks = new SplitWatermarks({ clock: build.clock })
  const reader = attributed({ operator: vertex.root.node.name }, () =>
    source.reader({
      subtask: build.deployment.subtask,
      parallelism: vertex.parallelism,
      clock: build.clock,
      wake: () => input.wakeReader(),
    }),
  )
  const input: SourceInput = new SourceInput({
    source,
    operator: vertex.root.node.name,
    reader,
    requestSplit: () => build.send({ type: 'split-request', attempt, task }),
    loopOf: (withTime) => runtime.batchLoop(withTime),
    run: (loop, batch, from) => subtask.run(loop, batch, { from, to: batch.count }),
    splitWatermarks,
    onSplits: (current, waiting) =>
      runtime.forEachNode((node) => node.operator?.onSplits?.(current, waiting)),
    onBatchEnd: (watermarkMs) => {
      const before = runtime.control.watermarkOf(runtime.head)
      if (watermarkMs !== undefined && watermarkMs > before) runtime.watermark(watermarkMs)
      runtime.batchEnded()
    },
    onUnreadable: (record) => {
      metrics.add('recordsUnreadable', 1)
      if (source.onUnreadable === 'skip') return
      const tag = source.unreadableTo
      if (tag === undefined) throw unreadableError(source, record)
      runtime.emitTo(runtime.head, tag, record, Number.NEGATIVE_INFINITY)
    },
    wake: () => build.doorbell.wake(),
    nowMs: () => build.clock.nowMs(),
  })
  subtask.attachInput(input)
  return {
    snapshot: () => ({ source: input.snapshot(), channels: [], watermarkMs: input.watermarkMs }),
    restore: ({ splits, watermarkMs = NO_TIME }) => {
      splitWatermarks.restore(watermarkMs)
      if (splits !== undefined) input.restoreSplits(splits)
      return watermarkMs
    },
    addSplits: (splits, last) => input.addSplits(splits, last),
    rehearse: () => trigger({ ...ALIGNED, checkpointId: REHEARSAL, triggeredMs: 0 }, parts),
  }
}
