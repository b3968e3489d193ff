/** Levels, and who is found to hold others back. */
import { expect, test } from 'vitest'
import { type Prng, prng } from '../../src/base/prng.ts'
import type { TaskPressure } from '../../src/metrics/backpressure.ts'
import { findBottlenecks, levelOf } from '../../src/metrics/backpressure.ts'

test.each([
  [0, 'ok'],
  [0.1, 'ok'],
  [0.1001, 'low'],
  [0.5, 'low'],
  [0.5001, 'high'],
  [1, 'high'],
] as const)('a ratio of %d is %s', (ratio, level) => {
  expect(levelOf(ratio)).toBe(level)
})

/** [busy, backpressured, ...consumers] */
type Row = readonly [number, number, ...number[]]

const tasksOf = (rows: readonly Row[]): TaskPressure[] =>
  rows.map(([busy, backpressured, ...consumers]) => ({ busy, backpressured, consumers }))

/** `task`, or `task!` for 'outside'; `<` and its upstream. */
const found = (rows: readonly Row[]) =>
  findBottlenecks(tasksOf(rows)).map(
    ({ task, cause, upstream }) => `${task}${cause === 'outside' ? '!' : ''}<${upstream}`,
  )

const tables: readonly [string, readonly Row[], readonly string[]][] = [
  ['nothing at all', [], []],
  [
    'a chain that waits for its source',
    [
      [0.9, 0, 1],
      [0.4, 0, 2],
      [0.3, 0],
    ],
    [],
  ],
  [
    'the last of a chain',
    [
      [0.05, 0.95, 1],
      [0.09, 0.91, 2],
      [0.98, 0],
    ],
    ['2<1'],
  ],
  [
    'the middle of a chain',
    [
      [0.1, 0.9, 1],
      [0.99, 0, 2],
      [0.2, 0],
    ],
    ['1<0'],
  ],
  [
    'a ratio that is just ok accuses nobody',
    [
      [0.9, 0.1, 1],
      [1, 0],
    ],
    [],
  ],
  [
    'one channel is skewed: the others wait for input',
    [
      [0.1, 0.9, 2, 3, 4],
      [0.1, 0.88, 2, 3, 4],
      [0.2, 0],
      [0.97, 0],
      [0.25, 0],
    ],
    ['3<0'],
  ],
  [
    'all subtasks of a slow operator',
    [
      [0.1, 0.9, 2, 3],
      [0.1, 0.85, 2, 3],
      [0.96, 0],
      [0.99, 0],
    ],
    ['2<0', '3<0'],
  ],
  [
    'a diamond with a slow side',
    [
      [0.1, 0.9, 1, 2],
      [0.15, 0, 3],
      [0.99, 0, 3],
      [0.3, 0],
    ],
    ['2<0'],
  ],
  [
    'a diamond whose join is slow',
    [
      [0.1, 0.9, 1, 2],
      [0.2, 0.8, 3],
      [0.4, 0.6, 3],
      [0.99, 0],
    ],
    ['3<1'],
  ],
  [
    'two jobs in one, each with its own',
    [
      [0.1, 0.9, 2],
      [0.3, 0.7, 3],
      [0.95, 0],
      [0.9, 0],
    ],
    ['2<0', '3<1'],
  ],
  [
    'bursts: occupied for no longer than its sender waits',
    [
      [0.7, 0.3, 1],
      [0.35, 0],
    ],
    [],
  ],
  [
    'bursts from a sender that waits for its input, too',
    [
      [0.2, 0.3, 1],
      [0.35, 0],
    ],
    [],
  ],
  [
    'some of the senders get less to do: the others tell whom they wait for',
    [
      [0.01, 0.99, 1, 2],
      [0.01, 0.23, 3],
      [0.02, 0.98, 3],
      [1, 0],
    ],
    ['3<2'],
  ],
  [
    'two receivers that take turns in being slow',
    [
      [0.05, 0.95, 1, 2],
      [0.5, 0],
      [0.48, 0],
    ],
    ['1<0', '2<0'],
  ],
  [
    'held back now and then, by one that is less busy',
    [
      [0.1, 0.9, 1],
      [0.88, 0.12, 2],
      [0.2, 0],
    ],
    ['1<0'],
  ],
  [
    'held back for half of the time, by one that is busier',
    [
      [0.5, 0.5, 1],
      [0.55, 0.45, 2],
      [0.98, 0],
    ],
    ['2<1'],
  ],
  ['its own sink', [[0.05, 0.95]], ['0!<0']],
  [
    'the sink of the last of a chain',
    [
      [0.05, 0.95, 1],
      [0.1, 0.9],
    ],
    ['1!<1'],
  ],
  [
    'a sink of its own, and not the receiver that has little to do',
    [
      [0.05, 0.95, 1],
      [0.04, 0],
    ],
    ['0!<0'],
  ],
  [
    'busier than its sink is slow',
    [
      [0.1, 0.9, 1],
      [0.8, 0.2],
    ],
    ['1<0'],
  ],
  [
    'a task that no one waits for is none, however busy',
    [
      [0.05, 0.95, 2],
      [1, 0, 2],
      [0.97, 0],
    ],
    ['2<0'],
  ],
]

test.each(tables)('%s', (_, rows, expected) => {
  expect(found(rows)).toEqual(expected)
})

test('the search looks at each channel once, however many ways there are', () => {
  const wide = 200
  const layers = 4
  let looks = 0
  const tasks = Array.from({ length: layers * wide }, (_, index): TaskPressure => {
    const layer = Math.floor(index / wide)
    const isLast = layer === layers - 1
    const next = Array.from({ length: isLast ? 0 : wide }, (_, k) => (layer + 1) * wide + k)
    return {
      busy: isLast ? 0.99 : 0.05,
      get backpressured() {
        looks++
        return isLast ? 0 : 0.95
      },
      consumers: next,
    }
  })
  const channels = (layers - 1) * wide * wide
  expect(findBottlenecks(tasks)).toHaveLength(wide)
  expect(looks).toBeLessThan(20 * channels)
})

const GRAPHS = 20

test(`in ${GRAPHS} random graphs the one that was planted is found`, () => {
  const graphs = Array.from({ length: GRAPHS }, (_, seed) => plantedGraph(prng(seed)))
  const right = graphs.filter(({ tasks, planted }) => {
    const named = findBottlenecks(tasks)
    return named.length === 1 && named[0]!.task === planted && named[0]!.cause === 'task'
  })
  expect(right).toHaveLength(GRAPHS)
  // They would be easy if the bottleneck were always at the end, or nobody else had much to do.
  const ends = graphs.filter(({ tasks, planted }) => tasks[planted]!.consumers.length === 0)
  expect(ends.length).toBeLessThan(GRAPHS)
  const busy = graphs.filter(({ tasks, planted }) =>
    tasks.some((task, index) => index !== planted && task.busy > 0.7),
  )
  expect(busy.length).toBeGreaterThan(GRAPHS / 2)
})

/**
 * A job in its steady state: all run at the pace of the slowest, who is planted. Those upstream of
 * it wait for credit when they are not busy, all others for input.
 */
function plantedGraph(random: Prng) {
  const share = () => random.uint32() / 2 ** 32
  const layers = 3 + random.below(4)
  const widths = Array.from({ length: layers }, () => 1 + random.below(5))
  const first = (layer: number) => widths.slice(0, layer).reduce((sum, n) => sum + n, 0)
  const layerOf = widths.flatMap((width, layer) => Array.from({ length: width }, () => layer))
  const consumersOf = layerOf.map((layer) => {
    if (layer === layers - 1) return []
    const next = Array.from({ length: widths[layer + 1]! }, (_, k) => first(layer + 1) + k)
    const some = next.filter(() => share() < 0.6)
    return some.length > 0 ? some : [next[random.below(next.length)]!]
  })
  const reaches = (from: number, to: number): boolean =>
    from === to || consumersOf[from]!.some((next) => reaches(next, to))
  const sources = widths[0]!
  const candidates = layerOf.map((_, task) => task).filter((task) => task >= sources)
  const reached = candidates.filter((task) =>
    [...Array(sources).keys()].some((s) => reaches(s, task)),
  )
  const planted = reached[random.below(reached.length)]!
  const tasks = consumersOf.map((consumers, task): TaskPressure => {
    if (task === planted) return { busy: 0.95 + share() * 0.05, backpressured: 0, consumers }
    const busy = 0.02 + share() * 0.83
    const waits = reaches(task, planted)
    return { busy, backpressured: waits ? 1 - busy - share() * 0.03 : 0, consumers }
  })
  return { tasks, planted }
}
