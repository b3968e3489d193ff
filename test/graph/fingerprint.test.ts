import { expect, test } from 'vitest'
import { count, max, mean } from '../../src/api/aggregates.ts'
import { value } from '../../src/api/state-specs.ts'
import type { Env, Stream } from '../../src/api/streams.ts'
import { tumbling } from '../../src/api/windows.ts'
import { compareFingerprints, fingerprint } from '../../src/graph/fingerprint.ts'
import { type Bid, bids, graphOf, sink } from './jobs.ts'

type Build = (env: Env) => void

function job(body: (stream: Stream<Bid>) => Stream<unknown>): Build {
  return (env) => void body(env.from(bids())).to(sink())
}

const pairs: readonly (readonly [string, Build, Build, string])[] = [
  ['a function', job((s) => s.map((b) => b.price)), job((s) => s.map((b) => b.price + 1)), 'map'],
  ['picked fields', job((s) => s.pick('price')), job((s) => s.pick('time')), 'pick'],
  [
    'a source option',
    (env) => void env.from(bids('bids', { path: 'a' })).to(sink()),
    (env) => void env.from(bids('bids', { path: 'b' })).to(sink()),
    'bids',
  ],
  [
    'a key',
    job((s) => s.keyBy('auction').reduce((a) => a)),
    job((s) => s.keyBy('price').reduce((a) => a)),
    'reduce',
  ],
  [
    'a nested aggregate function',
    job((s) => s.keyBy('auction').aggregate({ m: mean((b) => b.price) })),
    job((s) => s.keyBy('auction').aggregate({ m: mean((b) => b.time) })),
    'aggregate',
  ],
  [
    'the size of a window',
    job((s) => s.keyBy('auction').window(tumbling('1 d')).aggregate({ n: count() })),
    job((s) => s.keyBy('auction').window(tumbling('2 d')).aggregate({ n: count() })),
    'window aggregate',
  ],
  [
    'an initial state',
    job((s) => s.keyBy('auction').process({ state: { n: value(0) }, process() {} })),
    job((s) => s.keyBy('auction').process({ state: { n: value(-0) }, process() {} })),
    'keyed process',
  ],
  ['the exchange', job((s) => s.map(String)), job((s) => s.rebalance().map(String)), 'map'],
  ['a parallelism', job((s) => s.map(String)), job((s) => s.map(String).parallelism(2)), 'map'],
  ['an operator more', job((s) => s), job((s) => s.map(String)), 'blackhole'],
]

test.each(pairs)('%s that differs is told by its operator', (_what, left, right, operator) => {
  const a = fingerprint(graphOf(left))
  const b = fingerprint(graphOf(right))
  expect(a.hash).not.toBe(b.hash)
  expect(compareFingerprints(a, b)).toBe(operator)
})

test('two builds of one job have one fingerprint, and it survives a message', () => {
  const build = job((s) =>
    s
      .keyBy('auction')
      .window(tumbling('1 d'))
      .aggregate({ n: count(), top: max('price') }),
  )
  const a = fingerprint(graphOf(build))
  const b = structuredClone(fingerprint(graphOf(build)))
  expect(a).toEqual(b)
  expect(compareFingerprints(a, b)).toBeUndefined()
  expect(a.operators.map((operator) => operator.name)).toEqual([
    'bids',
    'window aggregate',
    'blackhole',
  ])
})
