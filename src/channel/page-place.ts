/**
 * Where a producer's next page lies: in the ring if a segment is free and large enough, otherwise
 * in an extension buffer of its own, which goes to the consumer by the port. So a record that fans
 * out ends at its own speed, and every byte on its way lies where the consumer can see it.
 * Threads: the producing task.
 */
import type { MessagePort } from 'node:worker_threads'
import { assert } from '../base/assert.ts'
import type { PageViews } from '../codec/page.ts'
import { pageViews } from '../codec/page.ts'
import { align8, SEQ_WORD } from '../codec/page-layout.ts'
import type { ChannelMessage } from './channel-messages.ts'
import type { OutputCredit } from './output-credit.ts'
import { SLACK_BYTES } from './ring-layout.ts'
import type { RingProducer } from './ring-producer.ts'

/** A record that fans out into a ring of tiny segments still gets pages worth a message. */
const EXTENSION_BYTES_MIN = 8 << 10

interface Outstanding {
  readonly seq: number
  readonly bytes: number
}

export class PagePlace {
  views: PageViews
  offset = 0
  capacity = 0
  readonly #ring: RingProducer
  readonly #port: MessagePort
  readonly #credit: OutputCredit
  #extension: SharedArrayBuffer | undefined
  /** Extension pages that are published and not released, oldest first. */
  readonly #outstanding: Outstanding[] = []

  constructor(ring: RingProducer, port: MessagePort, credit: OutputCredit) {
    this.views = ring.views
    this.#ring = ring
    this.#port = port
    this.#credit = credit
  }

  /** True while the open page lies in an extension buffer. */
  get isExtension(): boolean {
    return this.#extension !== undefined
  }

  /** Chooses the place of the next page. May block, or throw OVERDRAFT_EXCEEDED. */
  choose(bytesMin: number): void {
    assert(this.#extension === undefined, 'a page is still open')
    const ring = this.#ring
    if (bytesMin <= ring.size.segmentBytes && ring.hasSegment()) {
      this.views = ring.views
      this.offset = ring.offset
      this.capacity = Math.max(align8(bytesMin), ring.pageBytes())
      return
    }
    const bytes = align8(Math.max(bytesMin, ring.size.segmentBytes, EXTENSION_BYTES_MIN))
    this.#credit.reserve(bytes)
    this.#extend(bytes)
  }

  /** The written page needs `bytesMin` after all: an extension buffer that is never refused. */
  enlarge(bytesMin: number): void {
    this.drop()
    const bytes = align8(bytesMin)
    this.#credit.force(bytes)
    this.#extend(bytes)
  }

  /** Gives the place back unused. */
  drop(): void {
    if (this.#extension === undefined) return
    this.#credit.giveBack(this.capacity)
    this.#extension = undefined
  }

  /**
   * Makes the page visible. Its extension buffer must be on the port before W says so.
   * `bytesPublished`: those of all pages so far.
   */
  publish(bytesPublished: number): void {
    const ring = this.#ring
    this.views.i32[(this.offset >> 2) + SEQ_WORD] = ring.next
    if (this.#extension !== undefined) {
      this.post({ kind: 'page', seq: ring.next, sab: this.#extension })
      this.#outstanding.push({ seq: ring.next, bytes: this.capacity })
      this.#extension = undefined
    }
    ring.publish(bytesPublished)
  }

  post(message: ChannelMessage): void {
    this.#port.postMessage(message)
    this.#ring.countMessage()
  }

  /** Gives the bytes of released extension pages back, after R was read. */
  settle(): void {
    const { released } = this.#ring
    let count = 0
    for (const page of this.#outstanding) {
      if (((page.seq - released) | 0) >= 0) break
      this.#credit.giveBack(page.bytes)
      count++
    }
    if (count > 0) this.#outstanding.splice(0, count)
  }

  #extend(bytes: number): void {
    this.#extension = new SharedArrayBuffer(bytes + SLACK_BYTES)
    this.views = pageViews(this.#extension)
    this.offset = 0
    this.capacity = bytes
  }
}
