/**
 * Real threads on tiny rings. Every record must come out once and in order; a lost wake-up shows
 * as a hang. SLUICE_STRESS_SEED replays one run of the random scenarios.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { MessagePort } from 'node:worker_threads'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { every, systemClock } from '../../src/base/clock.ts'
import { prng } from '../../src/base/prng.ts'
import { createChannel } from '../../src/channel/create-channel.ts'
import { Doorbell } from '../../src/channel/doorbell.ts'
import { ringOf } from '../../src/channel/ring-layout.ts'
import { NEAR_WRAP } from './harness.ts'

interface Plan {
  /** Tasks a stage: [2, 3] is two producers and three consumers, all connected. */
  readonly stages: readonly number[]
  readonly segments: number
  readonly segmentBytes: number
  /** Calls of the user's function a producer makes, and what one of them writes. */
  readonly calls: number
  readonly recordsPerCall: number
  readonly fanOut: number
  readonly bigEvery: number
  readonly bigChars: number
  readonly overdraftBytesMax: number
  readonly parks: 'sync' | 'async' | 'mixed'
  readonly sleepsPerMille: number
}

const QUIET_MS_MAX = 15_000

const usual: Plan = {
  stages: [1, 1],
  segments: 2,
  segmentBytes: 256,
  calls: 10_000,
  recordsPerCall: 3,
  fanOut: 200,
  bigEvery: 0,
  bigChars: 0,
  overdraftBytesMax: 1 << 20,
  parks: 'mixed',
  sleepsPerMille: 1,
}

const workers: Worker[] = []

beforeAll(() => {
  // Workers run compiled code; this does nothing where it is up to date.
  const build = fileURLToPath(new URL('../../src/cli/build.mjs', import.meta.url))
  execFileSync(process.execPath, [build], { stdio: ['ignore', 'inherit', 'inherit'] })
})

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()))
})

interface Report {
  readonly sent: readonly number[]
  readonly received: readonly number[]
  readonly parks: number
  readonly blocks: number
}

/** Runs the plan and returns what its tasks report, stage by stage. */
async function run(plan: Plan, seed: number): Promise<readonly (readonly Report[])[]> {
  const stages = plan.stages.map((tasks) =>
    Array.from({ length: tasks }, () => ({ doorbell: Doorbell.allocate() })),
  )
  const progress = new SharedArrayBuffer(4 * stages.flat().length)
  const layers = stages
    .slice(1)
    .map((consumers, layer) => connectAll(plan, stages[layer]!, consumers))
  let index = 0
  const reports = stages.map((tasks, stage) =>
    tasks.map(({ doorbell }, task) => {
      const inputs = (layers[stage - 1] ?? []).filter((it) => it.consumer === task)
      const outputs = (layers[stage] ?? []).filter((it) => it.producer === task)
      const data = {
        plan,
        seed: seed * 31 + index,
        index: index++,
        doorbell,
        progress,
        inputs: inputs.map((it) => it.ends.input),
        outputs: outputs.map((it) => it.ends.output),
        channelIds: { inputs: inputs.map((it) => it.id), outputs: outputs.map((it) => it.id) },
      }
      return reportOf(data)
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

function connectAll(plan: Plan, producers: readonly Task[], consumers: readonly Task[]) {
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

function reportOf(data: TaskData): Promise<Report> {
  const transferList = [...data.inputs, ...data.outputs].map((end) => end.port)
  const url = new URL('./stress-worker.mjs', import.meta.url)
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

/** What a stage sent, and what the next received, channel by channel. */
function expectAllArrived(reports: readonly (readonly Report[])[]): void {
  for (let stage = 1; stage < reports.length; stage++) {
    const sent = reports[stage - 1]!.map((task) => task.sent)
    const received = reports[stage]!.map((task) => task.received)
    expect(received).toEqual(received.map((_, consumer) => sent.map((row) => row[consumer])))
  }
}

const plans: readonly [string, Partial<Plan>][] = [
  ['two segments of 256 bytes, futex only', { parks: 'sync', calls: 40_000 }],
  ['two segments of 256 bytes, waitAsync only', { parks: 'async' }],
  ['8 producers, 8 consumers', { stages: [8, 8], calls: 3_000 }],
  ['8 producers, 1 consumer', { stages: [8, 1], calls: 4_000 }],
  ['1 producer, 8 consumers', { stages: [1, 8], calls: 20_000 }],
  ['a chain of tasks that read and write', { stages: [2, 3, 2, 1], calls: 5_000 }],
  [
    'records larger than the ring',
    { stages: [2, 2], bigEvery: 40, bigChars: 5_000, calls: 5_000, segments: 4 },
  ],
]

test.each(plans)('every record comes out once and in order: %s', async (name, plan) => {
  const reports = await run({ ...usual, ...plan }, name.length)
  expectAllArrived(reports)
  // Tasks did sleep and were woken: otherwise nothing was tried.
  for (const stage of reports) expect(stage.some((task) => task.parks > 0)).toBe(true)
})

test('a call that writes a million records to a slow sink ends, within its overdraft', async () => {
  const plan = { ...usual, calls: 1, recordsPerCall: 1_000_000, fanOut: 1, sleepsPerMille: 3 }
  const reports = await run({ ...plan, segments: 4, overdraftBytesMax: 256 << 10 }, 2)
  expectAllArrived(reports)
  expect(reports[0]![0]!.blocks).toBeGreaterThan(0)
})

/** Hung once: the open pages of all channels had used up the overdraft, and nobody saw them. */
const OPEN_PAGES_SEED = 194_487

const seeds =
  process.env.SLUICE_STRESS_SEED === undefined
    ? [OPEN_PAGES_SEED, ...[1, 2, 3, 4, 5].map((k) => (systemClock.nowMs() + k) % 1_000_000)]
    : [Number(process.env.SLUICE_STRESS_SEED)]

test.each(seeds)('every record comes out once and in order: random plan, seed %i', async (seed) => {
  const { below } = prng(seed)
  const stages =
    below(3) === 0 ? [1 + below(3), 1 + below(3), 1 + below(2)] : [1 + below(4), 1 + below(4)]
  const plan: Plan = {
    stages,
    segments: 2 << below(3),
    segmentBytes: 256 + 8 * below(100),
    calls: 4_000,
    recordsPerCall: 1 + below(6),
    fanOut: 1 + below(600),
    bigEvery: below(2) * (20 + below(200)),
    bigChars: 1 + below(6_000),
    overdraftBytesMax: 16_384 << below(8),
    parks: (['sync', 'async', 'mixed'] as const)[below(3)]!,
    sleepsPerMille: below(4),
  }
  expectAllArrived(await run(plan, seed))
})
