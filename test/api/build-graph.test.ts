import { expect, test } from 'vitest'
import { count, mean } from '../../src/api/aggregates.ts'
import { buildGraph, parseArgs } from '../../src/api/build-graph.ts'
import { defineJob, isJob, type Job } from '../../src/api/job.ts'
import { output } from '../../src/api/output.ts'
import { blackhole, print } from '../../src/api/sinks.ts'
import { list, map, value } from '../../src/api/state-specs.ts'
import type { Env, Stream } from '../../src/api/streams.ts'
import { tumbling } from '../../src/api/windows.ts'
import { SluiceError } from '../../src/base/errors.ts'
import { bids, graphOf, sink } from '../graph/jobs.ts'

/** A build function as unchecked code may write it. */
function unchecked(build: (env: never) => unknown): (env: Env) => void {
  return build as (env: Env) => void
}

// biome-ignore lint/suspicious/noExplicitAny: calls that types rule out
type Loose = any

test('a graph keeps nodes in the order of their creation, with what modifiers said', () => {
  const graph = graphOf((env) => {
    env
      .from(bids())
      .name('auction bids')
      .uid('bids')
      .parallelism(2)
      .map((bid) => bid.price)
      .maxParallelism(64)
      .slotSharingGroup('slow')
      .chain('start')
      .to(print('prices'))
      .name('prices')
  })
  expect(graph.nodes).toMatchObject([
    { index: 0, name: 'auction bids', uid: 'bids', parallelism: 2, chaining: 'always' },
    { index: 1, name: 'map', maxParallelism: 64, slotSharingGroup: 'slow', chaining: 'start' },
    { index: 2, name: 'prices', spec: { kind: 'collect', target: 'prices', print: true } },
  ])
  expect(graph.edges).toMatchObject([
    { from: 0, to: 1, input: 0, partition: { kind: 'forward' } },
    { from: 1, to: 2, input: 0, partition: { kind: 'forward' } },
  ])
})

test('a graph is frozen', () => {
  const graph = graphOf((env) => void env.from(bids()).to(sink()))
  for (const part of [graph, graph.nodes, graph.edges, graph.nodes[0]!, graph.nodes[0]!.spec]) {
    expect(Object.isFrozen(part)).toBe(true)
  }
})

test('windows, states and aggregates become plain specifications', () => {
  const late = output<never>('late')
  const graph = graphOf((env) => {
    const keyed = env
      .from(bids())
      .watermarks({ time: 'time', outOfOrder: '1 h', idle: 5 })
      .keyBy('auction')
    keyed
      .window(tumbling('1 d', { offset: '6 h' }))
      .allowedLateness('1 min')
      .lateTo(late)
      .aggregate({ n: count(), price: mean('price') })
    keyed.process({ state: { a: value(0), b: list(), c: map(), d: value() }, process() {} })
    keyed.aggregate({ create: () => 0, add: () => 0, result: () => 0 }).collect('rows')
  })
  expect(graph.nodes.slice(1).map((node) => node.spec)).toEqual([
    {
      kind: 'watermarks',
      watermarks: { time: { field: 'time' }, outOfOrderMs: 3_600_000, idleMs: 5 },
    },
    {
      kind: 'window-aggregate',
      window: {
        kind: 'tumbling',
        sizeMs: 86_400_000,
        offsetMs: 21_600_000,
        allowedLatenessMs: 60_000,
        lateTo: 'late',
      },
      aggregates: { named: { n: { kind: 'count' }, price: { kind: 'mean', field: 'price' } } },
    },
    {
      kind: 'keyed-process',
      process: {
        state: {
          a: { kind: 'value', initial: 0 },
          b: { kind: 'list' },
          c: { kind: 'map' },
          d: { kind: 'value' },
        },
        process: expect.any(Function),
      },
    },
    { kind: 'aggregate', aggregates: { single: expect.objectContaining({ kind: 'custom' }) } },
    { kind: 'collect', target: 'rows', print: false },
  ])
  expect(graph.nodes[2]!.key).toEqual({ field: 'auction' })
})

const mistakes: readonly (readonly [string, string, (stream: Loose, env: Loose) => unknown])[] = [
  ['a uid used twice', 'DUPLICATE_UID', (s) => s.uid('a').map(String).uid('a')],
  ['an empty name', 'BAD_NAME', (s) => s.name(' ')],
  ['a uid on an exchange', 'NOTHING_TO_MODIFY', (s) => s.rebalance().uid('a')],
  ['a name on a union', 'NOTHING_TO_MODIFY', (s) => s.union(s).name('both')],
  ['a parallelism of 0', 'BAD_PARALLELISM', (s) => s.parallelism(0)],
  ['a parallelism of 1025', 'BAD_PARALLELISM', (s) => s.parallelism(1025)],
  ['half a subtask', 'BAD_PARALLELISM', (s) => s.parallelism(1.5)],
  ['a parallelism as text', 'BAD_PARALLELISM', (s) => s.parallelism('2')],
  ['a maximum parallelism of 32769', 'BAD_PARALLELISM', (s) => s.maxParallelism(32_769)],
  ['an unknown way of chaining', 'BAD_CHAINING', (s) => s.chain('sometimes')],
  ['map without a function', 'BAD_FUNCTION', (s) => s.map()],
  ['process without a function', 'BAD_FUNCTION', (s) => s.process({})],
  [
    'onTimer that is no function',
    'BAD_FUNCTION',
    (s) => s.keyBy('a').process({ process() {}, onTimer: 1 }),
  ],
  ['keyBy without a key', 'BAD_KEY', (s) => s.keyBy()],
  [
    'a state that is a number',
    'BAD_STATE',
    (s) => s.keyBy('a').process({ state: { n: 0 }, process() {} }),
  ],
  ['aggregate of nothing', 'BAD_AGGREGATE', (s) => s.keyBy('a').aggregate({})],
  ['an aggregate without a name', 'BAD_AGGREGATE', (s) => s.keyBy('a').aggregate(count())],
  ['an aggregate not called', 'BAD_AGGREGATE', (s) => s.keyBy('a').aggregate({ n: count })],
  ['an aggregate called key', 'BAD_AGGREGATE', (s) => s.keyBy('a').aggregate({ key: count() })],
  ['an aggregate over a number', 'BAD_AGGREGATE', () => (mean as Loose)(5)],
  ['a window of no length', 'BAD_WINDOW', () => tumbling(0)],
  ['an offset as long as the window', 'BAD_WINDOW', () => tumbling('1 h', { offset: '1 h' })],
  ['a window by its size alone', 'BAD_WINDOW', (s) => s.keyBy('a').window('1 h')],
  ['a unit that is none', 'BAD_UNIT', () => tumbling('1 day' as Loose)],
  ['window without keyBy', 'KEY_BY_MISSING', (s) => s.window(tumbling('1 d'))],
  ['a keyed stream into a sink', 'NOT_BEHIND_KEY_BY', (s) => s.keyBy('a').to(sink())],
  [
    'a window into a sink',
    'WINDOW_WITHOUT_RESULT',
    (s) => s.keyBy('a').window(tumbling(1)).to(sink()),
  ],
  ['a side output of map', 'UNDECLARED_OUTPUT', (s) => s.map(String).sideOutput(output('odd'))],
  ['a union with an array', 'NOT_A_STREAM', (s) => s.union([s])],
  ['a sink that is none', 'NOT_A_SINK', (s) => s.to({})],
  ['a source that is none', 'NOT_A_SOURCE', (_s, env) => env.from([1, 2])],
  ['two collected streams of one name', 'DUPLICATE_NAME', (s) => [s.collect('a'), s.collect('a')]],
]

test.each(mistakes)('%s is refused with %s', (_what, code, mistake) => {
  const build = () =>
    graphOf((env) => {
      const stream = env.from(bids())
      stream.to(sink())
      mistake(stream, env)
    })
  expect(build).toThrow(expect.objectContaining({ name: 'SluiceError', code }))
})

test('messages name the value, the operator and the way out', () => {
  const build = () => graphOf((env) => void env.from(bids()).parallelism(5_000).to(sink()))
  expect(build).toThrow(
    expect.objectContaining({
      message: "the parallelism of 'bids' cannot be 5000",
      hint: 'pass a whole number from 1 to 1024',
    }),
  )
  const twice = () =>
    graphOf((env) => void env.from(bids()).uid('a').map(String).name('texts').uid('a').to(sink()))
  expect(twice).toThrow("the uid 'a' is used by both 'bids' and 'texts'")
})

test('a stream of another job is refused', () => {
  let kept: Stream<{ auction: string }> | undefined
  graphOf((env) => {
    kept = env.from(bids('kept'))
    kept.to(sink())
  })
  const build = () => graphOf((env) => void env.from(bids()).union(kept!).to(sink()))
  expect(build).toThrow(expect.objectContaining({ code: 'STREAM_OF_ANOTHER_JOB' }))
  expect(() => kept!.map(String)).toThrow(expect.objectContaining({ code: 'GRAPH_FROZEN' }))
  expect(() => kept!.name('late')).toThrow(expect.objectContaining({ code: 'GRAPH_FROZEN' }))
})

test('side outputs can be read where they are filled', () => {
  const graph = graphOf((env) => {
    const source = env.from({ ...bids(), unreadableTo: 'broken' })
    source.sideOutput(output('broken')).to(sink())
    const late = output<never>('late')
    source
      .keyBy('auction')
      .window(tumbling(1))
      .lateTo(late)
      .aggregate({ n: count() })
      .sideOutput(late)
      .to(sink())
  })
  expect(graph.edges.map((edge) => edge.sideOutput)).toEqual(['broken', undefined, 'late'])
})

test('a job without a sink is refused', () => {
  expect(() => graphOf((env) => void env.from(bids()))).toThrow(
    expect.objectContaining({
      code: 'JOB_WITHOUT_SINK',
      hint: expect.stringContaining('.to(sink)'),
    }),
  )
})

test('a job that throws while it is built says so, with the error as its cause', () => {
  const cause = new TypeError('no such table')
  const build = () =>
    graphOf(() => {
      throw cause
    })
  expect(build).toThrow(
    expect.objectContaining({
      code: 'JOB_BUILD_FAILED',
      message: "job 'test' failed while it was built: no such table",
      cause,
    }),
  )
})

test.each([
  ['resolves', async () => {}],
  ['rejects', () => Promise.reject(new Error('too late'))],
])('a build function whose promise %s is refused', (_how, build) => {
  expect(() => graphOf(unchecked(build))).toThrow(
    expect.objectContaining({ code: 'BUILD_NOT_SYNCHRONOUS' }),
  )
})

test.each([
  ['no name', () => defineJob('', () => {})],
  ['a name that is no text', () => defineJob(5 as Loose, () => {})],
  ['no build function', () => defineJob('job', undefined as Loose)],
  ['a schema that is none', () => defineJob('job', { args: {} as Loose }, () => {})],
])('a job with %s is refused', (_what, define) => {
  expect(define).toThrow(expect.objectContaining({ code: 'BAD_JOB' }))
})

test('a job is known by its form', () => {
  expect(isJob(defineJob('job', () => {}))).toBe(true)
  for (const other of [undefined, null, {}, () => {}, { name: 'job' }])
    expect(isJob(other)).toBe(false)
})

function schemaJob(): Job<{ day: Date }> {
  const validate = (given: unknown) => {
    const { day } = given as { day?: string }
    return day === undefined
      ? { issues: [{ message: 'is required', path: ['day'] }] }
      : { value: { day: new Date(day) } }
  }
  const args = { '~standard': { version: 1, vendor: 'test', validate } } as const
  return defineJob('dated', { args }, () => {}) as Job<{ day: Date }>
}

test('arguments pass through the schema, or as they are without one', async () => {
  expect(await parseArgs(schemaJob(), { day: '2001-01-01' })).toEqual({
    day: new Date('2001-01-01'),
  })
  const given = { anything: 1 }
  expect(
    await parseArgs(
      defineJob('plain', () => {}),
      given,
    ),
  ).toBe(given)
})

test('a refused argument is named', async () => {
  const error = await parseArgs(schemaJob(), {}).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(SluiceError)
  expect(error).toMatchObject({
    code: 'BAD_ARGUMENT',
    message: "job 'dated': argument 'day': is required",
  })
})

test('a build function gets its arguments', () => {
  let got: unknown
  const job = defineJob('args', (env, args: { n: number }) => {
    got = args
    env.from(bids()).to(blackhole())
  })
  buildGraph(job, { n: 5 })
  expect(got).toEqual({ n: 5 })
})
