/**
 * The queries of Nexmark that keep no state, after their definitions in Flink SQL. Prices are
 * doubles here, where SQL has decimals.
 */
import type { Stream } from 'sluice'
import type { Bid } from './events.ts'

const EURO_PER_DOLLAR = 0.908
const HOUR_MS = 3_600_000
const CHANNEL_ID = /(&|^)channel_id=([^&]*)/
const KNOWN_CHANNELS: Readonly<Record<string, string>> = {
  apple: '0',
  google: '1',
  facebook: '2',
  baidu: '3',
}

export const statelessQueries = {
  /** Pass-through. */
  q0: (bids: Stream<Bid>) => bids,

  /** Prices in another currency. */
  q1: (bids: Stream<Bid>) =>
    bids.map(({ auction, bidder, price, dateTime, extra }) => ({
      auction,
      bidder,
      price: EURO_PER_DOLLAR * price,
      dateTime,
      extra,
    })),

  /** Bids on certain auctions. */
  q2: (bids: Stream<Bid>) =>
    bids
      .filter(({ auction }) => auction % 123 === 0)
      .map(({ auction, price }) => ({ auction, price })),

  /** A range of prices, the time of day, and the letters 'c' in a text. */
  q14: (bids: Stream<Bid>) =>
    bids
      .filter(({ price }) => EURO_PER_DOLLAR * price > 1e6 && EURO_PER_DOLLAR * price < 5e7)
      .map(({ auction, bidder, price, dateTime, extra }) => ({
        auction,
        bidder,
        price: EURO_PER_DOLLAR * price,
        bidTimeType: timeType(Math.floor(dateTime / HOUR_MS) % 24),
        dateTime,
        extra,
        cCounts: countOf(extra, 'c'),
      })),

  /** A channel's id, known or taken from the url by a pattern. Needs `flinkCompat`. */
  q21: (bids: Stream<Bid>) =>
    bids
      .map(({ auction, bidder, price, channel, url }) => ({
        auction,
        bidder,
        price,
        channel,
        channelId: KNOWN_CHANNELS[channel!.toLowerCase()] ?? CHANNEL_ID.exec(url!)?.[2],
      }))
      .filter(({ channelId }) => channelId !== undefined),

  /** Parts of the url. Needs `flinkCompat`. */
  q22: (bids: Stream<Bid>) =>
    bids.map(({ auction, bidder, price, channel, url }) => {
      const parts = url!.split('/')
      return { auction, bidder, price, channel, dir1: parts[3], dir2: parts[4], dir3: parts[5] }
    }),
}

/** Queries that read a bid's channel and url. */
export const channelQueries: readonly string[] = ['q21', 'q22']

export type StatelessQuery = keyof typeof statelessQueries

function timeType(hour: number): string {
  if (hour >= 8 && hour <= 18) return 'dayTime'
  return hour <= 6 || hour >= 20 ? 'nightTime' : 'otherTime'
}

function countOf(text: string, letter: string): number {
  let count = 0
  for (let at = text.indexOf(letter); at >= 0; at = text.indexOf(letter, at + 1)) count++
  return count
}
