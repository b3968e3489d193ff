/**
 * Runs the tasks of a stress test, each in a thread of its own, connected stage by stage. A lost
 * wake-up shows as a hang.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { MessagePort } from 'node:worker_threads'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeAll } from 'vitest'
import { every, systemClock } from '../../src/base/clock.ts'
import { createChannel } from '../../src/channel/create-channel.ts'
import { Doorbell } from '../../src/channel/doorbell.ts'
import { ringOf } from '../../src/channel/ring-layout.ts'
import { NEAR_WRAP } from './harness.ts'

export interface ThreadPlan {
  /** Tasks a stage: [2, 3] is two producers and three consumers, all connected. */
  readonly stages: readonly number[]
  readonly segments: number
  readonly segmentBytes: number
}

export interface RunOptions {
  readonly plan: ThreadPlan
  readonly seed: number
  /** A file beside this one. Gets the plan, its seed, its index and its channels. */
  readonly worker: string
  /** More for each worker. */
  readonly shared?: object
}

const QUIET_MS_MAX = 15_000

const workers: Worker[] = []

/** To be called once in a test file that runs tasks. */
export function useThreads(): void {
  beforeAll(() => {
    // Workers run compiled code; this does nothing where it is up to date.
    const build = fileURLToPath(new URL('../../src/cli/build.mjs', import.meta.url))
    execFileSync(process.execPath, [build], { stdio: ['ignore', 'inherit', 'inherit'] })
  })
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.terminate()))
  })
}

/** Runs the plan and returns what its tasks report, stage by stage. */
export async function runTasks<Report>(
  options: RunOptions,
): Promise<readonly (readonly Report[])[]> {
  const { plan, seed } = options
  const stages = plan.stages.map((tasks) =>
    Array.from({ length: tasks }, () => ({ doorbell: Doorbell.allocate() })),
  )
  const progress = new SharedArrayBuffer(4 * stages.flat().length)
  const layers = stages
    .slice(1)
    .map((consumers, layer) => connectAll(plan, stages[layer]!, consumers))
  const doorbells = stages.flat().map(({ doorbell }) => doorbell)
  let index = 0
  const reports = stages.map((tasks, stage) =>
    tasks.map(({ doorbell }, task) => {
      const inputs = (layers[stage - 1] ?? []).filter((it) => it.consumer === task)
      const outputs = (layers[stage] ?? []).filter((it) => it.producer === task)
      const data = {
        ...options.shared,
        plan,
        seed: seed * 31 + index,
        index: index++,
        doorbell,
        doorbells,
        progress,
        inputs: inputs.map((it) => it.ends.input),
        outputs: outputs.map((it) => it.ends.output),
        channelIds: { inputs: inputs.map((it) => it.id), outputs: outputs.map((it) => it.id) },
      }
      return reportOf<Report>(options.worker, data)
    }),
  )
  const stop = watch(progress)
  try {
    const all = Promise.all(reports.map((stage) => Promise.all(stage)))
    return await Promise.race([all, stop.hung])
  } finally {
    stop.cancel()
  }
}

type Task = { readonly doorbell: SharedArrayBuffer }

function connectAll(plan: ThreadPlan, producers: readonly Task[], consumers: readonly Task[]) {
  const size = ringOf(plan.segments, plan.segmentBytes)
  return producers.flatMap((from, producer) =>
    consumers.map((to, consumer) => ({
      id: producer * consumers.length + consumer,
      producer,
      consumer,
      ends: createChannel({
        size,
        producerDoorbell: from.doorbell,
        consumerDoorbell: to.doorbell,
        firstSeq: NEAR_WRAP,
      }),
    })),
  )
}

interface TaskData {
  readonly inputs: readonly { readonly port: MessagePort }[]
  readonly outputs: readonly { readonly port: MessagePort }[]
}

function reportOf<Report>(file: string, data: TaskData): Promise<Report> {
  const transferList = [...data.inputs, ...data.outputs].map((end) => end.port)
  const url = new URL(file, import.meta.url)
  const worker = new Worker(url, { workerData: data, transferList, execArgv: [] })
  workers.push(worker)
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`a task exited with ${code}`)))
  })
}

function watch(progress: SharedArrayBuffer) {
  const counters = new Int32Array(progress)
  let last = ''
  let sinceMs = systemClock.monotonicMs()
  let cancel = () => {}
  const hung = new Promise<never>((_, reject) => {
    cancel = every(500, () => {
      const now = counters.join()
      if (now !== last) sinceMs = systemClock.monotonicMs()
      else if (systemClock.monotonicMs() - sinceMs > QUIET_MS_MAX) {
        reject(new Error(`hang: progress ${now}`))
      }
      last = now
    })
  })
  return { hung, cancel: () => cancel() }
}
