/** The code of chains as `sluice info --chains` shows it. */
import { expect, test } from 'vitest'
import { output } from '../../src/api/output.ts'
import { value } from '../../src/api/state-specs.ts'
import type { Env } from '../../src/api/streams.ts'
import { parseOptions } from '../../src/graph/parse-options.ts'
import { chainListings, chainListingText } from '../../src/task/chain-listing.ts'
import { bids, chainsOf, sink } from '../graph/jobs.ts'

const listed = (build: (env: Env) => void) => chainListings(chainsOf(build), parseOptions({}))

const twoChains = (env: Env) => {
  env
    .from(bids())
    .filter((bid) => bid.price > 10)
    .name('dear ones')
    .map(({ auction, price }) => ({ auction, cents: price * 100 }))
    .name('cents')
    .keyBy('auction')
    .process({ state: { seen: value(0) }, process() {} })
    .to(sink())
}

test('each chain is named with its operators and inputs, and its code follows', () => {
  const [first, second] = listed(twoChains)
  expect(first).toMatchObject({ operators: ['bids', 'dear ones', 'cents'], inputs: 0 })
  expect(first!.code).toContain(
    [
      'function head(v0, t) {',
      '  if (f1(v0)) { // "dear ones"',
      '    const v3 = f2(v0) // "cents"',
      '    w2_0.write(v3, t)',
      '  }',
      '}',
    ].join('\n'),
  )
  expect(second).toMatchObject({ operators: ['keyed process', 'blackhole'], inputs: 1 })
  expect(second!.code).toContain('p1.process(v, t) // "blackhole"')
})

test('the loop is that of a batch for a source, and that of a page behind an exchange', () => {
  const [first, second] = listed(twoChains)
  expect(first!.loop).toContain('head(from.record(i), -Infinity)')
  expect(second!.loop).toContain('keys.look(from, i, end)')
  expect(second!.loop).toContain('ready[0].ready()')
})

test('as text each chain stands under its own line, indented', () => {
  const lines = chainListingText(listed(twoChains)).split('\n')
  const heads = lines.filter((line) => line.startsWith('chain'))
  expect(heads).toEqual([
    'chain 1  bids -> dear ones -> cents: 3 operators, 0 inputs',
    'chain 2  keyed process -> blackhole: 2 operators, 1 input',
  ])
  const others = lines.filter((line) => line !== '' && !line.startsWith('chain'))
  expect(others.every((line) => line.startsWith('   '))).toBe(true)
})

test.each(['two\nlines', 'a */ b // c', 'line\u2028separator'])(
  'the name %j of an operator or an output stays within its comment',
  (name) => {
    const side = output<object>(name)
    const [chain] = listed((env) => {
      const checked = env
        .from(bids())
        .process(() => {})
        .name(name)
      checked.to(sink())
      checked.sideOutput(side).to(sink())
    })
    expect(
      () => new Function('fns', 'operators', 'exits', 'own', 'counts', chain!.code),
    ).not.toThrow()
  },
)
