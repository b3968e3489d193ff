import { expect, test } from 'vitest'
import type { AggregateSpec, Aggregates } from '../../src/operator/spec.ts'
import { OperatorHarness } from '../../src/testing/operator-harness.ts'

/** The last result over records `{ k: 'a', v }`. */
async function over(aggregates: Aggregates, values: readonly unknown[]): Promise<unknown> {
  const harness = await OperatorHarness.open({
    spec: { kind: 'aggregate', aggregates },
    key: { field: 'k' },
  })
  for (const v of values) harness.push({ k: 'a', v })
  const { key, ...results } = harness.output.at(-1) as Record<string, unknown>
  expect(key).toBe('a')
  return results
}

const named = (...kinds: AggregateSpec['kind'][]): Aggregates => ({
  named: Object.fromEntries(kinds.map((kind) => [kind, { kind, field: 'v' } as AggregateSpec])),
})
const all = named('count', 'sum', 'mean', 'min', 'max', 'first', 'last')
const nothing = { sum: null, mean: null, min: null, max: null, first: null, last: null }
const nan = Number.NaN

test.each([
  [[3, 1, 2], { count: 3, sum: 6, mean: 2, min: 1, max: 3, first: 3, last: 2 }],
  [[-5], { count: 1, sum: -5, mean: -5, min: -5, max: -5, first: -5, last: -5 }],
  [[null, 4, undefined], { count: 1, sum: 4, mean: 4, min: 4, max: 4, first: 4, last: 4 }],
  [[null, undefined], { count: 0, ...nothing }],
  [[1, nan, 2], { count: 3, sum: nan, mean: nan, min: nan, max: nan, first: 1, last: 2 }],
  [[0, -3], { count: 2, sum: -3, mean: -1.5, min: -3, max: 0, first: 0, last: -3 }],
])('aggregates of %j', async (values, expected) => {
  expect(await over(all, values)).toEqual(expected)
})

test('count without a field counts records, and names may be anything', async () => {
  const results = await over({ named: { 'two words': { kind: 'count' } } }, [null, 1])
  expect(results).toEqual({ 'two words': 2 })
})

test('a result called __proto__ is a result', async () => {
  const aggregates = { named: Object.fromEntries([['__proto__', { kind: 'count' }]]) } as Aggregates
  expect(Object.entries((await over(aggregates, [1])) as object)).toEqual([['__proto__', 1]])
})

test('functions give values as fields do, and may share nothing', async () => {
  const late: AggregateSpec = { kind: 'mean', fn: (r) => (r.v > 15 ? 1 : 0) }
  const most: AggregateSpec = { kind: 'max', fn: (r) => r.v * 2 }
  expect(await over({ named: { late, most } }, [10, 20])).toEqual({ late: 0.5, most: 40 })
})

test('what is no number is refused with its field', async () => {
  await expect(over(named('sum'), ['12'])).rejects.toMatchObject({
    code: 'BAD_AGGREGATE_VALUE',
    message: expect.stringContaining("field 'v'"),
  })
})

test('a custom aggregate keeps its accumulator, and emits none of it', async () => {
  const harness = await OperatorHarness.open({
    spec: {
      kind: 'aggregate',
      aggregates: {
        single: {
          kind: 'custom',
          create: () => [],
          add: (records, record) => {
            records.push(record)
            return records
          },
          result: (records) => records,
        },
      },
    },
    key: { field: 'k' },
  })
  const record = { k: 'a', v: 1 }
  harness.push(record)
  record.v = 2
  const first = harness.output[0] as { value: { v: number }[] }
  first.value[0]!.v = 3
  harness.push({ k: 'a', v: 9 })
  expect(harness.output[1]).toEqual({
    key: 'a',
    value: [
      { k: 'a', v: 1 },
      { k: 'a', v: 9 },
    ],
  })
})

test('keys do not mix, and each record gives a result with its time', async () => {
  const harness = await OperatorHarness.open({
    spec: { kind: 'aggregate', aggregates: { named: { n: { kind: 'count' } } } },
    key: { field: 'k' },
  })
  for (const [i, k] of ['a', 'b', 'a'].entries()) harness.push({ k }, i)
  expect(harness.timedOutput).toEqual([
    { record: { key: 'a', n: 1 }, time: 0 },
    { record: { key: 'b', n: 1 }, time: 1 },
    { record: { key: 'a', n: 2 }, time: 2 },
  ])
})

test('reduce combines, and holds nothing that it was given or has given', async () => {
  const harness = await OperatorHarness.open({
    spec: {
      kind: 'reduce',
      fn: (a, b) => {
        a.n += b.n
        return a
      },
    },
    key: { field: 'k' },
  })
  const record = { k: 'a', n: 1 }
  harness.push(record)
  record.n = 100
  harness.push({ k: 'a', n: 10 })
  ;(harness.output[1] as { n: number }).n = 500
  harness.push({ k: 'b', n: 7 })
  harness.push({ k: 'a', n: 5 })
  expect(harness.output.slice(1)).toEqual([
    { k: 'a', n: 500 },
    { k: 'b', n: 7 },
    { k: 'a', n: 16 },
  ])
})
