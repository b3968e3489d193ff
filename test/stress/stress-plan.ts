/** What a seed gives: a stalling job, and what happens to each process that runs it. */
import type { Prng } from '../../src/base/prng.ts'
import { oneOf } from '../kill/kill-steps.ts'
import type { KillAt } from '../kill/start-child.ts'
import type { Promised } from './expected-rows.ts'
import { isSampled, type Place, piecesOf, places, type StallingArgs } from './pieces.ts'

export interface JobPlan {
  /** All but where it writes. */
  readonly args: Omit<StallingArgs, 'output'>
  readonly promised: Promised
  /** Of processes. */
  readonly kills: number
}

export interface StartPlan {
  /** Of `runJob`. */
  readonly options: {
    readonly parallelism: number
    readonly checkpoints: Readonly<Record<string, unknown>>
    readonly [option: string]: unknown
  }
  readonly killAt?: KillAt
  readonly killAfterMs?: number
}

/** How long the stalls of one place take, all together, in one of its subtasks. */
const STALLED_MS = 1_500
const SUBTASKS_USUAL = 2
const KILLS_MAX = 3

/** `records`: about so many; `folder`: for the notes of what has happened. */
export function planJob(random: Prng, options: { records: number; folder: string }): JobPlan {
  const { burstEvery, burst } = oneOf(random, [
    { burstEvery: 1 << 30, burst: 0 },
    { burstEvery: 50, burst: 20 },
    { burstEvery: 500, burst: 900 },
  ])
  const records = Math.ceil(options.records * (0.5 + random.below(100) / 100))
  const plain = {
    seed: random.below(1 << 20),
    records,
    keys: 1 + random.below(40),
    exchange: oneOf(random, ['rebalance', 'rescale', 'global', 'custom'] as const),
    burstEvery,
    burst,
    stallMsMax: oneOf(random, [1, 4, 20]),
    trouble: { folder: options.folder, at: someTrouble(random, records) },
  }
  const promised = random.below(5) === 0 ? 'least' : 'exactly'
  const stalls = someStalls(random, plain)
  return { args: { ...plain, stalls }, promised, kills: random.below(KILLS_MAX + 1) }
}

function someTrouble(random: Prng, records: number): StallingArgs['trouble']['at'] {
  return Array.from({ length: random.below(3) }, () => ({
    place: oneOf(random, ['spread', 'first', 'second'] as const),
    id: random.below(records),
    how: oneOf(random, ['throw', 'exit'] as const),
  }))
}

type Unstalled = Omit<StallingArgs, 'output' | 'stalls'>

/** In one place at the least: all before it is slowed down, and what is behind it waits. */
function someStalls(random: Prng, args: Unstalled): Readonly<Record<Place, number>> {
  const certain = oneOf(random, places)
  const oneIn = (place: Place) => {
    if (place !== certain && random.below(3) > 0) return 0
    const ms = callsOf(place, args) * args.stallMsMax * 0.5
    return Math.max(1, Math.round(ms / (STALLED_MS * SUBTASKS_USUAL)))
  }
  const entries = places.map((place) => [place, oneIn(place)] as const)
  return Object.fromEntries(entries) as Record<Place, number>
}

function callsOf(place: Place, args: Unstalled): number {
  if (place === 'spread') return args.records
  let calls = 0
  for (let id = 0; id < args.records; id++) {
    const pieces = piecesOf(id, args)
    calls += place === 'sampled' ? pieces.filter(isSampled).length : pieces.length
  }
  return calls
}

/** Every process of a job may have another parallelism, and other options. */
export function planStart(random: Prng, { promised }: JobPlan, isKilled: boolean): StartPlan {
  const options = {
    parallelism: oneOf(random, [1, 2, 3]),
    checkpoints: { ...modeOf(random, promised), ...anyCheckpoints(random) },
    config: anyConfig(random),
    restart: { attempts: 100, delay: oneOf(random, [1, 20]) },
  }
  return { options, ...(isKilled ? anyKill(random) : {}) }
}

function modeOf(random: Prng, promised: Promised): Readonly<Record<string, unknown>> {
  if (promised === 'least') return { mode: 'at-least-once' }
  return oneOf(random, [
    {},
    { unaligned: true },
    { unaligned: true },
    { unaligned: true, alignedTimeout: '5 ms' },
    { unaligned: true, alignedTimeout: '40 ms' },
  ])
}

function anyCheckpoints(random: Prng): Readonly<Record<string, unknown>> {
  return {
    interval: oneOf(random, [10, 10, 20, 50]),
    maxConcurrent: oneOf(random, [1, 2, 3, 8]),
    retained: oneOf(random, [1, 2, 3]),
    compression: oneOf(random, [false, true]),
    inlineThreshold: oneOf(random, [0, '1 kb', '20 kb']),
    // The small ones make some of them fail in the middle.
    timeout: random.below(6) > 0 ? '10 min' : '60 ms',
    channelStateBytesMax: oneOf(random, ['256 mb', '256 mb', '256 mb', '32 kb']),
  }
}

function anyConfig(random: Prng): Readonly<Record<string, unknown>> {
  const small = { overdraftBytesMax: '32 kb', recordBytesMax: '32 kb' }
  const rings = {
    segmentSize: oneOf(random, [512, 4_096]),
    buffersPerChannel: oneOf(random, [2, 8]),
  }
  return {
    bufferTimeout: oneOf(random, [0, 1, 5]),
    ...oneOf(random, [{}, rings, rings]),
    ...oneOf(random, [{}, small]),
    ...oneOf(random, [{}, {}, { 'debloat.enabled': true, 'debloat.target': '20 ms' }]),
  }
}

const MESSAGES = [
  'checkpoint triggered',
  'checkpoint acknowledged by all tasks',
  'checkpoint complete',
]

function anyKill(random: Prng): Pick<StartPlan, 'killAt' | 'killAfterMs'> {
  if (random.below(3) === 0) return { killAfterMs: 500 + random.below(2_500) }
  const [message, nth, delayMs] = [oneOf(random, MESSAGES), 1 + random.below(80), random.below(4)]
  return { killAt: { message, nth, delayMs } }
}
