/**
 * Events that were made before, kept as bytes: the pages that the engine sends records in, written
 * once and decoded anew at each round, as a source would whose input lies encoded in memory. What a
 * job costs with it is its own work and the decoding; nothing is drawn. Each batch has three pages,
 * one a kind of event, since a page holds records of one shape. Moved on like `EventRing`.
 */
import { Codecs } from '../../src/codec/codecs.ts'
import {
  APPENDED,
  MISFIT,
  NO_TIME,
  type PageReader,
  type PageViews,
  pageViews,
} from '../../src/codec/page.ts'
import type { Shape } from '../../src/codec/shape.ts'
import type { GeneratorConfig } from './config.ts'
import type { Auction, Bid, NexmarkEvent, Person } from './events.ts'
import {
  BATCH_EVENTS,
  movedAuction,
  movedBid,
  movedPerson,
  ringOf,
  type Shift,
  shiftOf,
} from './replay.ts'

/** Room for a batch of one kind, far more than it needs. */
const PAGE_BYTES_MAX = BATCH_EVENTS * 4096

const KINDS = ['person', 'auction', 'bid'] as const

interface EncodedBatch {
  /** In the order of `KINDS`; without records of a kind there is no page. */
  readonly pages: readonly (PageViews | undefined)[]
  /** For each event, in order: the index of its kind, and its row in that kind's page. */
  readonly kinds: Uint8Array
  readonly rows: Uint16Array
  readonly times: Float64Array
}

export class BytesReplay {
  readonly #config: GeneratorConfig
  readonly #ringEvents: number
  readonly #batches: readonly EncodedBatch[]
  readonly #persons: PageReader
  readonly #auctions: PageReader
  readonly #bids: PageReader
  #batch!: EncodedBatch
  #shift!: Shift

  constructor(config: GeneratorConfig, ringEvents: number) {
    this.#config = config
    this.#ringEvents = ringEvents
    const codecs = new Codecs()
    const ring = ringOf(config, ringEvents)
    const shapes = KINDS.map((kind) => shapeOf(codecs, ring, kind))
    const encoder = new BatchEncoder(codecs, shapes)
    this.#batches = Array.from({ length: ringEvents / BATCH_EVENTS }, (_, k) =>
      encoder.encode(ring.slice(k * BATCH_EVENTS, (k + 1) * BATCH_EVENTS)),
    )
    const [persons, auctions, bids] = shapes.map((shape) => codecs.reader(shape, false))
    this.#persons = persons!
    this.#auctions = auctions!
    this.#bids = bids!
  }

  fill(done: number): void {
    this.#batch = this.#batches[(done % this.#ringEvents) / BATCH_EVENTS]!
    this.#shift = shiftOf(this.#config, this.#ringEvents, done)
    const [persons, auctions, bids] = this.#batch.pages
    if (persons !== undefined) this.#persons.open(persons, 0)
    if (auctions !== undefined) this.#auctions.open(auctions, 0)
    if (bids !== undefined) this.#bids.open(bids, 0)
  }

  record(i: number): NexmarkEvent {
    const row = this.#batch.rows[i]!
    const kind = this.#batch.kinds[i]
    if (kind === 2) return movedBid(this.#bids.record(row) as Bid, this.#shift)
    if (kind === 1) return movedAuction(this.#auctions.record(row) as Auction, this.#shift)
    return movedPerson(this.#persons.record(row) as Person, this.#shift)
  }

  time(i: number): number {
    return this.#batch.times[i]! + this.#shift.ms
  }
}

/** What fits all events of a kind. A ring holds whole epochs, so there are events of each. */
function shapeOf(codecs: Codecs, ring: readonly NexmarkEvent[], kind: string): Shape {
  const views = pageViews(new ArrayBuffer(PAGE_BYTES_MAX))
  const records = ring.filter((event) => event.kind === kind).map(fieldsOf)
  let shape = codecs.learn(records[0])
  let writer = codecs.writer(shape, false)
  writer.begin(views, 0, PAGE_BYTES_MAX)
  for (let at = 0; at < records.length; ) {
    const result = writer.append(records[at], NO_TIME)
    if (result === MISFIT) {
      shape = codecs.widen(shape, records[at])
      writer = codecs.writer(shape, false)
    } else if (result === APPENDED) at++
    if (result !== APPENDED) writer.begin(views, 0, PAGE_BYTES_MAX)
  }
  return shape
}

/** The kind is known from the page. */
function fieldsOf({ kind: _, ...fields }: NexmarkEvent): object {
  return fields
}

class BatchEncoder {
  readonly #codecs: Codecs
  readonly #shapes: readonly Shape[]
  readonly #scratch = pageViews(new ArrayBuffer(PAGE_BYTES_MAX))

  constructor(codecs: Codecs, shapes: readonly Shape[]) {
    this.#codecs = codecs
    this.#shapes = shapes
  }

  encode(events: readonly NexmarkEvent[]): EncodedBatch {
    const kinds = Uint8Array.from(events, (event) => KINDS.indexOf(event.kind))
    const counts = [0, 0, 0]
    const rows = Uint16Array.from(kinds, (kind) => counts[kind]!++)
    const times = Float64Array.from(events, (event) => event.dateTime)
    const pages = KINDS.map((kind, k) =>
      this.#page(
        this.#shapes[k]!,
        events.filter((event) => event.kind === kind),
      ),
    )
    return { pages, kinds, rows, times }
  }

  #page(shape: Shape, events: readonly NexmarkEvent[]): PageViews | undefined {
    if (events.length === 0) return undefined
    const writer = this.#codecs.writer(shape, false)
    writer.begin(this.#scratch, 0, PAGE_BYTES_MAX)
    for (const event of events) {
      if (writer.append(fieldsOf(event), NO_TIME) !== APPENDED) {
        throw new Error('a batch of events does not fit its page')
      }
    }
    const bytes = writer.finish()
    if (bytes < 0) throw new Error('a page of events needs more bytes than it has')
    return pageViews(this.#scratch.u8.slice(0, bytes).buffer)
  }
}
