/**
 * The producer's end of a channel: fills one page after the other, widens the shape where a record
 * does not fit it, and publishes. Nothing here waits but a record in its middle that has used up
 * the overdraft (`OutputCredit`).
 * Threads: the producing task.
 */
import type { MessagePort } from 'node:worker_threads'
import { assert } from '../base/assert.ts'
import { SluiceError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Codecs } from '../codec/codecs.ts'
import type { PageWriter } from '../codec/page.ts'
import { APPENDED, FULL, MARK_END } from '../codec/page.ts'
import { checkRecord } from '../codec/schema.ts'
import type { Shape } from '../codec/shape.ts'
import { shapeToData } from '../codec/shape.ts'
import type { Barrier } from './barrier.ts'
import { BarrierPlacer } from './barrier-placer.ts'
import type { OutputChannelDescription } from './create-channel.ts'
import { Doorbell } from './doorbell.ts'
import type { EdgeState } from './edge-state.ts'
import type { OutputCredit } from './output-credit.ts'
import { PagePlace } from './page-place.ts'
import { WAITS_FOR_CREDIT, WAITS_FOR_NOTHING, WAITS_FOR_RELEASE } from './ring-layout.ts'
import { RingProducer } from './ring-producer.ts'
import type { SharedWords } from './shared-words.ts'
import { atomicWords } from './shared-words.ts'

export interface OutputChannelOptions {
  readonly codecs: Codecs
  readonly credit: OutputCredit
  readonly edge: EdgeState
  /** Whether records carry their event time. */
  readonly withTime: boolean
  /** Default 32 MB. */
  readonly recordBytesMax?: number
  readonly words?: SharedWords
}

/** Enough for every way a record may fail to fit: a full page, two shapes, two larger pages. */
const ATTEMPTS_MAX = 10
/** A page that holds marks only still needs a shape. */
const NO_FIELDS = {}

export class OutputChannel {
  /** Has a page open; undefined if none is. The edge's code appends to it. */
  writer: PageWriter | undefined
  /** Records and bytes of published pages. */
  recordsPublished = 0
  bytesPublished = 0
  readonly #options: OutputChannelOptions
  readonly #recordBytesMax: number
  readonly #ring: RingProducer
  readonly #place: PagePlace
  readonly #barriers: BarrierPlacer
  readonly #port: MessagePort
  readonly #consumer: Doorbell
  readonly #writers = new Map<string, PageWriter>()
  #marks = 0
  /** Texts with numbers that the consumer has not been told yet. */
  #newTexts: string[] = []
  #stalled = false
  #ended = false

  constructor(description: OutputChannelDescription, options: OutputChannelOptions) {
    const words = options.words ?? atomicWords
    this.#options = options
    this.#recordBytesMax = options.recordBytesMax ?? limits.recordBytesMax
    this.#ring = new RingProducer(description.ring, description.size, words)
    this.#port = description.port
    this.#port.unref()
    this.#place = new PagePlace(this.#ring, description.port, options.credit)
    this.#barriers = new BarrierPlacer(this.#ring.views, words)
    this.#consumer = new Doorbell(description.doorbell, words)
    options.credit.attach(this)
  }

  /** Puts the record behind all others. `timeMs` is ignored where the edge carries no time. */
  write(record: unknown, timeMs: number): void {
    const writer = this.writer
    if (writer === undefined || writer.append(record, timeMs) !== APPENDED) {
      this.overflow(record, timeMs)
    }
  }

  /** `write` for a record that the open page did not take. Throws RECORD_TOO_LARGE. */
  overflow(record: unknown, timeMs: number): void {
    assert(!this.#ended, 'a record behind the end of its channel')
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const writer = this.writer ?? this.#open(this.#shapeFor(record), 0)
      const result = writer.append(record, timeMs)
      if (result === APPENDED) return
      if (result !== FULL) this.#reshape(writer.shape, record)
      else if (this.#isEmpty(writer)) this.#reopen(writer)
      else this.publish()
    }
    assert(false, 'no page takes the record')
  }

  /** Puts a mark (a `MARK_` kind) behind all records. */
  mark(kind: number, value: number): void {
    assert(!this.#ended, 'a mark behind the end of its channel')
    const writer = this.writer ?? this.#open(this.#shapeForMarks(), 0)
    if (writer.mark(kind, value) === FULL) {
      assert(!this.#isEmpty(writer), 'an empty page has no room for a mark')
      this.publish()
      return this.mark(kind, value)
    }
    this.#marks++
  }

  /**
   * Publishes what is written, unless the consumer has more unread pages than its credit: then it
   * has enough to do, and the page goes on filling.
   */
  flush(): void {
    if (this.writer === undefined) return
    if (this.#stalled && !this.recheckCredit()) return
    this.publish()
  }

  /** Publishes what is written if the consumer has nothing else to do. */
  flushIfAwaited(): void {
    if (this.writer !== undefined && this.#ring.isDrained()) this.publish()
  }

  /** Nothing follows. The consumer sees a last mark, whatever credit is left. */
  end(): void {
    if (this.#ended) return
    this.mark(MARK_END, 0)
    this.publish()
    this.#ended = true
  }

  /** True unless too many barriers are on their way. */
  canPlaceBarrier(): boolean {
    return this.#barriers.hasFreeSlot()
  }

  /**
   * Puts a barrier behind all records, whatever credit is left, and behind the end as well. The
   * consumer knows of it at once; it takes it when it has processed the pages before.
   */
  barrier(barrier: Barrier): void {
    this.publish()
    this.#barriers.place(barrier, this.#ring.next)
    // After the slot, before any page behind it: see `BarrierWatch`.
    this.#consumer.setPriority()
  }

  /** The consumer is to know that text by the channel's next number: before the next page. */
  define(text: string): void {
    this.#newTexts.push(text)
  }

  /** Closes the port; the channel cannot be used afterwards. */
  close(): void {
    this.#port.close()
  }

  /** Publishes the open page, if it holds anything. */
  publish(): void {
    const writer = this.writer
    if (writer === undefined) return
    this.writer = undefined
    this.#options.edge.openPages--
    if (this.#isEmpty(writer)) return this.#place.drop()
    this.bytesPublished += this.#finish(writer)
    this.recordsPublished += writer.count
    this.#marks = 0
    if (this.#newTexts.length > 0) this.#postTexts()
    this.#place.publish(this.bytesPublished)
    this.#consumer.wake()
    if (!this.#stalled && !this.#ring.hasCredit()) this.#stall()
  }

  recheckCredit(): boolean {
    if (!this.#stalled) return true
    this.#ring.waitFor(WAITS_FOR_CREDIT)
    this.refresh()
    if (!this.#ring.hasCredit()) return false
    this.#ring.waitFor(WAITS_FOR_NOTHING)
    this.#stalled = false
    this.#options.credit.stalled--
    return true
  }

  refresh(): void {
    this.#ring.refresh()
    this.#place.settle()
  }

  publishExtension(): void {
    if (this.#place.isExtension) this.publish()
  }

  waitForRelease(waiting: boolean): void {
    this.#ring.waitFor(waiting ? WAITS_FOR_RELEASE : WAITS_FOR_NOTHING)
  }

  #postTexts(): void {
    this.#place.post({ kind: 'texts', texts: this.#newTexts })
    this.#newTexts = []
  }

  #stall(): void {
    this.#stalled = true
    this.#options.credit.stalled++
  }

  #isEmpty(writer: PageWriter): boolean {
    return writer.count === 0 && this.#marks === 0
  }

  #open(shape: Shape, bytesMin: number): PageWriter {
    const writer = this.#writers.get(shape.id) ?? this.#announce(shape)
    this.#place.choose(bytesMin)
    writer.begin(this.#place.views, this.#place.offset, this.#place.capacity)
    this.writer = writer
    this.#options.edge.openPages++
    return writer
  }

  /** The record does not fit into an empty page: gives it one of its own size. */
  #reopen(writer: PageWriter): void {
    const bytes = writer.bytesNeeded
    this.publish()
    if (bytes > this.#recordBytesMax) throw recordTooLarge(bytes, this.#recordBytesMax)
    this.#open(writer.shape, bytes)
  }

  /** The record does not have `shape`: the next page has one that takes both. */
  #reshape(shape: Shape, record: unknown): void {
    const { edge, codecs } = this.#options
    if (edge.declared !== undefined) checkRecord(edge.declared, record)
    this.publish()
    // Another channel of the edge may have met such a record before: then its shape is tried first.
    const plain = codecs.plain(shape)
    if (edge.shape?.id === plain.id) edge.shape = codecs.widen(plain, record)
  }

  #shapeFor(record: unknown): Shape {
    const { edge, codecs } = this.#options
    edge.shape ??= codecs.learn(record)
    return edge.written(edge.shape, codecs)
  }

  /** That of records as soon as it is known: the page may take some behind the mark. */
  #shapeForMarks(): Shape {
    const { edge, codecs } = this.#options
    return edge.shape === undefined ? codecs.learn(NO_FIELDS) : edge.written(edge.shape, codecs)
  }

  /** A new shape: the consumer must know it before it sees a page of it. */
  #announce(shape: Shape): PageWriter {
    const { codecs, edge, withTime } = this.#options
    const writer = codecs.writer(shape, withTime)
    if (edge.keys !== undefined) {
      writer.codes = edge.keys.codes
      writer.spelling = edge.keys.spelling.current
    }
    this.#writers.set(shape.id, writer)
    this.#place.post({ kind: 'shape', data: shapeToData(shape) })
    return writer
  }

  /** Returns the page's bytes. */
  #finish(writer: PageWriter): number {
    const bytes = writer.finish()
    if (bytes >= 0) return bytes
    const place = this.#place
    place.enlarge(-bytes)
    writer.relocate(place.views, place.offset, place.capacity)
    const relocated = writer.finish()
    assert(relocated >= 0, 'a relocated page still does not fit')
    return relocated
  }
}

function recordTooLarge(bytes: number, bytesMax: number): SluiceError {
  return new SluiceError(
    'RECORD_TOO_LARGE',
    `a record needs ${bytes} bytes; pipeline.record-bytes-max is ${bytesMax}`,
    { hint: 'raise pipeline.record-bytes-max, or split the record' },
  )
}
