import { expect, test } from 'vitest'
import type { Env } from '../../src/api/streams.ts'
import { assignState, type StateAssignment } from '../../src/checkpoint/assign-state.ts'
import type { StoredCheckpoint } from '../../src/checkpoint/stored-state.ts'
import type { ChainOptions } from '../../src/graph/chains.ts'
import type { ExecutionGraph } from '../../src/graph/execution-graph.ts'
import type { ChannelSnapshot, TaskSnapshot } from '../../src/protocol/snapshot.ts'
import { type Bid, bids, sink } from '../graph/jobs.ts'
import { bytesOf, type Contents, fileOf, graphOf, idOf, split, storedOf } from './stored.ts'

const store = { kind: 'file', directory: '/checkpoints' } as const

function restoring(
  checkpoint: StoredCheckpoint,
  graph: ExecutionGraph,
  ignoreUnclaimedState = false,
): StateAssignment {
  return assignState(checkpoint, { graph, store, ignoreUnclaimedState })
}

/** Two chains: 'read -> clean' and, behind an exchange, 'count -> label -> out'. */
function counting(env: Env): void {
  env
    .from(bids())
    .name('read')
    .map((bid) => bid)
    .name('clean')
    .keyBy('auction')
    .reduce((bid) => bid)
    .name('count')
    .map((bid) => bid)
    .name('label')
    .to(sink())
    .name('out')
}

const at = (parallelism: number, options: Partial<ChainOptions> = {}) =>
  graphOf(counting, { parallelism, ...options })

/** A checkpoint of the counting job, and the job at another parallelism. */
function rescale(from: number, to: number, tasks: Contents['tasks'] = () => ({})) {
  const before = at(from)
  return restoring(storedOf(before, { tasks: tasks! }), at(to))
}

const head =
  (name: string, snapshot: (subtask: number) => Partial<TaskSnapshot>) =>
  (vertex: string, subtask: number) =>
    vertex === name ? snapshot(subtask) : {}

/** The subtasks of the vertex with the operator, as the assignment has them. */
function tasksWith(name: string, graph: ExecutionGraph, { tasks }: StateAssignment) {
  const vertex = graph.vertices.find(({ operators }) => operators.some((it) => it.name === name))!
  return vertex.tasks.map((task) => tasks[task]!)
}

test('every task learns what it goes on from, even where nothing of it is its own', () => {
  const { tasks } = rescale(1, 2)
  expect(tasks).toHaveLength(4)
  expect(tasks[0]).toMatchObject({ checkpointId: 7, store, files: [] })
})

test.each([
  [2, 2, [[0], [1]]],
  [2, 1, [[0, 1]]],
  [1, 3, [[0], [0], [0]]],
  [2, 4, [[0], [0], [1], [1]]],
  [
    3,
    2,
    [
      [0, 1],
      [1, 2],
    ],
  ],
])('from %s subtasks to %s: files go to whoever has key groups in common', (from, to, files) => {
  const assignment = rescale(
    from,
    to,
    head('count', (subtask) => ({ files: [fileOf(subtask)] })),
  )
  const got = tasksWith('count', at(to), assignment)
  expect(got.map((task) => task.files.flatMap(bytesOf))).toEqual(files)
})

const items = (...numbers: readonly number[]) => numbers.map((n) => Uint8Array.of(n))

function withLists(name: string, lists: readonly (readonly number[])[]) {
  const operatorId = idOf(at(1), name)
  return head('read', (subtask) => ({
    operators: [{ operatorId, lists: [{ name: 'seen', items: items(...lists[subtask]!) }] }],
  }))
}

test.each([
  ['the same', 2, [[1, 2], [3]]],
  ['fewer', 1, [[1, 2, 3]]],
  ['more', 4, [[1], [2], [3], []]],
])('lists go to %s subtasks', (_what, to, expected) => {
  const assignment = rescale(2, to, withLists('clean', [[1, 2], [3]]))
  const got = tasksWith('clean', at(to), assignment).map(({ operators }) =>
    operators
      .find(({ operatorId }) => operatorId === idOf(at(to), 'clean'))!
      .lists.flatMap((list) => list.items.map((item) => item[0])),
  )
  expect(got).toEqual(expected)
})

test.each([
  [3, [['a'], [], ['c']]],
  [
    2,
    [
      ['a', 'c'],
      ['a', 'c'],
    ],
  ],
])(
  'what else an operator kept is its own, or for other than 3 subtasks everybody sees all',
  (to, expected) => {
    const own = ['a', undefined, 'c']
    const operatorId = idOf(at(1), 'label')
    const tasks = head('count', (subtask) => ({
      operators: [{ operatorId, lists: [], own: own[subtask] }],
    }))
    const got = tasksWith('label', at(to), rescale(3, to, tasks))
    expect(got.map(({ operators }) => operators.at(-2))).toEqual(
      expected.map((parts) => ({ operatorId, lists: [], own: parts })),
    )
  },
)

test('an operator finds its state in another chain than before', () => {
  const operatorId = idOf(at(2), 'label')
  const tasks = head('count', (subtask) => ({
    operators: [{ operatorId, lists: [], own: subtask }],
    files: [fileOf(subtask)],
  }))
  const unchained = at(2, { chaining: false })
  const assignment = restoring(storedOf(at(2), { tasks }), unchained)
  const labels = tasksWith('label', unchained, assignment)
  expect(labels.map(({ operators }) => operators)).toEqual([
    [{ operatorId, lists: [], own: [0] }],
    [{ operatorId, lists: [], own: [1] }],
  ])
  expect(labels.map(({ files }) => files)).toEqual([[], []])
  expect(tasksWith('count', unchained, assignment)[1]!.files).toHaveLength(1)
  // And back.
  const stored = storedOf(unchained, {
    tasks: head('label', (subtask) => ({ operators: [{ operatorId, lists: [], own: subtask }] })),
  })
  const back = tasksWith('label', at(2), restoring(stored, at(2)))
  expect(back.map(({ operators }) => operators.at(-2)!.own)).toEqual([[0], [1]])
})

const sourceId = idOf(at(1), 'read')
const reading = (...orders: readonly number[]) => ({
  source: { splits: orders.map(split) },
  watermarkMs: 100 * (orders[0] ?? 9),
})

function sourceOf(to: number) {
  const stored = storedOf(at(2), {
    sources: [{ operatorId: sourceId, splits: [split(5), split(4)], discovered: true }],
    tasks: head('read', (subtask) => [reading(3, 6), reading(1)][subtask]!),
  })
  const assignment = restoring(stored, at(to))
  const { pinned, free, discovered } = assignment.sources.get(sourceId)!
  return {
    pinned: pinned.map((splits) => splits.map(({ order }) => order)),
    free: free.map(({ order }) => order),
    discovered,
    watermarks: tasksWith('read', at(to), assignment).map((task) => task.watermarkMs),
  }
}

test('splits stay with their subtasks; those that nobody had are free', () => {
  expect(sourceOf(2)).toEqual({
    pinned: [[3, 6], [1]],
    free: [4, 5],
    discovered: true,
    watermarks: [300, 100],
  })
})

test('with another parallelism splits are dealt out, in the order of discovery', () => {
  const watermarks = (subtasks: number) => new Array(subtasks).fill(100)
  const rest = { free: [4, 5], discovered: true }
  expect(sourceOf(3)).toEqual({ ...rest, pinned: [[1], [3], [6]], watermarks: watermarks(3) })
  expect(sourceOf(4)).toEqual({ ...rest, pinned: [[1], [3], [6], []], watermarks: watermarks(4) })
  expect(sourceOf(1)).toEqual({ ...rest, pinned: [[1, 3, 6]], watermarks: watermarks(1) })
})

test('a source that was not in the checkpoint begins from its start', () => {
  const graph = graphOf((env) => {
    env.from(bids()).uid('another').to(sink())
  })
  expect(restoring(storedOf(at(2), {}), graph).sources.size).toBe(0)
})

/** A channel as `producer@watermark`, with a `~` if it is idle. */
function drawn(channels: readonly ChannelSnapshot[] | undefined): readonly string[] | undefined {
  return channels?.map(
    ({ edge, producer, watermarkMs, idle }) =>
      `${edge}: ${producer}@${watermarkMs}${idle ? '~' : ''}`,
  )
}

/** Watermarks by consumer, then by producer; a negative one is that of an idle channel. */
function channelsAfter(before: readonly (readonly number[])[], to: ExecutionGraph) {
  const tasks = head('count', (subtask) => ({
    channels: before[subtask]!.map((time, producer) => ({
      edge: 0,
      producer,
      watermarkMs: Math.abs(time),
      idle: time < 0,
    })),
  }))
  const assignment = restoring(storedOf(at(before.length), { tasks }), to)
  return tasksWith('count', to, assignment).map(({ channels }) => drawn(channels))
}

test('channels go on where they were', () => {
  expect(
    channelsAfter(
      [
        [10, 20],
        [30, -5],
      ],
      at(2),
    ),
  ).toEqual([
    ['0: 0@10', '0: 1@20'],
    ['0: 0@30', '0: 1@5~'],
  ])
})

test('with another parallelism all go on where the slowest was that was not idle', () => {
  expect(
    channelsAfter(
      [
        [10, 20],
        [30, -5],
      ],
      at(1),
    ),
  ).toEqual([['0: 0@10']])
  expect(
    channelsAfter(
      [
        [-10, -20],
        [-30, -5],
      ],
      at(1),
    ),
  ).toEqual([['0: 0@5~']])
})

test('with another parallelism a channel that had ended does not end those that were idle', () => {
  const ended = Number.POSITIVE_INFINITY
  const after = (...before: (readonly number[])[]) => channelsAfter(before, at(1))
  expect(after([ended, -20], [ended, -5])).toEqual([['0: 0@5~']])
  expect(after([ended, 20], [ended, 5])).toEqual([['0: 0@5']])
  expect(after([ended, ended], [ended, ended])).toEqual([['0: 0@Infinity']])
})

test('with other producers nobody can go on with a channel of its own', () => {
  const fewerReaders = graphOf((env) => {
    env
      .from(bids())
      .name('read')
      .parallelism(1)
      .map((bid) => bid)
      .parallelism(1)
      .name('clean')
      .keyBy('auction')
      .reduce((bid) => bid)
      .name('count')
      .map((bid) => bid)
      .name('label')
      .to(sink())
  })
  expect(
    channelsAfter(
      [
        [10, 20],
        [30, -5],
      ],
      fewerReaders,
    ),
  ).toEqual([['0: 0@10'], ['0: 0@10']])
})

test('an edge is found again by what it joins, though its number is another', () => {
  const both = (env: Env, readers: readonly string[]) => {
    const [first, ...others] = readers.map((name) =>
      env.from(bids()).name(name).uid(name).parallelism(1),
    )
    others
      .reduce((stream, other) => stream.union(other), first!)
      .keyBy('auction')
      .reduce((bid) => bid)
      .name('count')
      .uid('count')
      .parallelism(1)
      .to(sink())
      .uid('out')
  }
  const before = graphOf((env) => both(env, ['a', 'b']))
  const tasks = head('count', () => ({
    channels: [
      { edge: 0, producer: 0, watermarkMs: 10, idle: false },
      { edge: 1, producer: 0, watermarkMs: 20, idle: false },
    ],
  }))
  const after = graphOf((env) => both(env, ['b', 'new', 'a']))
  const assignment = restoring(storedOf(before, { tasks }), after)
  const [count] = tasksWith('count', after, assignment)
  expect(drawn(count!.channels)).toEqual(['0: 0@20', '2: 0@10'])
})

test('a stream united with itself has two edges, told apart by their order', () => {
  const graph = graphOf(
    (env) => {
      const read = env.from(bids()).name('read')
      read
        .union(read)
        .map((bid) => bid)
        .name('twice')
        .to(sink())
    },
    { parallelism: 1 },
  )
  const tasks = head('twice', () => ({
    channels: [10, 20].map((watermarkMs, edge) => ({
      edge,
      producer: 0,
      watermarkMs,
      idle: false,
    })),
  }))
  const [twice] = tasksWith('twice', graph, restoring(storedOf(graph, { tasks }), graph))
  expect(drawn(twice!.channels)).toEqual(['0: 0@10', '1: 0@20'])
})

test('a vertex that was not in the checkpoint has no channels to go on from', () => {
  const unchained = at(2, { chaining: false })
  const assignment = restoring(storedOf(at(2), {}), unchained)
  expect(tasksWith('label', unchained, assignment)[0]!.channels).toBeUndefined()
  expect(tasksWith('count', unchained, assignment)[0]!.channels).toEqual([])
})

test('keyed state keeps its number of key groups', () => {
  const tasks = head('count', () => ({ files: [fileOf(1)] }))
  const stored = storedOf(at(2, { maxParallelism: 128 }), { tasks })
  const larger = at(2, { maxParallelism: 256 })
  expect(() => restoring(stored, larger)).toThrow(
    expect.objectContaining({
      code: 'RESTORE_MAX_PARALLELISM',
      message: expect.stringMatching(/'count'.* 128, .* 256 /),
      hint: expect.stringContaining('-D pipeline.max-parallelism=128'),
    }),
  )
  expect(() => restoring(stored, larger, true)).toThrow(/maximum parallelism/)
  const empty = storedOf(at(2, { maxParallelism: 128 }), {})
  expect(() => restoring(empty, larger)).not.toThrow()
})

test('more subtasks than there are key groups: the hint says that these are too many', () => {
  const tasks = head('count', () => ({ files: [fileOf(1)] }))
  const stored = storedOf(at(2, { maxParallelism: 2 }), { tasks })
  expect(() => restoring(stored, at(3, { maxParallelism: 4 }))).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('parallelism of no more than that') }),
  )
})

/** Holds one operator of every kind that may be missed, without uids, and one with. */
function leaving(env: Env): void {
  env
    .from(bids())
    .name('left')
    .watermarks({ time: 'time' })
    .keyBy('auction')
    .reduce((bid) => bid)
    .name('sums')
    .uid('my sums')
    .map((bid) => bid)
    .name('tail')
    .to(sink())
    .name('gone')
}

const left = graphOf(leaving, { parallelism: 1 })
const marks = left.vertices[0]!.operators[1]!

test.each<readonly [string, Contents, string | undefined]>([
  ['nothing', {}, undefined],
  [
    'keyed state',
    { tasks: head('sums', () => ({ files: [fileOf(1)] })) },
    "'sums' (uid 'my sums')",
  ],
  [
    'a split at a task',
    { tasks: head('left', () => reading(1)) },
    `'left' (id ${idOf(left, 'left')})`,
  ],
  [
    'a split at nobody',
    { sources: [{ operatorId: idOf(left, 'left'), splits: [split(1)], discovered: true }] },
    "'left'",
  ],
  ['a source that is read to its end', { tasks: head('left', () => reading()) }, undefined],
  [
    'a list',
    {
      tasks: head('sums', () => ({
        operators: [{ operatorId: idOf(left, 'tail'), lists: [{ name: 'l', items: items(1) }] }],
      })),
    },
    "'tail'",
  ],
  [
    'an empty list',
    {
      tasks: head('sums', () => ({
        operators: [{ operatorId: idOf(left, 'tail'), lists: [{ name: 'l', items: [] }] }],
      })),
    },
    undefined,
  ],
  [
    'something of its own',
    {
      tasks: head('sums', () => ({
        operators: [{ operatorId: idOf(left, 'tail'), lists: [], own: 0 }],
      })),
    },
    "'tail'",
  ],
  [
    'a watermark',
    { tasks: head('left', () => ({ operators: [{ operatorId: marks.id, lists: [], own: 9 }] })) },
    undefined,
  ],
  [
    'output to be committed',
    { committables: [{ operatorId: idOf(left, 'gone'), committables: ['part-0'] }] },
    "'gone'",
  ],
  [
    'output of this checkpoint',
    {
      tasks: head('sums', () => ({
        sinks: [{ checkpointId: 7, operatorId: idOf(left, 'gone'), committables: ['part-0'] }],
      })),
    },
    "'gone'",
  ],
])('operators that are gone had left %s', (_what, contents, told) => {
  expect(marks.kind).toBe('watermarks')
  const stored = storedOf(left, contents)
  const another = graphOf((env) => {
    env.from(bids()).uid('another').to(sink()).uid('another sink')
  })
  const restore = (ignore: boolean) => () => restoring(stored, another, ignore)
  expect(restore(true)).not.toThrow()
  if (told === undefined) return expect(restore(false)).not.toThrow()
  expect(restore(false)).toThrow(
    expect.objectContaining({
      code: 'STATE_UNCLAIMED',
      message: expect.stringContaining(told),
      hint: expect.stringContaining('execution.state-recovery.ignore-unclaimed-state'),
    }),
  )
})

const keyedBy = (key: 'auction' | 'price' | ((bid: Bid) => string)) =>
  graphOf((env) => {
    const stream = env.from(bids()).name('read')
    const keyed = typeof key === 'string' ? stream.keyBy(key) : stream.keyBy(key)
    keyed
      .reduce((bid) => bid)
      .name('count')
      .uid('count')
      .to(sink())
  })

test('what is kept by one field is not taken over by another', () => {
  const tasks = head('count', () => ({ files: [fileOf(1)] }))
  const stored = storedOf(keyedBy('auction'), { tasks })
  expect(() => restoring(stored, keyedBy('price'), true)).toThrow(
    expect.objectContaining({
      code: 'RESTORE_KEY',
      operator: 'count',
      message: expect.stringMatching(/'count' keeps by the field 'auction'.* by 'price' now/),
      hint: expect.stringContaining('keyBy((record) => record.price)'),
    }),
  )
  expect(() => restoring(stored, keyedBy('auction'))).not.toThrow()
  expect(() =>
    restoring(
      stored,
      keyedBy((bid) => bid.auction),
    ),
  ).not.toThrow()
  expect(() => restoring(storedOf(keyedBy('auction'), {}), keyedBy('price'))).not.toThrow()
})
