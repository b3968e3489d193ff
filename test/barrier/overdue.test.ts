/** When an aligned checkpoint becomes an unaligned one, and what it takes along. */
import { expect, test } from 'vitest'
import type { Overdue } from '../../src/barrier/alignment.ts'
import { Alignment } from '../../src/barrier/alignment.ts'
import type { BarrierKind } from '../../src/channel/barrier.ts'
import { ALIGNED, REHEARSAL } from '../../src/channel/barrier.ts'

type Step =
  | readonly ['announce' | 'abort', id: number]
  | readonly ['reach', channel: number, id: number]
  /** That much time passes, and what is overdue is taken. */
  | readonly ['pass', ms: number]

interface Scenario {
  readonly channels: number
  readonly timeoutMs: number | undefined
  /** Of those that are not unaligned, or aligned where there is no time-out. */
  readonly kinds?: Readonly<Record<number, BarrierKind>>
  readonly script: readonly Step[]
  readonly seen: readonly string[]
}

const scenarios: Record<string, Scenario> = {
  'without a time-out nothing is ever overdue': {
    channels: 2,
    timeoutMs: undefined,
    script: [
      ['announce', 1],
      ['reach', 0, 1],
      ['pass', 1e9],
    ],
    seen: [],
  },
  'with none to wait it is taken as soon as a barrier is known': {
    channels: 3,
    timeoutMs: 0,
    script: [
      ['announce', 1],
      ['pass', 0],
    ],
    seen: ['1 with 0 1 2'],
  },
  'a channel that waits at its barrier has nothing in flight, and goes on': {
    channels: 3,
    timeoutMs: 50,
    script: [
      ['announce', 1],
      ['reach', 1, 1],
      ['pass', 49],
      ['pass', 1],
    ],
    seen: ['1 with 0 2', 'on 1'],
  },
  'whoever is aligned in time is aligned': {
    channels: 2,
    timeoutMs: 50,
    script: [
      ['announce', 1],
      ['reach', 0, 1],
      ['pass', 49],
      ['reach', 1, 1],
      ['pass', 100],
    ],
    seen: ['1 aligned', 'on 0'],
  },
  'each checkpoint has its own time': {
    channels: 2,
    timeoutMs: 50,
    script: [
      ['announce', 1],
      ['pass', 30],
      ['announce', 2],
      ['pass', 20],
      ['pass', 29],
      ['pass', 1],
    ],
    seen: ['1 with 0 1', '2 with 0 1'],
  },
  'who was told late of a later checkpoint takes all before it at the same instant': {
    channels: 2,
    timeoutMs: 50,
    script: [
      ['announce', 7],
      ['pass', 0],
      ['announce', 9],
      ['announce', 8],
      ['reach', 0, 7],
      ['pass', 50],
    ],
    seen: ['7 with 1', '8 with 0 1', '9 with 0 1', 'on 0'],
  },
  'a barrier of one that was taken is stale': {
    channels: 2,
    timeoutMs: 0,
    script: [
      ['announce', 3],
      ['pass', 0],
      ['announce', 3],
      ['announce', 2],
      ['pass', 1],
      ['announce', 4],
      ['pass', 0],
    ],
    seen: ['3 with 0 1', 'stale 3', 'stale 2', '4 with 0 1'],
  },
  'one that is aborted is overdue no more': {
    channels: 2,
    timeoutMs: 10,
    script: [
      ['announce', 1],
      ['reach', 0, 1],
      ['abort', 1],
      ['pass', 100],
    ],
    seen: ['on 0'],
  },
  'an aligned one can follow at once': {
    channels: 2,
    timeoutMs: 20,
    script: [
      ['announce', 1],
      ['reach', 0, 1],
      ['pass', 20],
      ['announce', 2],
      ['reach', 0, 2],
      ['reach', 1, 2],
    ],
    seen: ['1 with 1', 'on 0', '2 aligned', 'on 0'],
  },
  'what was triggered aligned never falls due by itself': {
    channels: 2,
    timeoutMs: 0,
    kinds: { 1: 'aligned' },
    script: [
      ['announce', 1],
      ['pass', 1e9],
      ['reach', 0, 1],
      ['reach', 1, 1],
    ],
    seen: ['1 aligned', 'on 0'],
  },
  'an aligned one that a later one overtakes is taken with it': {
    channels: 2,
    timeoutMs: 10,
    kinds: { 1: 'aligned' },
    script: [
      ['reach', 0, 1],
      ['announce', 2],
      ['pass', 9],
      ['pass', 1],
      ['reach', 0, 2],
      ['reach', 1, 1],
      ['reach', 1, 2],
    ],
    seen: ['1 with 1', '2 with 0 1', 'on 0'],
  },
  'at least once, a channel that went on has nothing of its own in flight': {
    channels: 2,
    timeoutMs: 10,
    kinds: { 1: 'at-least-once', 3: 'at-least-once' },
    script: [
      ['reach', 0, 1],
      ['announce', 2],
      ['announce', 3],
      ['pass', 10],
      ['reach', 0, 2],
      ['reach', 0, 3],
      ['reach', 1, 3],
    ],
    seen: ['1 with 1', '2 with 0 1', 'on 0', '3 aligned', 'on 0'],
  },
  'a rehearsal is never overdue': {
    channels: 2,
    timeoutMs: 0,
    kinds: { [REHEARSAL]: ALIGNED.kind },
    script: [
      ['announce', REHEARSAL],
      ['pass', 1e9],
    ],
    seen: [],
  },
}

function barrierOf({ timeoutMs, kinds = {} }: Scenario, checkpointId: number, triggeredMs: number) {
  const kind = kinds[checkpointId] ?? (timeoutMs === undefined ? 'aligned' : 'unaligned')
  const alignedTimeoutMs = timeoutMs ?? 0
  return { kind, alignedTimeoutMs, channelStateBytesMax: 0, checkpointId, triggeredMs } as const
}

test.each(Object.entries(scenarios))('%s', (_, scenario) => {
  const { channels, script, seen } = scenario
  const alignment = new Alignment(channels)
  const found: string[] = []
  let ms = 1_000
  const now = () => ({ nowMs: ms, monotonicMs: ms, bytesTaken: 0 })
  const take = ({ cuts, unblock }: Overdue) => {
    for (const { barrier, behind, unaligned } of cuts) {
      found.push(`${barrier.checkpointId} ${unaligned ? `with ${behind.join(' ')}` : 'aligned'}`)
    }
    if (unblock.length > 0) found.push(`on ${unblock.join(' ')}`)
  }
  for (const step of script) {
    switch (step[0]) {
      case 'announce': {
        const barrier = barrierOf(scenario, step[1], ms)
        if (!alignment.announced(barrier, now())) found.push(`stale ${step[1]}`)
        break
      }
      case 'reach':
        take(alignment.reached(step[1], barrierOf(scenario, step[2], ms), now()))
        break
      case 'abort': {
        const unblock = alignment.aborted(step[1])
        take({ cuts: [], unblock })
        break
      }
      case 'pass':
        ms += step[1]
        if (alignment.dueMs <= ms) take(alignment.takeOverdue(now()))
    }
  }
  expect(found).toEqual(seen)
})

test.each([
  ['known at once', 0, 130],
  ['known late', 20, 110],
  ['known too late', 80, 100],
  ['triggered in the future of a clock that was set back', -500, 130],
])('time counts from the trigger, on a clock that never jumps: %s', (_, lateMs, dueMs) => {
  const alignment = new Alignment(2)
  const rules = { kind: 'unaligned', alignedTimeoutMs: 30, channelStateBytesMax: 0 } as const
  const at = { nowMs: 5_000, monotonicMs: 100, bytesTaken: 0 }
  alignment.announced({ ...rules, checkpointId: 1, triggeredMs: 5_000 - lateMs }, at)
  expect(alignment.dueMs).toBe(dueMs)
  expect(alignment.takeOverdue({ ...at, monotonicMs: dueMs - 1 }).cuts).toEqual([])
  expect(alignment.takeOverdue({ ...at, monotonicMs: dueMs }).cuts).toHaveLength(1)
  expect(alignment.dueMs).toBe(Number.POSITIVE_INFINITY)
})
