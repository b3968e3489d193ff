/**
 * Real threads on tiny rings. Every record must come out once and in order; a lost wake-up shows
 * as a hang. SLUICE_STRESS_SEED replays one run of the random scenarios.
 */
import { expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { prng } from '../../src/base/prng.ts'
import type { ThreadPlan } from './stress-threads.ts'
import { runTasks, useThreads } from './stress-threads.ts'

interface Plan extends ThreadPlan {
  /** Calls of the user's function a producer makes, and what one of them writes. */
  readonly calls: number
  readonly recordsPerCall: number
  readonly fanOut: number
  readonly bigEvery: number
  readonly bigChars: number
  readonly overdraftBytesMax: number
  readonly parks: 'sync' | 'async' | 'mixed'
  readonly sleepsPerMille: number
  /** Texts by which records are partitioned; 0 if they name their consumer. */
  readonly keys: number
  /** How many of them have numbers at most. */
  readonly textsMax: number
}

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
  keys: 0,
  textsMax: 0,
}

useThreads()

interface Report {
  readonly sent: readonly number[]
  readonly received: readonly number[]
  readonly parks: number
  readonly blocks: number
}

function run(plan: Plan, seed: number): Promise<readonly (readonly Report[])[]> {
  return runTasks({ plan, seed, worker: './stress-worker.mjs' })
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
  ['keys with numbers', { stages: [2, 3, 2], keys: 500, textsMax: 1000, calls: 5_000 }],
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
    keys: seed === OPEN_PAGES_SEED ? 0 : below(2) * (1 + below(300)),
    textsMax: below(200),
  }
  expectAllArrived(await run(plan, seed))
})
