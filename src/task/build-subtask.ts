/**
 * Puts a subtask together from its deployment: channel ends, writers, chain, input.
 * Threads: the task.
 */
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Doorbell } from '../channel/doorbell.ts'
import { InputChannel } from '../channel/input-channel.ts'
import { InputGate } from '../channel/input-gate.ts'
import { OutputCredit } from '../channel/output-credit.ts'
import { Codecs } from '../codec/codecs.ts'
import { timedEdges } from '../graph/event-time.ts'
import type { JobGraph, JobVertex } from '../graph/job-graph.ts'
import type { JobOptions } from '../graph/options.ts'
import { TaskMetrics } from '../metrics/task-metrics.ts'
import type { Source, Split } from '../operator/source.ts'
import type { TaskDeployment } from '../protocol/deployment.ts'
import type { FromTask } from '../protocol/messages.ts'
import { SplitWatermarks } from '../time/split-watermarks.ts'
import { WatermarkValve } from '../time/watermark-valve.ts'
import { buildChain, heapState } from './build-chain.ts'
import { buildWriters } from './build-writers.ts'
import { ChainRuntime } from './chain-runtime.ts'
import { attributed } from './failure.ts'
import { GateInput } from './gate-input.ts'
import { SourceInput, unreadableError } from './source-input.ts'
import { Subtask } from './subtask.ts'

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
}

export interface BuiltSubtask {
  readonly subtask: Subtask
  readonly runtime: ChainRuntime
  readonly metrics: TaskMetrics
  readonly clock: Clock
  addSplits(splits: readonly Split[], last: boolean): void
  open(): Promise<void>
  close(): Promise<void>
}

export function buildSubtask(build: BuildSubtaskOptions): BuiltSubtask {
  const { deployment, clock, doorbell } = build
  const vertex = build.jobGraph.vertices[deployment.vertex]
  assert(vertex !== undefined, `no vertex ${deployment.vertex} in the job that this worker built`)
  const options = deployment.options as JobOptions
  const codecs = new Codecs()
  const metrics = new TaskMetrics(deployment.metrics, deployment.task)
  const credit = new OutputCredit({
    doorbell,
    beyondOverdraft: build.mayBlock ? 'block' : 'grow',
    overdraftBytesMax: options.overdraftBytesMax,
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
    send: build.send,
    wake,
  })
  const parts = { build, vertex, codecs, runtime, subtask, metrics }
  const addSplits = attachInput(parts)
  return {
    subtask,
    runtime,
    metrics,
    clock,
    addSplits,
    open: () => runtime.open(),
    close: async () => {
      await subtask.close()
      for (const end of [...deployment.inputs, ...deployment.outputs.flat()]) end.port.close()
    },
  }
}

interface Parts {
  readonly build: BuildSubtaskOptions
  readonly vertex: JobVertex
  readonly codecs: Codecs
  readonly runtime: ChainRuntime
  readonly subtask: Subtask
  readonly metrics: TaskMetrics
}

type AddSplits = BuiltSubtask['addSplits']

function attachInput(parts: Parts): AddSplits {
  const { spec } = parts.vertex.root.node
  if (spec.kind === 'source') return attachSource(parts, spec.source)
  parts.subtask.attachInput(gateInput(parts))
  return () => assert(false, 'splits for a task without a source')
}

function gateInput({ build, codecs, runtime, subtask }: Parts): GateInput {
  const { inputs } = build.deployment
  const channels = inputs.map((input, index) => new InputChannel(input, { codecs, index }))
  return new GateInput({
    gate: new InputGate(channels),
    valve: new WatermarkValve(channels.length),
    makeLoop: () => runtime.pageLoop(),
    run: (loop, reader, from, to) => subtask.run(loop, reader, { from, to }),
    onWatermark: (timeMs) => runtime.watermark(timeMs),
    onIdle: (idle) => runtime.idle(idle),
  })
}

function attachSource(parts: Parts, source: Source<unknown>): AddSplits {
  const { build, runtime, subtask, metrics, vertex } = parts
  const { attempt, task } = build.deployment
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
    splitWatermarks: new SplitWatermarks({ clock: build.clock }),
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
  return (splits, last) => input.addSplits(splits, last)
}
