import { expect, test } from 'vitest'
import { Alignment } from '../../src/barrier/alignment.ts'
import type { Step } from './deliver.ts'
import { barrierOf, deliver } from './deliver.ts'

type Table = Record<string, readonly [channels: number, script: readonly Step[], seen: string[]]>

const aligned: Table = {
  'a task with one channel never waits': [
    1,
    [
      [0, 'a'],
      [0, 1],
      [0, 'b'],
      [0, 2],
      [0, 3],
      [0, 'c'],
    ],
    ['a', 'snapshot 1', 'b', 'snapshot 2', 'snapshot 3', 'c'],
  ],
  'a channel that is ahead waits until the slower one delivers its barrier': [
    2,
    [
      [0, 'a'],
      [0, 1],
      [0, 'b'],
      [1, 'c'],
      [1, 1],
    ],
    ['a', 'c', 'snapshot 1', 'b'],
  ],
  'all channels but the slowest wait, and go on in one instant': [
    3,
    [
      [2, 1],
      [2, 'c'],
      [0, 1],
      [0, 'a'],
      [1, 'b'],
      [1, 1],
      [1, 'd'],
    ],
    ['b', 'snapshot 1', 'a', 'c', 'd'],
  ],
  'a channel that waits at one barrier does not reach the next': [
    2,
    [
      [0, 1],
      [0, 'a'],
      [0, 2],
      [0, 'b'],
      [1, 'c'],
      [1, 1],
      [1, 'd'],
      [1, 2],
    ],
    ['c', 'snapshot 1', 'a', 'd', 'snapshot 2', 'b'],
  ],
  'barriers of two checkpoints without a record between them are two snapshots': [
    2,
    [
      [0, 1],
      [0, 2],
      [0, 'a'],
      [1, 1],
      [1, 2],
      [1, 'b'],
    ],
    ['snapshot 1', 'snapshot 2', 'a', 'b'],
  ],
  'an abort lets the channels that waited go on': [
    2,
    [
      [0, 1],
      [0, 'a'],
      ['abort', 1],
      [1, 'b'],
      [1, 1],
      [1, 'c'],
    ],
    ['a', 'b', 'c'],
  ],
  'an abort before all barriers': [
    2,
    [
      ['abort', 1],
      [0, 1],
      [0, 'a'],
      [1, 1],
      [1, 'b'],
    ],
    ['a', 'b'],
  ],
  'an abort behind the snapshot changes nothing': [
    2,
    [
      [0, 1],
      [1, 1],
      ['abort', 1],
      [0, 'a'],
      [0, 2],
      [1, 2],
    ],
    ['snapshot 1', 'a', 'snapshot 2'],
  ],
  'an abort twice, and of a checkpoint that never comes': [
    2,
    [
      [0, 2],
      [0, 'a'],
      ['abort', 1],
      ['abort', 2],
      ['abort', 2],
      ['abort', 7],
      [0, 3],
      [1, 3],
    ],
    ['a', 'snapshot 3'],
  ],
  'an aborted checkpoint between two others takes neither with it': [
    2,
    [
      [0, 1],
      [0, 'a'],
      [0, 2],
      [0, 'b'],
      [0, 3],
      [0, 'c'],
      ['abort', 2],
      [1, 1],
      [1, 2],
      [1, 3],
    ],
    ['snapshot 1', 'a', 'b', 'snapshot 3', 'c'],
  ],
  'an abort of a later checkpoint leaves an earlier one pending': [
    2,
    [
      [0, 1],
      [0, 'a'],
      ['abort', 2],
      [1, 1],
      [0, 2],
      [0, 'b'],
    ],
    ['snapshot 1', 'a', 'b'],
  ],
  'an abort of a later checkpoint lets go only who waits for it': [
    3,
    [
      [0, 1],
      [0, 'a'],
      [1, 2],
      [1, 'b'],
      ['abort', 2],
      [2, 1],
      [2, 'c'],
    ],
    ['b', 'snapshot 1', 'a', 'c'],
  ],
  'a producer that left a barrier out is not waited for: its next one counts for both': [
    2,
    [
      [0, 1],
      [0, 'a'],
      [0, 2],
      [0, 'b'],
      [1, 'c'],
      [1, 2],
      [1, 'd'],
    ],
    ['c', 'snapshot 1', 'a', 'snapshot 2', 'b', 'd'],
  ],
  'the later barrier may come first, too': [
    2,
    [
      [1, 2],
      [1, 'c'],
      [0, 'a'],
      [0, 1],
      [0, 'b'],
      [0, 2],
      [0, 'd'],
    ],
    ['a', 'snapshot 1', 'b', 'snapshot 2', 'c', 'd'],
  ],
  'the earlier of two is dropped if it was aborted': [
    2,
    [
      [0, 1],
      [0, 'a'],
      [0, 2],
      [0, 'b'],
      ['abort', 1],
      [1, 'c'],
      [1, 2],
    ],
    ['a', 'c', 'snapshot 2', 'b'],
  ],
  'two barriers of which one producer left out the first and one the second': [
    2,
    [
      [0, 1],
      [0, 'a'],
      [0, 3],
      [0, 'b'],
      [1, 2],
      [1, 'c'],
      [1, 3],
      [1, 'd'],
    ],
    ['snapshot 1', 'a', 'snapshot 2', 'c', 'snapshot 3', 'b', 'd'],
  ],
  'ids may skip': [
    2,
    [
      [0, 5],
      [1, 5],
      [0, 90],
      [0, 'a'],
      [1, 90],
    ],
    ['snapshot 5', 'snapshot 90', 'a'],
  ],
}

test.each(Object.entries(aligned))('aligned: %s', (_, [channels, script, seen]) => {
  expect(deliver(channels, script)).toEqual(seen)
})

const counted: Table = {
  'no channel waits; the last barrier is the snapshot': [
    2,
    [
      [0, 'a'],
      [0, 1],
      [0, 'b'],
      [1, 'c'],
      [1, 1],
      [1, 'd'],
    ],
    ['a', 'b', 'c', 'snapshot 1', 'd'],
  ],
  'several are counted at once': [
    2,
    [
      [0, 1],
      [0, 'a'],
      [0, 2],
      [0, 'b'],
      [0, 3],
      [1, 'c'],
      [1, 1],
      [1, 2],
      [1, 'd'],
      [1, 3],
    ],
    ['a', 'b', 'c', 'snapshot 1', 'snapshot 2', 'd', 'snapshot 3'],
  ],
  'an aborted one is not counted any more': [
    2,
    [
      [0, 1],
      [0, 2],
      ['abort', 1],
      [1, 1],
      [1, 'a'],
      [1, 2],
    ],
    ['a', 'snapshot 2'],
  ],
  'an aborted one that is not known yet is not counted': [
    2,
    [
      ['abort', 1],
      [0, 1],
      [1, 1],
      [1, 'a'],
    ],
    ['a'],
  ],
  'a barrier that a producer left out is counted with its next': [
    2,
    [
      [0, 1],
      [0, 'a'],
      [1, 2],
      [1, 'b'],
      [0, 2],
    ],
    ['a', 'snapshot 1', 'b', 'snapshot 2'],
  ],
}

test.each(Object.entries(counted))('at least once: %s', (_, [channels, script, seen]) => {
  expect(deliver(channels, script, 'at-least-once')).toEqual(seen)
})

test('each checkpoint is taken as its own barriers say', () => {
  const script: Step[] = [
    [0, 'a'],
    [0, 1],
    [0, 'b'],
    [0, 2],
    [0, 'c'],
    [1, 1],
    [1, 'd'],
    [1, 2],
    [1, 3],
    [1, 'e'],
    [0, 3],
  ]
  const kindOf = (id: number) => (id === 2 ? 'aligned' : 'at-least-once')
  expect(deliver(2, script, kindOf)).toEqual([
    ...['a', 'b', 'snapshot 1', 'd', 'snapshot 2', 'c', 'e', 'snapshot 3'],
  ])
})

const at = (ms: number) => ({ nowMs: 1_000 + ms, monotonicMs: ms, bytesTaken: 0 })

test('a cut tells when its barriers were known and reached, and how long channels waited', () => {
  const alignment = new Alignment(3)
  alignment.announced(barrierOf(1), at(5))
  alignment.announced(barrierOf(1), at(6))
  alignment.reached(1, barrierOf(1), at(20))
  alignment.reached(0, barrierOf(1), at(30))
  expect(alignment.reached(2, barrierOf(1), at(50))).toEqual({
    block: false,
    cuts: [
      {
        barrier: barrierOf(1),
        announcedMs: 1_005,
        sinceAnnouncedMs: 45,
        firstBarrierMs: 1_020,
        alignmentMs: 30,
        bytesAnnounced: 0,
        bytesProcessed: 0,
        unaligned: false,
        behind: [],
      },
    ],
    unblock: [0, 1],
  })
})

test('a single channel has aligned in no time', () => {
  const alignment = new Alignment(1)
  const { cuts } = alignment.reached(0, barrierOf(1), at(7))
  expect(cuts).toMatchObject([{ announcedMs: 1_007, firstBarrierMs: 1_007, alignmentMs: 0 }])
})

test('a barrier of a checkpoint that is taken or aborted is stale as soon as it is known', () => {
  const alignment = new Alignment(1)
  alignment.reached(0, barrierOf(4), at(0))
  alignment.aborted(6)
  const known = [3, 4, 5, 6, 7].map((id) => alignment.announced(barrierOf(id), at(1)))
  expect(known).toEqual([false, false, true, false, true])
})

test('of many aborted checkpoints the oldest are forgotten, and their barriers stay stale', () => {
  const alignment = new Alignment(2)
  for (let id = 2; id <= 5_000; id++) alignment.aborted(id)
  const known = [1, 2, 3_000, 5_000, 5_001].map((id) => alignment.announced(barrierOf(id), at(1)))
  expect(known).toEqual([false, false, false, false, true])
})

test('however many are aborted, an earlier one that is pending is taken', () => {
  const alignment = new Alignment(2)
  alignment.reached(0, barrierOf(1), at(0))
  for (let id = 2; id <= 5_000; id++) alignment.aborted(id)
  expect(alignment.reached(1, barrierOf(1), at(1)).cuts).toMatchObject([
    { barrier: { checkpointId: 1 } },
  ])
})

test('who reads a blocked channel, or barriers out of order, is stopped', () => {
  const alignment = new Alignment(2)
  alignment.reached(0, barrierOf(2), at(0))
  expect(() => alignment.reached(0, barrierOf(3), at(1))).toThrow(/a blocked channel was read/)
  alignment.reached(1, barrierOf(2), at(2))
  expect(() => alignment.reached(0, barrierOf(1), at(3))).toThrow(/in the order of their ids/)
})
