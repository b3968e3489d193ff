import { expect, test } from 'vitest'
import type { ExecutionGraph } from '../../src/graph/execution-graph.ts'
import { executionGraph } from '../../src/graph/execution-graph.ts'
import { bids, chainsOf, sink } from './jobs.ts'

/** Who sends to the task, in the order of its gate: `vertex.subtask`. */
function gate(graph: ExecutionGraph, task: number): readonly string[] {
  return graph.tasks[task]!.inputs.map((channel) => {
    const producer = graph.tasks[graph.channels[channel]!.producer]!
    return `${producer.vertex}.${producer.subtask}`
  })
}

function twoSources() {
  return chainsOf((env) => {
    const a = env.from(bids('a'))
    const b = env.from(bids('b')).parallelism(3)
    a.union(b)
      .keyBy('auction')
      .reduce((x) => x)
      .to(sink())
  })
}

test('each subtask is a task, numbered by vertex, then by subtask', () => {
  const graph = executionGraph(twoSources())
  expect(graph.tasks.map(({ index, vertex, subtask }) => [index, vertex, subtask])).toEqual([
    [0, 0, 0],
    [1, 0, 1],
    [2, 1, 0],
    [3, 1, 1],
    [4, 1, 2],
    [5, 2, 0],
    [6, 2, 1],
  ])
  expect(graph.vertices.map((vertex) => vertex.tasks)).toEqual([
    [0, 1],
    [2, 3, 4],
    [5, 6],
  ])
})

test('gates are ordered by edge, then by producer; exits by consumer', () => {
  const graph = executionGraph(twoSources())
  expect(gate(graph, 5)).toEqual(['0.0', '0.1', '1.0', '1.1', '1.2'])
  expect(gate(graph, 6)).toEqual(gate(graph, 5))
  const consumers = graph.tasks[3]!.outputs[0]!.map((channel) => graph.channels[channel]!.consumer)
  expect(consumers).toEqual([5, 6])
})

test('every channel has one producer and one consumer that list it', () => {
  const graph = executionGraph(twoSources())
  expect(graph.channels).toHaveLength(10)
  expect(graph.tasks.flatMap((task) => task.inputs).sort((a, b) => a - b)).toEqual(
    graph.channels.map((channel) => channel.index),
  )
  for (const { index, edge, producer } of graph.channels) {
    const task = graph.tasks[producer]!
    const exits = graph.edges.filter((candidate) => candidate.from === task.vertex)
    const exit = exits.findIndex((candidate) => candidate.index === edge)
    expect(task.outputs[exit]).toContain(index)
  }
})

test('a forward exchange pairs subtasks, and all of it is plain data', () => {
  const graph = executionGraph(
    chainsOf(
      (env) =>
        void env
          .from(bids())
          .map((b) => b)
          .chain('start')
          .to(sink()),
    ),
  )
  expect(graph.channels.map(({ producer, consumer }) => [producer, consumer])).toEqual([
    [0, 2],
    [1, 3],
  ])
  expect(structuredClone(graph)).toEqual(graph)
  expect(graph.vertices[1]!.operators.map(({ name, kind }) => [name, kind])).toEqual([
    ['map', 'map'],
    ['blackhole', 'sink'],
  ])
})
