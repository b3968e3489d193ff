/** The records of the keyed count, and that the jobs over them do what Flink's do. */
import { checkSource, runInline } from 'sluice/testing'
import { expect, test } from 'vitest'
import exchangeJob from '../../native-bench/jobs/exchange.ts'
import fanOutJob from '../../native-bench/jobs/fan-out.ts'
import keyedAggregateJob from '../../native-bench/jobs/keyed-aggregate.ts'
import keyedCountJob from '../../native-bench/jobs/keyed-count.ts'
import { keyedEvents } from '../../native-bench/jobs/keyed-events.ts'
import manyKeysJob from '../../native-bench/jobs/many-keys.ts'
import statelessJob from '../../native-bench/jobs/stateless.ts'

const KEYS = 1_500
const RECORDS = 4_000

const keyNumber = (i: number) => (i * 7919) % KEYS
const keyName = (i: number) => `key-${String(keyNumber(i)).padStart(6, '0')}`

test.each([
  ['strings', {}, keyName],
  ['strings made late', { late: true }, keyName],
  ['integers', { integers: true }, keyNumber],
])('a walk over %s visits every key before any comes again', async (_, kind, keyOf) => {
  const source = keyedEvents({ keys: KEYS, records: RECORDS, ...kind })
  const records = await checkSource(source, { parallelism: 1, reopensPerSplitMax: 4 })
  const expected = Array.from({ length: RECORDS }, (_, i) => ({ key: keyOf(i), value: i & 0xffff }))
  expect(records).toEqual(expected)
  expect(new Set(records.slice(0, KEYS).map(({ key }) => key)).size).toBe(KEYS)
})

test('each of two subtasks walks over all keys, from a place of its own', async () => {
  const source = keyedEvents({ keys: KEYS, records: 2 * KEYS })
  const records = await checkSource(source, { parallelism: 2, reopensPerSplitMax: 4 })
  const halves = [records.slice(0, KEYS), records.slice(KEYS)]
  for (const half of halves) expect(new Set(half.map(({ key }) => key)).size).toBe(KEYS)
  expect(halves.map((half) => half[0]!.key)).toEqual(['key-000000', 'key-000750'])
})

test('as many keys as the step of the walk are refused', () => {
  expect(() => keyedEvents({ keys: 2 * 7919 })).toThrow(/not all visited/)
})

const args = { keys: KEYS, records: RECORDS }

test.each([
  ['stateless', statelessJob, args, RECORDS / 2],
  ['exchange', exchangeJob, args, RECORDS],
  ['keyed count', keyedCountJob, args, RECORDS],
  ['keyed count of integers', keyedCountJob, { ...args, integers: true }, RECORDS],
  ['keyed aggregate of integers', keyedAggregateJob, { ...args, integers: true }, RECORDS],
  ['many keys', manyKeysJob, args, RECORDS],
  ['fan-out to one in turn', fanOutJob, { ...args, consumers: 3, to: 'one in turn' }, RECORDS],
  ['fan-out to all', fanOutJob, { ...args, consumers: 3, to: 'all' }, 3 * RECORDS],
])('%s has the results that it must have', async (_, job, given, results) => {
  const { metrics } = await runInline(job, { args: given, parallelism: 2 })
  expect(metrics.recordsRead).toBe(RECORDS)
  expect(metrics.recordsWritten).toBe(results)
})
