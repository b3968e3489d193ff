import { expect, test } from 'vitest'
import { output } from '../../src/api/output.ts'
import { operatorsOf } from '../../src/graph/job-graph.ts'
import { bids, chainsOf, drawn, sink } from './jobs.ts'

test('operators without an exchange between them form one chain', () => {
  const graph = chainsOf((env) => {
    env
      .from(bids())
      .map((bid) => bid)
      .filter(() => true)
      .to(sink())
  })
  expect(drawn(graph)).toEqual(['bids -> map -> filter -> blackhole x2'])
  const root = graph.vertices[0]!.root
  expect(operatorsOf(root).map((tree) => [tree.index, tree.node.name])).toEqual([
    [0, 'bids'],
    [1, 'map'],
    [2, 'filter'],
    [3, 'blackhole'],
  ])
})

test('a keyed operator begins a chain behind a hash exchange and knows its key', () => {
  const graph = chainsOf((env) => {
    env
      .from(bids())
      .keyBy('auction')
      .reduce((a) => a)
      .to(sink())
  })
  expect(drawn(graph)).toEqual([
    'bids x2',
    'reduce -> blackhole x2',
    'bids -hash-> reduce -> blackhole',
  ])
  expect(graph.vertices[1]!.root.node.key).toEqual({ field: 'auction' })
  expect(graph.vertices[0]!.outputs).toEqual(graph.vertices[1]!.inputs)
})

test('branches of one operator are children of it, side outputs too', () => {
  const odd = output('odd')
  const graph = chainsOf((env) => {
    const checked = env.from(bids()).process(() => {})
    checked.map(() => 1).to(sink())
    checked.sideOutput(odd).to(sink()).name('odd bids')
  })
  expect(drawn(graph)).toEqual(['bids -> process -> (map -> blackhole, odd bids) x2'])
  const process = operatorsOf(graph.vertices[0]!.root)[1]!
  expect(process.children.map((branch) => branch.sideOutput)).toEqual([undefined, 'odd'])
})

test('a side output crosses an exchange as an edge of its operator', () => {
  const odd = output<number>('odd')
  const graph = chainsOf((env) => {
    const checked = env.from(bids()).process(() => {})
    checked
      .sideOutput(odd)
      .keyBy((n) => n)
      .reduce((a) => a)
      .to(sink())
  })
  const [edge] = graph.edges
  expect(edge).toMatchObject({ from: 0, fromOperator: 1, sideOutput: 'odd', to: 1, input: 0 })
})

test('a union is dissolved: what reads it has one edge for each of its inputs', () => {
  const graph = chainsOf((env) => {
    const a = env.from(bids('a'))
    const b = env.from(bids('b'))
    const c = env.from(bids('c'))
    a.union(b.rebalance())
      .union(c)
      .map((bid) => bid)
      .to(sink())
  })
  expect(drawn(graph)).toEqual([
    'a x2',
    'b x2',
    'c x2',
    'map -> blackhole x2',
    'a -forward-> map -> blackhole',
    'b -rebalance-> map -> blackhole',
    'c -forward-> map -> blackhole',
  ])
})

test('what is said behind a union holds for all its inputs', () => {
  const graph = chainsOf((env) => {
    const a = env.from(bids('a'))
    a.rebalance()
      .union(a)
      .keyBy('auction')
      .reduce((x) => x)
      .to(sink())
  })
  expect(graph.edges.map((edge) => edge.partition.kind)).toEqual(['hash', 'hash'])
})

test('a branch that meets itself again in a union is not chained to it', () => {
  const graph = chainsOf((env) => {
    const a = env.from(bids('a'))
    a.map((bid) => bid)
      .union(a.filter(() => true))
      .to(sink())
  })
  expect(drawn(graph)).toEqual([
    'a -> (map, filter) x2',
    'blackhole x2',
    'a -> (map, filter) -forward-> blackhole',
    'a -> (map, filter) -forward-> blackhole',
  ])
  expect(graph.edges.map((edge) => edge.fromOperator)).toEqual([1, 2])
})

test('between different parallelisms records are dealt out in turn', () => {
  const graph = chainsOf((env) => {
    env
      .from(bids())
      .map((bid) => bid)
      .parallelism(3)
      .to(sink())
      .parallelism(1)
  })
  expect(drawn(graph)).toEqual([
    'bids x2',
    'map x3',
    'blackhole x1',
    'bids -rebalance-> map',
    'map -rebalance-> blackhole',
  ])
})

test.each([
  ['chain start', 'start', ['bids x2', 'map -> blackhole x2']],
  ['chain never', 'never', ['bids x2', 'map x2', 'blackhole x2']],
] as const)('%s cuts the chain', (_name, chaining, expected) => {
  const graph = chainsOf((env) => {
    env
      .from(bids())
      .map((bid) => bid)
      .chain(chaining)
      .to(sink())
  })
  expect(drawn(graph).slice(0, expected.length)).toEqual(expected)
  expect(graph.edges.map((edge) => edge.partition.kind)).toEqual(
    expected.slice(1).map(() => 'forward'),
  )
})

test('without chaining every operator has a thread of its own', () => {
  const graph = chainsOf((env) => void env.from(bids()).to(sink()), { chaining: false })
  expect(drawn(graph)).toEqual(['bids x2', 'blackhole x2', 'bids -forward-> blackhole'])
})

test('a slot sharing group cuts the chain and is handed on to what follows', () => {
  const graph = chainsOf((env) => {
    env
      .from(bids())
      .map((bid) => bid)
      .slotSharingGroup('slow')
      .to(sink())
  })
  expect(graph.vertices.map(({ name, slotSharingGroup }) => [name, slotSharingGroup])).toEqual([
    ['bids', 'default'],
    ['map -> blackhole', 'slow'],
  ])
})

test('another maximum parallelism cuts the chain', () => {
  const graph = chainsOf((env) => void env.from(bids()).to(sink()).maxParallelism(16))
  expect(graph.vertices.map((vertex) => vertex.maxParallelism)).toEqual([128, 16])
})

test('a parallelism above its maximum is refused with the operator', () => {
  const build = () =>
    chainsOf((env) => void env.from(bids()).to(sink()).name('out').parallelism(8).maxParallelism(4))
  expect(build).toThrow(
    expect.objectContaining({
      code: 'BAD_PARALLELISM',
      operator: 'out',
      message: "'out' cannot have 8 subtasks: its maximum is 4",
    }),
  )
})
