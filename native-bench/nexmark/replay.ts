/**
 * Events that were made before: the same ones again and again, moved on at each round, so that ids
 * and times grow as they would. `EventRing` keeps them as objects and gives a new object for each,
 * which shares its texts: what a job costs on top of that is all its own, since nothing is drawn,
 * decoded or cut out of a text. The first round is what the generator gives.
 */
import { AUCTIONS, delayUs, EPOCH_EVENTS, type GeneratorConfig, PERSONS } from './config.ts'
import type { Auction, Bid, NexmarkEvent, Person } from './events.ts'
import { NexmarkGenerator } from './generator.ts'

/** Batches and a hundred epochs go into a ring without a rest, so that hot ids stay hot. */
export const RING_UNIT_EVENTS = 5000
export const BATCH_EVENTS = 500

/** How far a round's events are from those of the first. */
export interface Shift {
  readonly persons: number
  readonly auctions: number
  readonly ms: number
}

/** A round of events, made by the generator; throws if they cannot be moved on as a whole. */
export function ringOf(config: GeneratorConfig, events: number): readonly NexmarkEvent[] {
  if (!(events > 0) || events % RING_UNIT_EVENTS !== 0) {
    throw new RangeError(`a ring of ${events} events: give a multiple of ${RING_UNIT_EVENTS}`)
  }
  if (events % config.outOfOrderGroupSize !== 0) {
    throw new RangeError('a ring must hold whole groups of events that change places')
  }
  const generator = new NexmarkGenerator(config, BATCH_EVENTS)
  const ring: NexmarkEvent[] = []
  for (let done = 0; done < events; done += BATCH_EVENTS) {
    generator.fill(done, BATCH_EVENTS)
    for (let i = 0; i < BATCH_EVENTS; i++) ring.push(generator.record(i))
  }
  return ring
}

/** For events from number `done` on in a ring of so many. */
export function shiftOf(config: GeneratorConfig, ringEvents: number, done: number): Shift {
  const moved = done - (done % ringEvents)
  return {
    persons: (moved / EPOCH_EVENTS) * PERSONS,
    auctions: (moved / EPOCH_EVENTS) * AUCTIONS,
    ms: (moved * delayUs(config)) / 1000,
  }
}

export class EventRing {
  readonly #config: GeneratorConfig
  readonly #ring: readonly NexmarkEvent[]
  #at = 0
  #shift: Shift = { persons: 0, auctions: 0, ms: 0 }

  constructor(config: GeneratorConfig, ringEvents: number) {
    this.#config = config
    this.#ring = ringOf(config, ringEvents)
  }

  fill(done: number): void {
    this.#at = done % this.#ring.length
    this.#shift = shiftOf(this.#config, this.#ring.length, done)
  }

  record(i: number): NexmarkEvent {
    const event = this.#ring[this.#at + i]!
    if (event.kind === 'bid') return movedBid(event, this.#shift)
    if (event.kind === 'auction') return movedAuction(event, this.#shift)
    return movedPerson(event, this.#shift)
  }

  time(i: number): number {
    return this.#ring[this.#at + i]!.dateTime + this.#shift.ms
  }
}

type Fields<T> = Omit<T, 'kind'>

export function movedBid(bid: Fields<Bid>, by: Shift): Bid {
  const auction = bid.auction + by.auctions
  const bidder = bid.bidder + by.persons
  const dateTime = bid.dateTime + by.ms
  const { price, channel, url, extra } = bid
  if (channel === undefined || url === undefined) {
    return { kind: 'bid', auction, bidder, price, dateTime, extra }
  }
  return { kind: 'bid', auction, bidder, price, channel, url, dateTime, extra }
}

export function movedAuction(auction: Fields<Auction>, by: Shift): Auction {
  return {
    kind: 'auction',
    id: auction.id + by.auctions,
    itemName: auction.itemName,
    description: auction.description,
    initialBid: auction.initialBid,
    reserve: auction.reserve,
    dateTime: auction.dateTime + by.ms,
    expires: auction.expires + by.ms,
    seller: auction.seller + by.persons,
    category: auction.category,
    extra: auction.extra,
  }
}

export function movedPerson(person: Fields<Person>, by: Shift): Person {
  return {
    kind: 'person',
    id: person.id + by.persons,
    name: person.name,
    emailAddress: person.emailAddress,
    creditCard: person.creditCard,
    city: person.city,
    state: person.state,
    dateTime: person.dateTime + by.ms,
    extra: person.extra,
  }
}
