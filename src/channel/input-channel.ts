/**
 * The consumer's end of a channel: opens one page after the other, shows its records in ranges
 * between marks, and gives its memory back when all of it was taken.
 * Threads: the consuming task.
 */
import type { MessagePort } from 'node:worker_threads'
import { assert } from '../base/assert.ts'
import type { Codecs } from '../codec/codecs.ts'
import { CodedTexts } from '../codec/coded-texts.ts'
import type { PageReader, PageViews } from '../codec/page.ts'
import { MARK_END, pageViews } from '../codec/page.ts'
import {
  BYTES_WORD,
  hasTimes,
  headerWord,
  SEQ_WORD,
  SHAPE_HI_WORD,
  SHAPE_LO_WORD,
} from '../codec/page-layout.ts'
import { AnnouncedBarriers } from './announced-barriers.ts'
import type { AnnouncedBarrier } from './barrier.ts'
import type { BarrierWatch } from './barrier-watch.ts'
import type { RestoredPage } from './channel-capture.ts'
import { bytesOfPage, ChannelCapture, keptPages } from './channel-capture.ts'
import type { ChannelMessage } from './channel-messages.ts'
import type { InputChannelDescription } from './create-channel.ts'
import { Doorbell } from './doorbell.ts'
import { receiveOn } from './local-ports.ts'
import { PageMarks } from './page-marks.ts'
import type { RestoredLeft } from './restored-pages.ts'
import { RestoredPages } from './restored-pages.ts'
import { RingConsumer } from './ring-consumer.ts'
import type { SharedWords } from './shared-words.ts'
import { atomicWords } from './shared-words.ts'

export interface InputChannelOptions {
  /** Index in the task's gate. */
  readonly index: number
  readonly codecs: Codecs
  readonly words?: SharedWords
}

interface ExtensionPage {
  readonly seq: number
  readonly views: PageViews
}

const NOTHING_RESTORED: RestoredLeft = { count: 0 }

export class InputChannel {
  readonly index: number
  /** Reads the open page. */
  reader!: PageReader
  /** The first record of the open page that is not fully processed. */
  cursor = 0
  /** Records up to the next mark or the end of the page. */
  limit = 0
  /** True while the gate must not read it: its barrier is reached, those of others are not. */
  blocked = false
  /** True when the mark of the end was taken. */
  ended = false
  /** True while a page is open: there is a record at `cursor`, or a mark to take. */
  isOpen = false
  /** Bytes of the pages that were opened. */
  bytesTaken = 0
  readonly #codecs: Codecs
  readonly #ring: RingConsumer
  readonly #port: MessagePort
  readonly #readers = new Map<string, PageReader>()
  readonly #marks = new PageMarks()
  readonly #texts = new CodedTexts()
  /** Pages outside the ring, oldest first. */
  readonly #extensions: ExtensionPage[] = []
  #messagesTaken = 0
  /** Of the open page. */
  #openBytes = 0
  readonly #barriers: AnnouncedBarriers
  #watch: BarrierWatch | undefined
  /** Where the open page lies, unless it is a restored one. */
  #views: PageViews
  #offset = 0
  /** Of unaligned checkpoints whose barrier is not known here. */
  readonly #captures: ChannelCapture[] = []
  readonly #restored: RestoredPages
  #restoredLeft = NOTHING_RESTORED

  constructor(description: InputChannelDescription, options: InputChannelOptions) {
    const words = options.words ?? atomicWords
    this.index = options.index
    this.#codecs = options.codecs
    this.#port = description.port
    this.#port.unref()
    const doorbell = new Doorbell(description.doorbell, words)
    this.#ring = new RingConsumer(description.ring, { size: description.size, doorbell, words })
    this.#barriers = new AnnouncedBarriers(this.#ring.views, words)
    this.#views = this.#ring.views
    this.#restored = new RestoredPages(options.codecs)
  }

  /** From now on barriers are seen. Before the first page is read. */
  watchBarriers(watch: BarrierWatch): void {
    this.#watch = watch
  }

  /** True if a record or a mark is there: opens the next page unless a barrier stands before it. */
  poll(): boolean {
    return this.isOpen || this.#openNext()
  }

  /** True if a record, a mark or a barrier that is due is there. Opens nothing. */
  hasInput(): boolean {
    if (this.isOpen || this.#restored.list.length > 0) return true
    return this.#ring.hasSeenPage || this.#look() || this.isBarrierDue
  }

  /** Pages on their way: those that can be read, and half of the one that is being filled. */
  get pagesOnTheirWay(): number {
    return this.#ring.unread() + 0.5
  }

  /** The producer is to fill its next pages up to so many bytes; 0: up to what a segment holds. */
  limitPages(bytes: number): void {
    this.#ring.limitPages(bytes)
  }

  /** Sequence number of the first page that is not given back: the open one, or the next. */
  get nextSeq(): number {
    return (this.#ring.next - this.#restored.list.length) | 0
  }

  /** Barriers that are known and not taken, in the order in which they will be reached. */
  get barriers(): readonly AnnouncedBarrier[] {
    return this.#barriers.list
  }

  /** True if all before the next barrier is processed. */
  get isBarrierDue(): boolean {
    return !this.isOpen && this.#barriers.isAt(this.nextSeq)
  }

  /** Takes the barrier that is due: its slot is free again. */
  takeBarrier(): AnnouncedBarrier {
    assert(this.isBarrierDue, 'no barrier is due')
    this.#watch!.known--
    return this.#barriers.takeFirst()
  }

  /** Nobody waits for this barrier any more: its slot is free again, if it is known. */
  dropBarrier(checkpointId: number): void {
    if (this.#barriers.drop(checkpointId)) this.#watch!.known--
  }

  /** A barrier before the next page that is opened, see `REHEARSAL`. While none is known. */
  rehearse(): AnnouncedBarrier {
    this.#watch!.known++
    return this.#barriers.rehearse((this.nextSeq + (this.isOpen ? 1 : 0)) | 0)
  }

  /** See `WatchedChannel`. */
  takeUpBarrier(): AnnouncedBarrier | undefined {
    const barrier = this.#barriers.takeUp()
    if (barrier === undefined) return undefined
    const pagesAhead = (barrier.position - this.nextSeq) | 0
    assert(pagesAhead >= (this.isOpen ? 1 : 0), 'a barrier before pages that were read')
    return barrier
  }

  /**
   * In-flight data of a checkpoint: before the first page is read. `left` counts that of all
   * channels of the gate.
   */
  restore(pages: readonly RestoredPage[], left: RestoredLeft): void {
    this.#restoredLeft = left
    this.#restored.list.push(...pages)
    left.count += pages.length
  }

  /**
   * Begins to keep what lies between the next record and the barrier of that checkpoint, which
   * has not been reached. Where the barrier is known all of it is there at once.
   */
  capture(checkpointId: number): ChannelCapture {
    const capture = new ChannelCapture(checkpointId)
    const first = this.#openPageOrFirst()
    if (first !== undefined) capture.startWithin(first)
    const isRestored = this.#restored.list.length > 0
    for (const page of this.#restored.list) capture.add(page)
    if (this.isOpen && !isRestored) this.#keepFor([capture])
    const barrier = this.#barriers.list.find((one) => one.checkpointId === checkpointId)
    if (barrier !== undefined) this.#completeAt(barrier.position, capture)
    else if (this.ended) capture.isComplete = true
    else this.#captures.push(capture)
    return capture
  }

  /** The barrier up to which pages are being kept, if they are, has become known. */
  completeCapture({ checkpointId, position }: AnnouncedBarrier): void {
    const at = this.#captures.findIndex((one) => one.checkpointId === checkpointId)
    if (at >= 0) this.#completeAt(position, this.#captures.splice(at, 1)[0]!)
  }

  /** Nobody waits for it any more. */
  dropCapture(checkpointId: number): void {
    const at = this.#captures.findIndex((one) => one.checkpointId === checkpointId)
    if (at >= 0) this.#captures.splice(at, 1)
  }

  /** Records before `to` are processed. At the end of the page its memory is given back. */
  advance(to: number): void {
    assert(to >= this.cursor && to <= this.limit, 'a cursor moves forward, up to the next mark')
    this.cursor = to
    if (to === this.limit && this.#marks.kind === 0) this.#release()
  }

  /** The kind of the mark at `limit`; 0 if the page ends there. */
  get markKind(): number {
    return this.#marks.kind
  }

  get markValue(): number {
    return this.#marks.value
  }

  /** The mark at the cursor is processed. */
  takeMark(): void {
    assert(this.cursor === this.limit && this.#marks.kind !== 0, 'no mark at the cursor')
    if (this.#marks.kind === MARK_END) this.#end()
    this.#marks.take()
    this.#findLimit()
    if (this.cursor === this.limit && this.#marks.kind === 0) this.#release()
  }

  /**
   * The producer is gone: takes what it posted and closes the port, which would stay open for as
   * long as a message lies in it. What was published can still be read.
   */
  detach(): void {
    this.#takeMessages()
    this.#port.close()
  }

  /** Closes the port; the channel cannot be used afterwards. */
  close(): void {
    this.#port.close()
  }

  /** Reads W, and then what barriers stand before the pages that it shows. */
  #look(): boolean {
    const isVisible = this.#ring.look()
    this.#watch?.look()
    return isVisible
  }

  #end(): void {
    this.ended = true
    // Nothing follows that could lie before their barriers.
    for (const capture of this.#captures.splice(0)) capture.isComplete = true
  }

  #openNext(): boolean {
    if (this.#restoredLeft.count > 0) return this.#openRestored()
    const ring = this.#ring
    if (!ring.hasSeenPage && !this.#look()) return false
    if (this.#barriers.isAt(ring.next)) return false
    assert(!this.ended, 'a page behind the end of its channel')
    this.#takeMessages()
    const extension = this.#extensions[0]
    if (extension !== undefined && extension.seq === ring.next) {
      this.#extensions.shift()
      this.#open(extension.views, 0)
    } else {
      this.#open(ring.views, ring.offset)
    }
    return true
  }

  /** Takes what the visible pages need: each message was posted before EXT counted it. */
  #takeMessages(): void {
    const posted = this.#ring.messages()
    for (; this.#messagesTaken !== posted; this.#messagesTaken = (this.#messagesTaken + 1) | 0) {
      const received = receiveOn(this.#port)
      assert(received !== undefined, 'a message was counted and is not there')
      const message = received.message as ChannelMessage
      if (message.kind === 'shape') this.#codecs.add(message.data)
      else if (message.kind === 'texts') this.#texts.add(message.texts)
      else this.#extensions.push({ seq: message.seq, views: pageViews(message.sab) })
    }
  }

  #open(views: PageViews, offset: number): void {
    const seq = headerWord(views, offset, SEQ_WORD)
    assert(seq === this.#ring.next, 'a page is not the one that was published in its place')
    const reader = this.#readerOf(views, offset)
    // Takes the strings too: later reads touch only rows, which nobody changes before `release`.
    reader.open(views, offset)
    this.#marks.open(views, offset)
    this.#views = views
    this.#offset = offset
    this.reader = reader
    this.#openBytes = headerWord(views, offset, BYTES_WORD)
    this.bytesTaken += this.#openBytes
    this.cursor = 0
    this.#findLimit()
    this.isOpen = true
    assert(this.limit > 0 || this.#marks.kind !== 0, 'an empty page was published')
    if (this.#captures.length > 0) this.#keepFor(this.#captures)
  }

  /** False where those of other channels are to be read first. */
  #openRestored(): boolean {
    const [page] = this.#restored.list
    if (page === undefined || this.#barriers.isAt(this.nextSeq)) return false
    const views = this.#restored.viewsOfFirst()
    const shape = this.#codecs.shapeOf(views, 0)
    const reader = this.#restored.readerOf(page.texts, shape, hasTimes(views, 0))
    reader.open(views, 0)
    this.#marks.open(views, 0)
    for (let k = 0; k < page.marksTaken; k++) this.#marks.take()
    this.reader = reader
    this.bytesTaken += page.bytes.length
    this.cursor = page.cursor
    this.#findLimit()
    this.isOpen = true
    return true
  }

  /** The open page, which is none of the restored, in memory that is not given back. */
  #keepFor(captures: readonly ChannelCapture[]): void {
    const [bytes] = keptPages([bytesOfPage(this.#views, this.#offset)], this.#ring.views)
    const kept = { bytes: bytes!, texts: this.#texts }
    for (const capture of captures) capture.add(kept)
  }

  #openPageOrFirst(): Pick<RestoredPage, 'cursor' | 'marksTaken'> | undefined {
    if (!this.isOpen) return this.#restored.list[0]
    return { cursor: this.cursor, marksTaken: this.#marks.taken }
  }

  /** The pages of the ring that are not opened yet, up to a barrier that is known. */
  #completeAt(position: number, capture: ChannelCapture): void {
    this.#takeMessages()
    const isOpen = this.isOpen && this.#restored.list.length === 0
    const pages: Uint8Array[] = []
    for (
      let seq = (this.#ring.next + (isOpen ? 1 : 0)) | 0;
      seq !== position;
      seq = (seq + 1) | 0
    ) {
      const extension = this.#extensions.find((page) => page.seq === seq)
      const views = extension?.views ?? this.#ring.views
      const offset = extension === undefined ? this.#ring.offsetOf(seq) : 0
      assert(headerWord(views, offset, SEQ_WORD) === seq, 'a page before a barrier is not there')
      pages.push(bytesOfPage(views, offset))
    }
    for (const bytes of keptPages(pages, this.#ring.views)) {
      capture.add({ bytes, texts: this.#texts })
    }
    capture.isComplete = true
  }

  #readerOf(views: PageViews, offset: number): PageReader {
    const hi = headerWord(views, offset, SHAPE_HI_WORD)
    const lo = headerWord(views, offset, SHAPE_LO_WORD)
    const last = this.reader as PageReader | undefined
    if (last !== undefined && last.shape.lo === lo && last.shape.hi === hi) return last
    const shape = this.#codecs.shapeOf(views, offset)
    const known = this.#readers.get(shape.id)
    if (known !== undefined) return known
    const made = this.#codecs.reader(shape, hasTimes(views, offset))
    made.texts = this.#texts
    this.#readers.set(shape.id, made)
    return made
  }

  #findLimit(): void {
    this.limit = this.#marks.kind === 0 ? this.reader.count : this.#marks.index
  }

  #release(): void {
    this.isOpen = false
    this.cursor = 0
    this.limit = 0
    if (this.#restoredLeft.count > 0) this.#releaseRestored()
    else this.#ring.release(this.#openBytes)
  }

  #releaseRestored(): void {
    this.#restored.shift()
    this.#restoredLeft.count--
    // Pages of the ring have texts, and perhaps times, of their own.
    if (this.#restored.list.length === 0) this.reader = undefined as unknown as PageReader
  }
}
