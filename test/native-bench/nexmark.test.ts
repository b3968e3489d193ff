/** The generator of Nexmark against Beam's own events, and what is built on it. */
import { createHash } from 'node:crypto'
import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import {
  configOf,
  type NexmarkOptions,
  splitConfig,
  watermarkAfter,
} from '../../native-bench/nexmark/config.ts'
import {
  type Auction,
  type Bid,
  type ChannelBid,
  canonicalLine,
  type NexmarkEvent,
  type Person,
} from '../../native-bench/nexmark/events.ts'
import { NexmarkGenerator } from '../../native-bench/nexmark/generator.ts'
import { JavaRandom } from '../../native-bench/nexmark/java-random.ts'
import { exactPriceOf, priceOf } from '../../native-bench/nexmark/price.ts'
import { printEvents } from '../../native-bench/nexmark/print.ts'

const BLOCK = 500

/** SHA-256 of the lines that Beam's own generator gives. */
test.each([
  [100_000, 1_000, '34b1ea735fec2ba2e848f667b7c6fd896e3e80dd93f4c2a829015d95b6490765'],
  [1_000, 1_000, 'e0ba456ac5ce610961a1cfa7203a31e14a08694aac82864511feb0e11eb7e170'],
  [100_000, 100_000, 'a4608c21161fc388ae25c7eb8349e0813b9847b3bd5b3cf79577d8ef11893da8'],
  [1_000, 100_000, '25fad10d9b010f64b492bee0794754b8084b4eb635931d2834626d76cf9a09fb'],
])('at rate %d the first %d events are those of Beam', async (rate, events, hash) => {
  expect(await hashOf({ rate, events })).toBe(hash)
})

test('random numbers are those of Java', () => {
  const random = new JavaRandom()
  random.seed(42)
  expect([random.int32(), random.int32()]).toEqual([-1170105035, 234785527])
  random.seed(42)
  expect([random.below(100), random.below(100)]).toEqual([30, 63])
  random.seed(2 ** 48 - 1)
  expect(random.int32()).toBe(javaInt32(2n ** 48n - 1n))
})

test('a price is what Math.pow says, also where it is close to the next one', () => {
  const random = new JavaRandom()
  random.seed(7)
  const wrong: unknown[] = []
  const check = (high: number, low: number) => {
    if (priceOf(high, low) !== exactPriceOf(high, low)) wrong.push([high, low])
  }
  for (let i = 0; i < 200_000; i++) check(random.int32() >>> 6, random.int32() >>> 5)
  for (let price = 100; price < 20_000; price++) {
    const bits = Math.round((Math.log10((price + 0.5) / 100) / 6) * 2 ** 53)
    for (const near of [bits - 2, bits, bits + 2]) {
      check(Math.floor(near / 2 ** 27), near % 2 ** 27)
    }
  }
  check(0, 0)
  check(2 ** 26 - 1, 2 ** 27 - 1)
  expect(wrong).toEqual([])
})

test.each([
  { rate: 100_000 },
  { rate: 1_000, outOfOrderGroupSize: 70 },
  { rate: 3, firstEventId: 123_456_789_012, firstEventNumber: 17, flinkCompat: true },
])('generating may begin at any event: %o', (options) => {
  const inOrder = linesOf(options, { from: 0, to: 7_000 })
  for (const from of [1, 49, 4_999, 5_000, 6_543]) {
    expect(linesOf(options, { from, to: 7_000, block: 77 })).toEqual(inOrder.slice(from))
  }
})

test('events change places within groups, and none comes behind its watermark', () => {
  const config = configOf({ rate: 1_000, outOfOrderGroupSize: 100 })
  const mixed = linesOf(config, { from: 0, to: 2_000 })
  const inOrder = linesOf({ rate: 1_000 }, { from: 0, to: 2_000 })
  for (let at = 0; at < 2_000; at += 100) {
    const group = mixed.slice(at, at + 100)
    expect(group).not.toEqual(inOrder.slice(at, at + 100))
    expect([...group].sort()).toEqual(inOrder.slice(at, at + 100).sort())
  }
  const times = eventsOf(config, { from: 0, to: 2_000 }).map(({ dateTime }) => dateTime)
  for (const done of [0, 1, 99, 100, 1_234]) {
    const earliest = Math.min(...times.slice(done - (done % 100)))
    expect(watermarkAfter(config, done)).toBe(earliest - 1)
    expect(Math.min(...times.slice(done))).toBeGreaterThan(watermarkAfter(config, done))
  }
})

test('split generators share the ids out and begin at the same time', () => {
  const config = configOf({ rate: 1_000, events: 10_007, numEventGenerators: 3 })
  const splits = splitConfig(config, 3)
  const ranges = splits.map(({ firstEventId, events }) => [firstEventId, firstEventId + events])
  expect(ranges).toEqual([
    [0, 3_335],
    [3_335, 6_670],
    [6_670, 10_007],
  ])
  const all = splits.map((split) => eventsOf(split, { from: 0, to: split.events }))
  expect(all.map((events) => events[0]!.dateTime)).toEqual(splits.map(() => config.baseTimeMs))
  // A third of the events a second each.
  expect(all.map((events) => events[1_000]!.dateTime - config.baseTimeMs)).toEqual([3e3, 3e3, 3e3])
  const whole = eventsOf({ rate: 1_000 }, { from: 0, to: 10_007 })
  const idsOf = (events: readonly NexmarkEvent[]) =>
    events.flatMap((event) => (event.kind === 'bid' ? [] : [`${event.kind} ${event.id}`]))
  expect(all.flatMap(idsOf)).toEqual(idsOf(whole))
})

test('with channels all else stays as it is, and the same channels come again', () => {
  const range = { from: 0, to: 20_000 }
  const plain = eventsOf({ rate: 1_000 }, range)
  const extended = eventsOf({ rate: 1_000, flinkCompat: true }, range)
  const bids = extended.filter((event) => event.kind === 'bid') as ChannelBid[]
  expect(
    extended.map((event) => {
      if (event.kind !== 'bid') return event
      const { channel: _, url: __, ...rest } = event
      return rest
    }),
  ).toEqual(plain)
  const urls = new Map(bids.map(({ channel, url }) => [channel, url]))
  for (const { channel, url } of bids) expect(url).toBe(urls.get(channel))
  const hot = ['Apple', 'Baidu', 'Facebook', 'Google']
  const shareOf = (test: (bid: ChannelBid) => boolean) => bids.filter(test).length / bids.length
  expect(shareOf(({ channel }) => hot.includes(channel))).toBeCloseTo(0.5, 1)
  const others = bids.filter(({ channel }) => !hot.includes(channel))
  for (const { channel, url } of others) {
    expect(channel).toMatch(/^channel-\d{1,4}$/)
    expect(url).toMatch(
      /^https:\/\/www\.nexmark\.com(\/[a-z_]{3,4}){3}\/item\.htm\?query=1(&channel_id=\d+)?$/,
    )
  }
  const withId = others.filter(({ url }) => url.includes('&channel_id=')).length
  expect(withId / others.length).toBeCloseTo(0.9, 1)
})

test('events are distributed as those of Beam', () => {
  const events = eventsOf({ rate: 100_000 }, { from: 0, to: 500_000 })
  const persons = events.filter((event) => event.kind === 'person') as Person[]
  const auctions = events.filter((event) => event.kind === 'auction') as Auction[]
  const bids = events.filter((event) => event.kind === 'bid') as Bid[]
  expect([persons.length, auctions.length, bids.length]).toEqual([10_000, 30_000, 460_000])
  const share = <T>(of: readonly T[], test: (one: T) => boolean) =>
    of.filter(test).length / of.length
  expect(share(persons, ({ state }) => ['OR', 'ID', 'CA'].includes(state))).toBeCloseTo(1 / 2, 1)
  expect(share(auctions, ({ category }) => category === 10)).toBeCloseTo(1 / 5, 1)
  expect(share(bids, ({ price }) => price < 10_000)).toBeCloseTo(1 / 3, 2)
  expect(share(bids, ({ price }) => price >= 1_000_000)).toBeCloseTo(1 / 3, 2)
  expect(share(bids, ({ price }) => price * 0.908 > 1e6 && price * 0.908 < 5e7)).toBeCloseTo(
    0.2831,
    2,
  )
  expect(share(bids, ({ auction }) => auction % 123 === 0)).toBeCloseTo(0.0094, 2)
})

test.each([
  ['a rate of 0', { rate: 0 }],
  ['events that are no number', { events: Number.NaN }],
  ['half a group', { outOfOrderGroupSize: 1.5 }],
  ['more events than doubles can count', { events: 2 ** 44 }],
  ['auctions of months', { rate: 1, numEventGenerators: 1_000 }],
])('a generator refuses %s', (_, options) => {
  expect(() => configOf(options)).toThrow(RangeError)
})

/** By way of printing, to a reader that is slow. */
async function hashOf(options: { rate: number; events: number }): Promise<string> {
  const hash = createHash('sha256')
  const slow = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _, done) {
      hash.update(chunk)
      setImmediate(done)
    },
  })
  await printEvents(slow, options)
  await new Promise<void>((done) => slow.end(done))
  return hash.digest('hex')
}

interface Range {
  readonly from: number
  readonly to: number
  readonly block?: number
}

function linesOf(options: NexmarkOptions, range: Range): string[] {
  return eventsOf(options, range).map(canonicalLine)
}

function eventsOf(options: NexmarkOptions, { from, to, block = BLOCK }: Range): NexmarkEvent[] {
  const generator = new NexmarkGenerator(configOf(options), block)
  const events: NexmarkEvent[] = []
  for (let done = from; done < to; done += block) {
    generator.fill(done, Math.min(block, to - done))
    for (let i = 0; i < generator.count; i++) events.push(generator.record(i))
  }
  return events
}

/** The first draw by its definition. */
function javaInt32(seed: bigint): number {
  const state = (seed ^ 0x5deece66dn) * 0x5deece66dn + 0xbn
  return Number(BigInt.asIntN(32, BigInt.asUintN(48, state) >> 16n))
}
