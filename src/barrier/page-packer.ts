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
import type { Shape } from '../codec/shape.ts'

const PAGE_BYTES = 64 << 10
/** Enough for every way a record may fail to fit: a full page, a shape, a larger page. */
const ATTEMPTS_MAX = 6
const NO_TEXTS = new CodedTexts()

/** What pages have in common that one writer fills. */
export type PageKind = Pick<PageReader, 'shape' | 'withTime'>

export class PagePacker {
  readonly #codecs: Codecs
  readonly #pages: RestoredPage[] = []
  readonly #writers = new Map<string, PageWriter>()
  /** What shapes have come to, by id: a schema takes records that its own shape does not. */
  readonly #widened = new Map<string, Shape>()
  #views: PageViews | undefined
  #writer: PageWriter | undefined
  /** Whether the open page holds neither records nor marks. */
  #isEmpty = true

  constructor(codecs: Codecs) {
    this.#codecs = codecs
  }

  /** Puts a record behind all others: of that shape, or of one that takes it as well. */
  append(like: PageKind, record: unknown, timeMs: number): void {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const writer = this.#writerLike(like)
      if (this.#views === undefined) this.#begin(writer, PAGE_BYTES)
      const result = writer.append(record, timeMs)
      if (result === APPENDED) {
        this.#isEmpty = false
        return
      }
      if (result !== FULL) this.#widen(like, record)
      else if (this.#isEmpty) this.#begin(writer, writer.bytesNeeded)
      else this.#finishPage()
    }
    assert(false, 'no page takes a restored record')
  }

  /** Puts a mark there. */
  mark(like: PageKind, kind: number, value: number): void {
    const writer = this.#writerLike(like)
    if (this.#views === undefined) this.#begin(writer, PAGE_BYTES)
    if (writer.mark(kind, value) !== APPENDED) {
      this.#finishPage()
      this.#begin(writer, PAGE_BYTES)
      const again = writer.mark(kind, value)
      assert(again === APPENDED, 'an empty page does not take a mark')
    }
    this.#isEmpty = false
  }

  /** All pages. Nothing can be appended afterwards. */
  finish(): readonly RestoredPage[] {
    this.#finishPage()
    return this.#pages
  }

  #writerLike(like: PageKind): PageWriter {
    const shape = this.#shapeLike(like)
    const id = `${shape.id} ${like.withTime}`
    const writer = this.#writers.get(id) ?? this.#codecs.writer(shape, like.withTime)
    this.#writers.set(id, writer)
    if (writer !== this.#writer) this.#finishPage()
    this.#writer = writer
    return writer
  }

  #shapeLike({ shape }: PageKind): Shape {
    // What stands for texts belongs to the channel that the page came by.
    return this.#widened.get(shape.id) ?? this.#codecs.plain(shape)
  }

  #widen(like: PageKind, record: unknown): void {
    this.#widened.set(like.shape.id, this.#codecs.widen(this.#shapeLike(like), record))
  }

  #begin(writer: PageWriter, bytes: number): void {
    const capacity = align8(bytes)
    this.#views = newViews(capacity)
    this.#isEmpty = true
    writer.begin(this.#views, 0, capacity)
  }

  #finishPage(): void {
    if (this.#views === undefined) return
    // One that nothing has fitted into: whoever reads a page finds something in it.
    if (this.#isEmpty) {
      this.#views = undefined
      return
    }
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
