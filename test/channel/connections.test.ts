import { expect, test } from 'vitest'
import { connect } from '../../src/channel/connections.ts'

/** For each producer, the consumers that it writes to. */
const table: readonly [Parameters<typeof connect>, string][] = [
  [['forward', 3, 3], '0 | 1 | 2'],
  [['rescale', 1, 3], '0 1 2'],
  [['rescale', 2, 4], '0 1 | 2 3'],
  [['rescale', 2, 5], '0 1 2 | 3 4'],
  [['rescale', 3, 4], '0 1 | 2 | 3'],
  [['rescale', 3, 3], '0 | 1 | 2'],
  [['rescale', 4, 2], '0 | 0 | 1 | 1'],
  [['rescale', 5, 2], '0 | 0 | 1 | 1 | 1'],
  [['rescale', 4, 3], '0 | 1 | 2 | 2'],
  [['rescale', 3, 1], '0 | 0 | 0'],
  [['hash', 2, 3], '0 1 2 | 0 1 2'],
  [['rebalance', 2, 2], '0 1 | 0 1'],
  [['broadcast', 1, 2], '0 1'],
  [['global', 2, 2], '0 1 | 0 1'],
  [['custom', 2, 1], '0 | 0'],
]

test.each(table)('%j connects %s', ([kind, producers, consumers], expected) => {
  const connections = connect(kind, producers, consumers)
  const lists = Array.from({ length: producers }, (_, producer) =>
    connections
      .filter((it) => it.producer === producer)
      .map((it) => it.consumer)
      .join(' '),
  )
  expect(lists.join(' | ')).toBe(expected)
})

test('rescale leaves no subtask without a channel, and spreads them evenly', () => {
  for (let producers = 1; producers <= 12; producers++) {
    for (let consumers = 1; consumers <= 12; consumers++) {
      const connections = connect('rescale', producers, consumers)
      expect(connections).toHaveLength(Math.max(producers, consumers))
      expect(new Set(connections.map((it) => it.producer)).size).toBe(producers)
      expect(new Set(connections.map((it) => it.consumer)).size).toBe(consumers)
    }
  }
})

test('forward between unequal parallelisms is a bug of the caller', () => {
  expect(() => connect('forward', 2, 3)).toThrow(/forward from 2 to 3/)
})
