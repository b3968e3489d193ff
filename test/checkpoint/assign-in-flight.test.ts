/** Which subtask takes over which in-flight data, by the kind of edge. */
import { expect, test } from 'vitest'
import { type Emit, type Env, type Stream, value } from '../../src/api/index.ts'
import { assignState } from '../../src/checkpoint/assign-state.ts'
import { collection } from '../../src/connector/generator/index.ts'
import type { ExecutionGraph } from '../../src/graph/execution-graph.ts'
import type { StoreDescription } from '../../src/storage/contract.ts'
import { fileOf, graphOf, storedOf } from './stored.ts'

const store: StoreDescription = { kind: 'memory', blobs: new Map() }
type Dealt = (stream: Stream<{ key: string }>) => Stream<{ key: string }>

function job(
  dealt: Dealt,
  parallelism: number,
  { sources = parallelism, counts = false } = {},
): ExecutionGraph {
  const build = (env: Env) => {
    const source = env.from(collection([{ key: 'a' }])).parallelism(sources)
    const stream = dealt(source)
    if (dealt === kinds.hash) return stream.collect('rows')
    const behind = stream
      .map((record) => record)
      .name('behind')
      .chain('start')
    if (counts)
      behind
        .keyBy('key')
        .reduce((record) => record)
        .collect('rows')
    else behind.collect('rows')
  }
  return graphOf(build, { parallelism })
}

/** Every subtask behind the exchange has a file of its own number. */
function taken(graph: ExecutionGraph) {
  const edge = graph.edges[0]!.index
  return storedOf(graph, {
    tasks: (head, subtask) =>
      head === 'behind'
        ? {
            inFlight: [fileOf(subtask)],
            channels: [{ edge, producer: 0, watermarkMs: 0, idle: false, inFlightBytes: 9 }],
          }
        : {},
  })
}

function assigned(from: ExecutionGraph, to: ExecutionGraph, ignoreUnclaimedState = false) {
  const { tasks } = assignState(taken(from), { graph: to, store, ignoreUnclaimedState })
  const behind = to.vertices.find(({ operators }) => operators[0]!.name === 'behind')
  return (behind?.tasks ?? []).map((task) =>
    tasks[task]!.inFlight!.map(({ how, keepsMarks, files }) => {
      const numbers = files.map((file) => (file.kind === 'inline' ? file.bytes[0] : -1))
      return `${how} ${numbers.join(' ')}${keepsMarks ? ' with marks' : ''}`
    }),
  )
}

const kinds: Record<string, Dealt> = {
  forward: (stream) => stream,
  hash: (stream) => {
    const state = { seen: value(0) }
    return stream
      .keyBy('key')
      .process({ state, process: (record, _, emit: Emit<{ key: string }>) => emit(record) })
      .name('behind')
  },
  rebalance: (stream) => stream.rebalance(),
  rescale: (stream) => stream.rescale(),
  global: (stream) => stream.global(),
  custom: (stream) => stream.partitionCustom('key', () => 0),
  broadcast: (stream) => stream.broadcast(),
}

test.each(Object.entries(kinds))('%s: at the same parallelism each keeps its own', (_, dealt) => {
  expect(assigned(job(dealt, 2), job(dealt, 2))).toEqual([
    ['own 0 with marks'],
    ['own 1 with marks'],
  ])
})

test.each([
  ['hash', ['deal 0 1 2'], ['deal 0 1 2']],
  ['rebalance', ['deal 0 1 2'], ['deal 0 1 2']],
  ['rescale', ['deal 0 1 2'], ['deal 0 1 2']],
  ['global', ['deal 0 1 2'], ['deal 0 1 2']],
  ['custom', ['deal 0 1 2'], ['deal 0 1 2']],
  ['broadcast', ['all 0'], ['all 1']],
  ['forward', ['all 0 2'], ['all 1']],
])('%s: at another parallelism it is dealt out', (kind, ...expected) => {
  expect(assigned(job(kinds[kind]!, 3), job(kinds[kind]!, 2))).toEqual(expected)
})

test("with another number of subtasks before it nothing is anyone's own", () => {
  const { rebalance } = kinds
  const [two, three] = [{ sources: 2 }, { sources: 3 }]
  expect(assigned(job(rebalance!, 2, two), job(rebalance!, 2, three))).toEqual([
    ['deal 0 1'],
    ['deal 0 1'],
  ])
})

test('an exchange that deals otherwise than it did deals out what was on its way', () => {
  expect(assigned(job(kinds.rebalance!, 2), job(kinds.custom!, 2))).toEqual([
    ['deal 0 1'],
    ['deal 0 1'],
  ])
})

test.each([
  ['forward', 'forward', /from 'collection.*' to 'behind', each to the subtask of.* of 3; it is 2/],
  ['custom', 'forward', /from 'collection.*' to 'behind', by key, at a parallelism of 3; it is 2/],
  ['broadcast', 'rebalance', /to every subtask of 'behind' .*some of which.*one \(rebalance\)$/],
  ['broadcast', 'forward', /to every subtask of 'behind' .*some of which.*one \(forward\)$/],
])('%s that is %s now is refused where keys are counted behind it', (before, now, message) => {
  const restore = () =>
    assigned(job(kinds[before]!, 3, { counts: true }), job(kinds[now]!, 2, { counts: true }))
  const code = 'RESTORE_IN_FLIGHT'
  expect(restore).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  )
})

test.each([
  ['rebalance', 'forward', ['all 0 2'], ['all 1']],
  ['forward', 'rebalance', ['deal 0 1 2'], ['deal 0 1 2']],
  ['forward', 'custom', ['deal 0 1 2'], ['deal 0 1 2']],
  // Each record was with one subtask, and is everybody's now.
  ['rebalance', 'broadcast', ['all 0 1 2'], ['all 0 1 2']],
])('%s that is %s now is dealt out', (before, now, ...expected) => {
  const counts = { counts: true }
  expect(assigned(job(kinds[before]!, 3, counts), job(kinds[now]!, 2, counts))).toEqual(expected)
})

test('refused is what came by an exchange that is gone', () => {
  const chained = graphOf((env) => {
    env
      .from(collection([{ key: 'a' }]))
      .map((record) => record)
      .name('behind')
      .collect('rows')
  })
  expect(() => assigned(job(kinds.forward!, 1), chained)).toThrow(
    expect.objectContaining({
      code: 'RESTORE_IN_FLIGHT',
      message: expect.stringMatching(
        /from 'collection.*' to 'behind.*' by an exchange that the job does not have$/,
      ),
    }),
  )
  expect(assigned(job(kinds.forward!, 1), chained, true)).toEqual([])
})
