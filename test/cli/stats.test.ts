/** The table of `--stats`. */
import { expect, test } from 'vitest'
import { bottleneckText, statsText, underWayText } from '../../src/cli/stats.ts'
import type { Bottleneck, JobMetrics, SubtaskMetrics } from '../../src/coordinator/metrics-view.ts'

function bottleneck(vertex: string, subtask: number, rest: Partial<Bottleneck> = {}): Bottleneck {
  return {
    vertex,
    subtask,
    cause: 'task',
    busyRatio: 0.98,
    upstream: { vertex: 'map', subtask: 1, backpressuredRatio: 0.91 },
    ...rest,
  }
}

test('a bottleneck is named with the reason', () => {
  expect(bottleneckText([])).toBe('no bottleneck: no task is held back')
  expect(bottleneckText([bottleneck('sink', 3)])).toBe(
    'bottleneck: sink (3): busy 98 %, upstream map backpressured 91 %',
  )
})

test('subtasks of one vertex are told together, by the busiest of them', () => {
  const upstream = { vertex: 'map', subtask: 0, backpressuredRatio: 0.953 }
  const several = [
    bottleneck('sink', 0),
    bottleneck('sink', 1, { busyRatio: 0.996, upstream }),
    bottleneck('other', 0),
  ]
  expect(bottleneckText(several)).toBe(
    'bottleneck: sink (2 subtasks): busy 100 %, upstream map backpressured 95 %; ' +
      'other (0): busy 98 %, upstream map backpressured 91 %',
  )
})

test('what holds a job back from outside is told as such', () => {
  const upstream = { vertex: 'sink', subtask: 0, backpressuredRatio: 0.97 }
  expect(bottleneckText([bottleneck('sink', 0, { cause: 'outside', upstream })])).toBe(
    'bottleneck: what sink (0) writes to: it waits 97 % of the time',
  )
})

test('a row a task, and a last line', () => {
  const row = {
    vertex: 'source',
    subtask: 0,
    perSecond: {
      recordsIn: 12_345.6,
      recordsOut: 0.4,
      bytesIn: 1,
      bytesOut: 1,
      busyMs: 91.4,
      idleMs: 8.6,
      softBackpressuredMs: 850,
      hardBackpressuredMs: 50,
    },
    backpressureLevel: 'high',
    queues: { inputBytes: 12_300, inPoolUsage: 0.51, outPoolUsage: 1.5, timeToDrainMs: 1_234.5 },
  } as unknown as SubtaskMetrics
  const other = {
    ...row,
    vertex: `${'a long name'.repeat(3)} -> sink`,
    subtask: 11,
    backpressureLevel: 'ok',
    queues: { ...row.queues, inputBytes: 5, timeToDrainMs: Number.POSITIVE_INFINITY },
  } as SubtaskMetrics
  const metrics = { subtasks: [row, other], bottlenecks: [], bytesInFlight: 2_500_000 }
  expect(statsText(metrics as unknown as JobMetrics).split('\n')).toEqual([
    'task                                in/s  out/s  busy%  idle%  soft%  hard%  level' +
      '    queue  in%  out%    drain',
    'source (0)                        12,346      0      9      1     85      5  high ' +
      '  12.3 kB   51   150  1235 ms',
    'a long namea lon…me -> sink (11)' +
      '  12,346      0      9      1     85      5  ok         5 B   51   150    never',
    'no bottleneck: no task is held back; 2.5 MB in flight',
  ])
})

test('a checkpoint that is under way is told with what it waits for', () => {
  const waitingFor = [{ vertex: 'slow', subtask: 1, reason: 'call', sinceMs: 900 }] as const
  expect(underWayText({ id: 7, sinceMs: 1_200, waitingFor })).toBe(
    'checkpoint 7, triggered 1200 ms ago: slow (1) is in a call of its functions for 900 ms',
  )
  expect(underWayText({ id: 7, sinceMs: 12_000, waitingFor: [] })).toBe(
    'checkpoint 7, triggered 12 s ago: is being published',
  )
})
