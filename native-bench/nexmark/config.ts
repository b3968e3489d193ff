/**
 * What a Nexmark generator is told: Beam's options with Beam's defaults, its arithmetic of ids and
 * times, and its way of sharing events out to parallel generators.
 */

/** Of fifty events one is a person, three are auctions and the rest bids. */
export const PERSONS = 1
export const AUCTIONS = 3
export const EPOCH_EVENTS = 50

/** 2015-07-15T00:00:00Z. */
const BASE_TIME_MS = 1_436_918_400_000
/** Without an end there are as many as whole numbers in doubles allow: weeks of them. */
const EVENTS_MAX = 2 ** 43
/** An auction's length is drawn as an int32. */
const HORIZON_MS_MAX = 2 ** 30

/** All plain, so that it can be a part of a source's split. */
export interface GeneratorConfig {
  /** Events a second of event time, over all generators. */
  readonly rate: number
  /** Events of this generator. */
  readonly events: number
  /** Generators that share the rate: each of them has so much longer between two events. */
  readonly numEventGenerators: number
  /** Events within groups of so many change places: late by at most as many. */
  readonly outOfOrderGroupSize: number
  readonly avgPersonByteSize: number
  readonly avgAuctionByteSize: number
  readonly avgBidByteSize: number
  /** One bid in so many is not for the hot auction; sellers and bidders likewise. */
  readonly hotAuctionRatio: number
  readonly hotSellersRatio: number
  readonly hotBiddersRatio: number
  readonly numInFlightAuctions: number
  readonly numActivePeople: number
  readonly baseTimeMs: number
  readonly firstEventId: number
  readonly firstEventNumber: number
  /** Bids have a channel and a url; all else stays as it is without. */
  readonly flinkCompat: boolean
}

export type NexmarkOptions = { readonly [N in keyof GeneratorConfig]?: GeneratorConfig[N] }

const DEFAULTS: GeneratorConfig = {
  rate: 10_000,
  events: EVENTS_MAX,
  numEventGenerators: 1,
  outOfOrderGroupSize: 1,
  avgPersonByteSize: 200,
  avgAuctionByteSize: 500,
  avgBidByteSize: 100,
  hotAuctionRatio: 2,
  hotSellersRatio: 4,
  hotBiddersRatio: 4,
  numInFlightAuctions: 100,
  numActivePeople: 1000,
  baseTimeMs: BASE_TIME_MS,
  firstEventId: 0,
  firstEventNumber: 0,
  flinkCompat: false,
}

const MAY_BE_ZERO = ['events', 'baseTimeMs', 'firstEventId', 'firstEventNumber']

/** The options with defaults for the rest. Throws where one is no number it can be. */
export function configOf(options: NexmarkOptions): GeneratorConfig {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const events = EVENTS_MAX - (options.firstEventNumber ?? 0)
  const config: GeneratorConfig = { ...DEFAULTS, events, ...Object.fromEntries(given) }
  for (const [name, value] of Object.entries(config)) {
    if (name === 'flinkCompat') continue
    const min = MAY_BE_ZERO.includes(name) ? 0 : 1
    if (Number.isSafeInteger(value) && value >= min) continue
    throw new RangeError(`${name} of a Nexmark generator cannot be ${value}`)
  }
  if (config.firstEventNumber + config.events > EVENTS_MAX) {
    throw new RangeError(`a Nexmark generator has at most ${EVENTS_MAX} events`)
  }
  if (horizonOf(config) > HORIZON_MS_MAX) {
    throw new RangeError(`auctions would last ${horizonOf(config)} ms: raise the rate`)
  }
  return config
}

/**
 * Parallel generators of the same events' worth: ids follow each other from one to the next, event
 * numbers, and with them times, begin anew in each.
 */
export function splitConfig(config: GeneratorConfig, count: number): readonly GeneratorConfig[] {
  const share = Math.floor(config.events / count)
  return Array.from({ length: count }, (_, k) => ({
    ...config,
    firstEventId: config.firstEventId + k * share,
    events: k < count - 1 ? share : config.events - (count - 1) * share,
  }))
}

/** Microseconds between two events of one generator. */
export function delayUs({ rate, numEventGenerators }: GeneratorConfig): number {
  return Math.floor((1e6 + Math.floor(rate / 2)) / rate) * numEventGenerators
}

/** Event time of an event number, epoch ms. */
export function timestampOf(config: GeneratorConfig, eventNumber: number): number {
  return config.baseTimeMs + Math.floor((eventNumber * delayUs(config)) / 1000)
}

/** Events after which as many auctions as are in flight have begun. */
export function eventsInFlight({ numInFlightAuctions }: GeneratorConfig): number {
  return Math.floor((numInFlightAuctions * EPOCH_EVENTS) / AUCTIONS)
}

/**
 * Holds once `done` events were given: no later one has that time or an earlier one. It lies before
 * the group that the next one belongs to, or that is begun.
 */
export function watermarkAfter(config: GeneratorConfig, done: number): number {
  const next = config.firstEventNumber + done
  return timestampOf(config, next - (next % config.outOfOrderGroupSize)) - 1
}

function horizonOf(config: GeneratorConfig): number {
  return timestampOf(config, eventsInFlight(config)) - timestampOf(config, 0)
}
