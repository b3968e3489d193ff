/** Nexmark's sources, and its stateless queries over each of them against straight loops. */
import { checkSource, runInline } from 'sluice/testing'
import { expect, test } from 'vitest'
import nexmarkJob from '../../native-bench/jobs/nexmark.ts'
import { configOf, type NexmarkOptions } from '../../native-bench/nexmark/config.ts'
import type { ChannelBid, NexmarkEvent } from '../../native-bench/nexmark/events.ts'
import { NexmarkGenerator } from '../../native-bench/nexmark/generator.ts'
import { type NexmarkOrigin, nexmark } from '../../native-bench/nexmark/source.ts'
import type { StatelessQuery } from '../../native-bench/nexmark/stateless-queries.ts'

const RING = 5_000
const ORIGINS: readonly NexmarkOrigin[] = ['generator', 'objects', 'bytes']
const KNOWN = ['apple', 'google', 'facebook', 'baidu']

/** What a query makes of a bid; undefined if nothing. */
const straight: Record<StatelessQuery, (bid: ChannelBid) => object | undefined> = {
  q0: (bid) => bid,
  q1: ({ auction, bidder, price, dateTime, extra }) => ({
    auction,
    bidder,
    price: price * 0.908,
    dateTime,
    extra,
  }),
  q2: ({ auction, price }) => (auction % 123 === 0 ? { auction, price } : undefined),
  q14: ({ auction, bidder, price, dateTime, extra }) => {
    const euros = price * 0.908
    if (!(euros > 1_000_000 && euros < 50_000_000)) return undefined
    const hour = new Date(dateTime).getUTCHours()
    const isDay = hour >= 8 && hour <= 18
    const bidTimeType = isDay ? 'dayTime' : hour === 7 || hour === 19 ? 'otherTime' : 'nightTime'
    const cCounts = [...extra].filter((letter) => letter === 'c').length
    return { auction, bidder, price: euros, bidTimeType, dateTime, extra, cCounts }
  },
  q21: ({ auction, bidder, price, channel, url }) => {
    const known = KNOWN.indexOf(channel.toLowerCase())
    const id = known >= 0 ? String(known) : new URL(url).search.split('channel_id=')[1]
    return id === undefined ? undefined : { auction, bidder, price, channel, channelId: id }
  },
  q22: ({ auction, bidder, price, channel, url }) => {
    const [, dir1, dir2, dir3] = new URL(url).pathname.split('/')
    return { auction, bidder, price, channel, dir1, dir2, dir3 }
  },
}

const cases = (Object.keys(straight) as StatelessQuery[]).flatMap((query) =>
  ORIGINS.map((origin) => [query, origin] as const),
)

/** At an event a second a ring goes from the day into the night. */
const EVENING_MS = (18 * 60 + 40) * 60_000

test.each(cases)('%s over %s gives what a loop gives', async (query, origin) => {
  const flinkCompat = query === 'q21' || query === 'q22'
  const options = {
    rate: 1,
    baseTimeMs: configOf({}).baseTimeMs + EVENING_MS,
    events: RING,
    flinkCompat,
  }
  const bids = eventsOf(options).filter((event) => event.kind === 'bid') as ChannelBid[]
  const expected = bids.map(straight[query]).filter((row) => row !== undefined)
  const args = { ...options, query, origin, ringEvents: RING, collect: 'rows' }
  const { rows } = await runInline(nexmarkJob, { args })
  expect(expected.length).toBeGreaterThan(0)
  expect(rows('rows')).toEqual(expected)
})

test.each(ORIGINS)('%s is a source as sources should be', async (origin) => {
  const options = { rate: 1_000, events: 11_001, outOfOrderGroupSize: 100, flinkCompat: true }
  const source = nexmark({ ...options, origin, ringEvents: RING })
  const records = await checkSource(source, { parallelism: 2, reopensPerSplitMax: 4 })
  const split = { ...options, numEventGenerators: 2 }
  const first = eventsOf({ ...split, events: 5_000 })
  expect(records.length).toBe(11_001)
  expect(records.slice(0, 5_000)).toEqual(first)
})

test.each(ORIGINS)('%s without an end goes on from far away', async (origin) => {
  const source = nexmark({ origin, ringEvents: RING })
  const [split] = await source.enumerator({ parallelism: 1 }).discover()
  const clock = { nowMs: () => 0, monotonicMs: () => 0 }
  const reader = source.reader({ subtask: 0, parallelism: 1, clock, wake: () => {} })
  await reader.open(split!, { done: 5e12 })
  const batch = await reader.next()
  if (batch === undefined || batch === 'later') throw new Error('no batch')
  const person = batch.record(0) as NexmarkEvent & { kind: 'person' }
  expect(person.id).toBe(5e12 / 50 + 1_000)
  expect(person.dateTime).toBe(configOf({}).baseTimeMs + 5e12 / 10)
  expect(source.bounded).toBe(false)
})

test.each(['objects', 'bytes'] as const)('%s moves on at each round', async (origin) => {
  const rate = 1_000
  const source = nexmark({ origin, rate, events: 3 * RING, ringEvents: RING })
  const records = await checkSource(source, { parallelism: 1, reopensPerSplitMax: 4 })
  const times = records.map(({ dateTime }) => dateTime)
  const base = configOf({}).baseTimeMs
  expect(times).toEqual(records.map((_, number) => base + number))
  const idsOf = (kind: string) =>
    records.flatMap((event) => (event.kind === kind && event.kind !== 'bid' ? [event.id] : []))
  expect(idsOf('person')).toEqual(Array.from({ length: (3 * RING) / 50 }, (_, k) => 1_000 + k))
  expect(idsOf('auction')).toEqual(Array.from({ length: (9 * RING) / 50 }, (_, k) => 1_000 + k))
  for (const [number, event] of records.slice(2 * RING).entries()) {
    expect(event).toEqual(movedTwice(records[number]!))
  }
})

test('two subtasks read all events between them', async () => {
  const args = { query: 'q0', origin: 'bytes', events: 10_000, ringEvents: RING, collect: 'rows' }
  const { rows, metrics } = await runInline(nexmarkJob, { args, parallelism: 2 })
  expect(metrics.recordsRead).toBe(10_000)
  expect(rows('rows').length).toBe(9_200)
})

test.each([
  ['a part of a unit', { ringEvents: 1_234 }],
  ['a part of a group', { ringEvents: RING, outOfOrderGroupSize: 3_000 }],
])('a ring refuses %s', async (_, options) => {
  const source = nexmark({ origin: 'objects', events: RING, ...options })
  await expect(checkSource(source)).rejects.toThrow(/ring/)
})

/** As two rounds later. */
function movedTwice(event: NexmarkEvent): NexmarkEvent {
  const persons = (2 * RING) / 50
  const auctions = 3 * persons
  const dateTime = event.dateTime + 2 * RING
  switch (event.kind) {
    case 'person':
      return { ...event, id: event.id + persons, dateTime }
    case 'auction': {
      const { id, seller, expires } = event
      const moved = { id: id + auctions, seller: seller + persons, expires: expires + 2 * RING }
      return { ...event, ...moved, dateTime }
    }
    case 'bid': {
      const { auction, bidder } = event
      return { ...event, auction: auction + auctions, bidder: bidder + persons, dateTime }
    }
  }
}

function eventsOf(options: NexmarkOptions & { readonly events: number }): NexmarkEvent[] {
  const generator = new NexmarkGenerator(configOf(options), options.events)
  generator.fill(0, options.events)
  return Array.from({ length: options.events }, (_, i) => generator.record(i))
}
