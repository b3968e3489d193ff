/**
 * Writes restored records into pages again, where those that they came in hold others, too.
 * Threads: the task.
 */
import { assert } from '../base/assert.ts'
import type { RestoredPage } from '../channel/channel-capture.ts'
import { SLACK_BYTES } from '../channel/ring-layout.ts'
import type { Codecs } from '../codec/codecs.ts'
import { CodedTexts } from '../codec/coded-texts.ts'
import type { PageReader, PageViews, PageWriter } from '../codec/page.ts'
import { APPENDED, FULL, pageViews } from '../codec/page.ts'
import { align8 } from '../codec/page-layout.ts'

const PAGE_BYTES = 64 << 10
const NO_TEXTS = new CodedTexts()

/** What pages have in common that one writer fills. */
export type PageKind = Pick<PageReader, 'shape' | 'withTime'>

export class PagePacker {
  readonly #codecs: Codecs
  readonly #pages: RestoredPage[] = []
  readonly #writers = new Map<string, PageWriter>()
  #views: PageViews | undefined
  #writer: PageWriter | undefined

  constructor(codecs: Codecs) {
    this.#codecs = codecs
  }

  /** Puts a record of that shape behind all others. */
  append(like: PageKind, record: unknown, timeMs: number): void {
    const writer = this.#writerLike(like)
    if (this.#views !== undefined && writer.append(record, timeMs) === APPENDED) return
    if (this.#views !== undefined && writer.count > 0) this.#finishPage()
    this.#begin(writer, PAGE_BYTES)
    const result = writer.append(record, timeMs)
    if (result === APPENDED) return
    assert(result === FULL, 'a record does not have the shape of its own page')
    this.#begin(writer, writer.bytesNeeded)
    const again = writer.append(record, timeMs)
    assert(again === APPENDED, 'a page of its own size does not take a record')
  }

  /** Puts a mark there. */
  mark(like: PageKind, kind: number, value: number): void {
    const writer = this.#writerLike(like)
    if (this.#views === undefined) this.#begin(writer, PAGE_BYTES)
    if (writer.mark(kind, value) === APPENDED) return
    this.#finishPage()
    this.#begin(writer, PAGE_BYTES)
    const again = writer.mark(kind, value)
    assert(again === APPENDED, 'an empty page does not take a mark')
  }

  /** All pages. Nothing can be appended afterwards. */
  finish(): readonly RestoredPage[] {
    this.#finishPage()
    return this.#pages
  }

  #writerLike({ shape, withTime }: PageKind): PageWriter {
    const id = `${shape.id} ${withTime}`
    // What stands for texts belongs to the channel that the page came by.
    const writer = this.#writers.get(id) ?? this.#codecs.writer(this.#codecs.plain(shape), withTime)
    this.#writers.set(id, writer)
    if (writer !== this.#writer) this.#finishPage()
    this.#writer = writer
    return writer
  }

  #begin(writer: PageWriter, bytes: number): void {
    const capacity = align8(bytes)
    this.#views = newViews(capacity)
    writer.begin(this.#views, 0, capacity)
  }

  #finishPage(): void {
    if (this.#views === undefined) return
    const writer = this.#writer!
    let bytes = writer.finish()
    if (bytes < 0) {
      const capacity = align8(-bytes)
      this.#views = newViews(capacity)
      writer.relocate(this.#views, 0, capacity)
      bytes = writer.finish()
    }
    assert(bytes > 0, 'a relocated page still does not fit')
    const page = this.#views.u8.subarray(0, bytes)
    this.#pages.push({ bytes: page, texts: NO_TEXTS, cursor: 0, marksTaken: 0 })
    this.#views = undefined
  }
}

function newViews(capacity: number): PageViews {
  return pageViews(new SharedArrayBuffer(capacity + SLACK_BYTES))
}
