/**
 * The generator of Beam's Nexmark, event for event: event n is made from `Random(its id)` alone, so
 * that generating can begin anywhere. Events are made a block at a time: numbers in columns, all
 * text in one buffer, which becomes one string of which the records have their parts. That is
 * twice as fast as a string for each field.
 */
import { allChannels, type Channel, drawChannel } from './channels.ts'
import {
  AUCTIONS,
  delayUs,
  EPOCH_EVENTS,
  eventsInFlight,
  type GeneratorConfig,
  PERSONS,
} from './config.ts'
import type { NexmarkEvent } from './events.ts'
import { JavaRandom, LETTERS_SLACK_BYTES } from './java-random.ts'
import { drawPrice } from './price.ts'

const FIRST_ID = 1000
const FIRST_CATEGORY = 10
const CATEGORIES = 5
/** Bids may be for auctions, and by persons, that come a little later. */
const ID_LEAD = 10
/** Of a hundred auctions, sellers or bidders in a row, one is hot. */
const HOT_EVERY = 100
/** A block counts ids from a multiple of this, so that what is hot can be told from the rest. */
const BASE_EVENTS = HOT_EVERY * EPOCH_EVENTS

const NAME_CHARS_MAX = 20
const DESCRIPTION_CHARS_MAX = 100
/** Besides extras: more than the other texts of a person or an auction have. */
const OTHER_TEXT_BYTES = 256

const PERSON = 0
const AUCTION = 1
const BID = 2

/** Columns of an event: three kinds share them. */
const STRIDE = 8
const ID = 0
const NAME_END = 1
const EMAIL_END = 2
const CARD_END = 3
const CITY_END = 4
const STATE_END = 5
const INITIAL_BID = 1
const RESERVE = 2
const SELLER = 3
const CATEGORY = 4
const ITEM_END = 5
const DESCRIPTION_END = 6
const BIDDER = 1
const PRICE = 2
const CHANNEL = 3

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const FIRST_NAMES = 'Peter Paul Luke John Saul Vicky Kate Julie Sarah Deiter Walter'
  .split(' ')
  .map(latin1)
const LAST_NAMES = 'Shultz Abrams Spencer White Bartels Walton Smith Jones Noris'
  .split(' ')
  .map((name) => latin1(` ${name}`))
const CITIES = 'Phoenix,Los Angeles,San Francisco,Boise,Portland,Bend,Redmond,Seattle,Kent,Cheyenne'
  .split(',')
  .map(latin1)
const STATES = 'AZ CA ID OR WA WY'.split(' ').map(latin1)
const AT = latin1('@')
const DOT_COM = latin1('.com')
const SPACE = 0x20
const DIGIT_0 = 0x30

export class NexmarkGenerator {
  /** Events of the block. */
  count = 0
  readonly #config: GeneratorConfig
  readonly #random = new JavaRandom()
  readonly #delayUs: number
  readonly #eventsInFlight: number
  readonly #kinds: Uint8Array
  readonly #columns: Int32Array
  readonly #times: Float64Array
  readonly #expires: Float64Array
  /** Where each event's text begins; it ends where the next one's begins. */
  readonly #textAt: Int32Array
  readonly #bytes: BufferWithSlices
  readonly #view: DataView
  readonly #channels: readonly Channel[] | undefined
  #text = ''
  /** Of the event that is being made. */
  #number = 0
  /** Of the block: the ids that the columns count from. */
  #personBase = 0
  #auctionBase = 0

  constructor(config: GeneratorConfig, eventsMax: number) {
    this.#config = config
    this.#delayUs = delayUs(config)
    this.#eventsInFlight = eventsInFlight(config)
    this.#channels = config.flinkCompat ? allChannels() : undefined
    this.#kinds = new Uint8Array(eventsMax)
    this.#columns = new Int32Array(eventsMax * STRIDE)
    this.#times = new Float64Array(eventsMax)
    this.#expires = new Float64Array(eventsMax)
    this.#textAt = new Int32Array(eventsMax + 1)
    const { avgPersonByteSize, avgAuctionByteSize, avgBidByteSize } = config
    const average = Math.max(avgPersonByteSize, avgAuctionByteSize, avgBidByteSize)
    const bytesMax = eventsMax * (Math.ceil(1.5 * average) + OTHER_TEXT_BYTES)
    const memory = new ArrayBuffer(bytesMax + LETTERS_SLACK_BYTES)
    this.#bytes = Buffer.from(memory) as unknown as BufferWithSlices
    this.#view = new DataView(memory)
  }

  /** Makes events [done, done + count) of this generator the block. */
  fill(done: number, count: number): void {
    const { firstEventId, firstEventNumber, outOfOrderGroupSize: group } = this.#config
    const first = firstEventNumber + done
    const base = this.#beginBlock(firstEventId + first - (first % group))
    let text = 0
    for (let i = 0; i < count; i++) {
      this.#textAt[i] = text
      const number = first + i
      const adjusted = group === 1 ? number : number - (number % group) + ((number * 953) % group)
      const id = firstEventId + adjusted
      this.#random.seed(id)
      this.#number = adjusted
      this.#times[i] = this.#timestamp(adjusted)
      text = this.#event(i, id - base, text)
    }
    this.#textAt[count] = text
    this.#text = this.#bytes.latin1Slice(0, text)
    this.count = count
  }

  /** Event `i` of the block: a fresh object. Its texts are parts of one string. */
  record(i: number): NexmarkEvent {
    const kind = this.#kinds[i]
    if (kind === BID) return this.#bid(i)
    return kind === AUCTION ? this.#auction(i) : this.#person(i)
  }

  time(i: number): number {
    return this.#times[i]!
  }

  /** Sets what ids are counted from, and returns the event id that is 0 by it. */
  #beginBlock(lowestId: number): number {
    const base = lowestId - (lowestId % BASE_EVENTS)
    this.#personBase = (base / EPOCH_EVENTS) * PERSONS
    this.#auctionBase = (base / EPOCH_EVENTS) * AUCTIONS
    return base
  }

  #timestamp(eventNumber: number): number {
    return this.#config.baseTimeMs + Math.floor((eventNumber * this.#delayUs) / 1000)
  }

  /** Draws event `i`, whose text begins at `text`; returns where it ends. */
  #event(i: number, id: number, text: number): number {
    const epoch = (id / EPOCH_EVENTS) | 0
    const offset = id - epoch * EPOCH_EVENTS
    if (offset >= PERSONS + AUCTIONS) {
      this.#kinds[i] = BID
      return this.#drawBid(i, epoch, text)
    }
    if (offset >= PERSONS) {
      this.#kinds[i] = AUCTION
      this.#columns[i * STRIDE + ID] = epoch * AUCTIONS + offset - PERSONS
      return this.#drawAuction(i, epoch, text)
    }
    this.#kinds[i] = PERSON
    this.#columns[i * STRIDE + ID] = epoch * PERSONS + offset
    return this.#drawPerson(i * STRIDE, text)
  }

  #drawBid(i: number, epoch: number, text: number): number {
    const random = this.#random
    const columns = this.#columns
    const at = i * STRIDE
    const { hotAuctionRatio, hotBiddersRatio, avgBidByteSize } = this.#config
    const lastAuction = epoch * AUCTIONS + AUCTIONS - 1
    columns[at + ID] =
      random.below(hotAuctionRatio) > 0
        ? lastAuction - (lastAuction % HOT_EVERY)
        : this.#anAuction(lastAuction)
    const lastPerson = epoch * PERSONS + PERSONS - 1
    columns[at + BIDDER] =
      random.below(hotBiddersRatio) > 0
        ? lastPerson - (lastPerson % HOT_EVERY) + 1
        : this.#aPerson(lastPerson)
    columns[at + PRICE] = drawPrice(random)
    const end = this.#drawExtra(text, 32, avgBidByteSize)
    // Last, so that all else is as without channels.
    if (this.#channels !== undefined) columns[at + CHANNEL] = drawChannel(random)
    return end
  }

  #drawAuction(i: number, epoch: number, text: number): number {
    const random = this.#random
    const columns = this.#columns
    const at = i * STRIDE
    const { hotSellersRatio, avgAuctionByteSize } = this.#config
    const lastPerson = epoch * PERSONS + PERSONS - 1
    columns[at + SELLER] =
      random.below(hotSellersRatio) > 0
        ? lastPerson - (lastPerson % HOT_EVERY)
        : this.#aPerson(lastPerson)
    columns[at + CATEGORY] = FIRST_CATEGORY + random.below(CATEGORIES)
    const initialBid = drawPrice(random)
    columns[at + INITIAL_BID] = initialBid
    this.#expires[i] = this.#drawExpiry(i)
    const itemEnd = random.words(this.#bytes, text, NAME_CHARS_MAX)
    const descriptionEnd = random.words(this.#bytes, itemEnd, DESCRIPTION_CHARS_MAX)
    columns[at + ITEM_END] = itemEnd
    columns[at + DESCRIPTION_END] = descriptionEnd
    columns[at + RESERVE] = initialBid + drawPrice(random)
    return this.#drawExtra(descriptionEnd, 8 + descriptionEnd - text + 5 * 8, avgAuctionByteSize)
  }

  /** About as long as it takes until `numInFlightAuctions` more have begun. */
  #drawExpiry(i: number): number {
    const startMs = this.#times[i]!
    const horizonMs = this.#timestamp(this.#number + this.#eventsInFlight) - startMs
    return startMs + 1 + this.#random.below(Math.max(2 * horizonMs, 1))
  }

  /** `at` is the place of the person's columns. */
  #drawPerson(at: number, text: number): number {
    const random = this.#random
    const columns = this.#columns
    const bytes = this.#bytes
    const firstEnd = put(bytes, text, FIRST_NAMES[random.below(FIRST_NAMES.length)]!)
    const nameEnd = put(bytes, firstEnd, LAST_NAMES[random.below(LAST_NAMES.length)]!)
    const userEnd = put(bytes, random.words(bytes, nameEnd, 7), AT)
    const emailEnd = put(bytes, random.words(bytes, userEnd, 5), DOT_COM)
    const cardEnd = this.#drawCard(emailEnd)
    const cityEnd = put(bytes, cardEnd, CITIES[random.below(CITIES.length)]!)
    const stateEnd = put(bytes, cityEnd, STATES[random.below(STATES.length)]!)
    columns[at + NAME_END] = nameEnd
    columns[at + EMAIL_END] = emailEnd
    columns[at + CARD_END] = cardEnd
    columns[at + CITY_END] = cityEnd
    columns[at + STATE_END] = stateEnd
    return this.#drawExtra(stateEnd, 8 + stateEnd - text, this.#config.avgPersonByteSize)
  }

  /** Four numbers of four digits. */
  #drawCard(text: number): number {
    const bytes = this.#bytes
    let at = text
    for (let part = 0; part < 4; part++) {
      if (part > 0) bytes[at++] = SPACE
      const number = this.#random.below(10_000)
      for (let unit = 1000; unit >= 1; unit /= 10) bytes[at++] = DIGIT_0 + ((number / unit) % 10)
    }
    return at
  }

  /** Letters that bring an event of `size` to about the average, a fifth of them more or less. */
  #drawExtra(text: number, size: number, average: number): number {
    if (size > average) return text
    const wanted = average - size
    const spread = Math.round(wanted * 0.2)
    const drawn = spread === 0 ? 0 : this.#random.below(2 * spread)
    return this.#random.letters(this.#view, text, wanted - spread + drawn)
  }

  /** One of those in flight, or soon to be, by the last one's id. */
  #anAuction(last: number): number {
    const inFlight = Math.min(this.#auctionBase + last, this.#config.numInFlightAuctions)
    return last - inFlight + this.#random.below(inFlight + 1 + ID_LEAD)
  }

  #aPerson(last: number): number {
    const active = Math.min(this.#personBase + last + 1, this.#config.numActivePeople)
    return last + 1 - active + this.#random.below(active + ID_LEAD)
  }

  #bid(i: number): NexmarkEvent {
    const columns = this.#columns
    const at = i * STRIDE
    const auction = this.#auctionBase + FIRST_ID + columns[at + ID]!
    const bidder = this.#personBase + FIRST_ID + columns[at + BIDDER]!
    const price = columns[at + PRICE]!
    const dateTime = this.#times[i]!
    const extra = this.#text.substring(this.#textAt[i]!, this.#textAt[i + 1])
    if (this.#channels === undefined) {
      return { kind: 'bid', auction, bidder, price, dateTime, extra }
    }
    const { channel, url } = this.#channels[columns[at + CHANNEL]!]!
    return { kind: 'bid', auction, bidder, price, channel, url, dateTime, extra }
  }

  #auction(i: number): NexmarkEvent {
    const columns = this.#columns
    const at = i * STRIDE
    const itemEnd = columns[at + ITEM_END]!
    const descriptionEnd = columns[at + DESCRIPTION_END]!
    return {
      kind: 'auction',
      id: this.#auctionBase + FIRST_ID + columns[at + ID]!,
      itemName: this.#text.substring(this.#textAt[i]!, itemEnd),
      description: this.#text.substring(itemEnd, descriptionEnd),
      initialBid: columns[at + INITIAL_BID]!,
      reserve: columns[at + RESERVE]!,
      dateTime: this.#times[i]!,
      expires: this.#expires[i]!,
      seller: this.#personBase + FIRST_ID + columns[at + SELLER]!,
      category: columns[at + CATEGORY]!,
      extra: this.#text.substring(descriptionEnd, this.#textAt[i + 1]),
    }
  }

  #person(i: number): NexmarkEvent {
    const columns = this.#columns
    const at = i * STRIDE
    const text = this.#text
    const nameEnd = columns[at + NAME_END]!
    const emailEnd = columns[at + EMAIL_END]!
    const cardEnd = columns[at + CARD_END]!
    const cityEnd = columns[at + CITY_END]!
    const stateEnd = columns[at + STATE_END]!
    return {
      kind: 'person',
      id: this.#personBase + FIRST_ID + columns[at + ID]!,
      name: text.substring(this.#textAt[i]!, nameEnd),
      emailAddress: text.substring(nameEnd, emailEnd),
      creditCard: text.substring(emailEnd, cardEnd),
      city: text.substring(cardEnd, cityEnd),
      state: text.substring(cityEnd, stateEnd),
      dateTime: this.#times[i]!,
      extra: text.substring(stateEnd, this.#textAt[i + 1]),
    }
  }
}

function put(bytes: Uint8Array, at: number, text: Uint8Array): number {
  for (let k = 0; k < text.length; k++) bytes[at + k] = text[k]!
  return at + text.length
}

/** Node's own method behind `toString`, without its checks. */
interface BufferWithSlices extends Uint8Array {
  latin1Slice(from: number, to: number): string
}
