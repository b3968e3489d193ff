import { expect, test } from 'vitest'
import { operatorIds } from '../../src/graph/operator-ids.ts'
import { bids, graphOf, sink } from './jobs.ts'

test('ids are 32 hex digits, all different, and the same in every build', () => {
  const build = () =>
    graphOf((env) => {
      const source = env.from(bids())
      source.map((bid) => bid).to(sink())
      source.map((bid) => bid).to(sink())
    })
  const ids = operatorIds(build())
  expect(ids).toEqual(operatorIds(build()))
  expect(new Set(ids).size).toBe(5)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/)
})

test('names, parallelism, chaining and another branch leave ids alone', () => {
  const before = graphOf((env) => {
    env
      .from(bids())
      .map((bid) => bid)
      .to(sink())
  })
  const after = graphOf((env) => {
    const source = env.from(bids('other name')).parallelism(3)
    source
      .map((bid) => bid)
      .name('renamed')
      .chain('never')
      .to(sink())
    source.filter(() => true).to(sink())
  })
  expect(operatorIds(after).slice(0, 3)).toEqual(operatorIds(before))
})

test('a uid decides alone, and leaves the ids of its neighbours alone', () => {
  const plain = graphOf((env) => {
    const source = env.from(bids())
    source.map((bid) => bid)
    source.map((bid) => bid).to(sink())
  })
  const withUid = graphOf((env) => {
    const source = env.from(bids())
    source.map((bid) => bid).uid('mine')
    source.map((bid) => bid).to(sink())
  })
  const moved = graphOf((env) => {
    env
      .from(bids())
      .filter(() => true)
      .map((bid) => bid)
      .uid('mine')
      .to(sink())
  })
  expect(operatorIds(withUid)[1]).not.toBe(operatorIds(plain)[1])
  expect(operatorIds(withUid)[2]).toBe(operatorIds(plain)[2])
  expect(operatorIds(moved)[2]).toBe(operatorIds(withUid)[1])
})
