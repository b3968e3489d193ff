/**
 * In-flight data as state, and back. Each channel with any is a section of a state file. Its first
 * part, of number 0, tells how the pages are to be read: the shapes of their records, and the texts
 * that they have numbers for. The parts behind it are pages as they were in the channel, in order:
 * those that lie side by side are one part, and each begins with its length.
 * Threads: the task.
 */
import { assert } from '../base/assert.ts'
import type { ChannelCapture, KeptPage, RestoredPage } from '../channel/channel-capture.ts'
import { SLACK_BYTES } from '../channel/ring-layout.ts'
import { ValueCodec } from '../codec/blob.ts'
import type { Codecs } from '../codec/codecs.ts'
import { CodedTexts } from '../codec/coded-texts.ts'
import type { PageViews } from '../codec/page.ts'
import { MARK_END, pageViews } from '../codec/page.ts'
import {
  BYTES_WORD,
  COUNT_WORD,
  HEADER_BYTES,
  hasTimes,
  headerWord,
  MARK_COUNT_WORD,
  markCount,
  markKind,
} from '../codec/page-layout.ts'
import { planRow } from '../codec/row-plan.ts'
import type { Shape, ShapeData } from '../codec/shape.ts'
import { shapeToData } from '../codec/shape.ts'
import type { SectionHeader, StateChunk, StatePart } from '../state/snapshot-contract.ts'

/** As in `ChannelSnapshot`. */
export interface ChannelName {
  readonly edge: number
  readonly producer: number
}

export interface ChannelState {
  readonly channel: ChannelName
  readonly capture: ChannelCapture
}

interface Description {
  /** Of the first page: what was processed of it. */
  readonly cursor: number
  readonly marksTaken: number
  readonly shapes: readonly ShapeData[]
  readonly texts: readonly Texts[]
  /** Of each page, the index of its texts: those restored before others have other numbers. */
  readonly textsOfPages: readonly number[]
}

type Texts = readonly (readonly [code: number, text: string])[]

export interface RestoreRules {
  readonly codecs: Codecs
  /** Whether watermarks and idleness among the records still hold. */
  readonly keepsMarks: boolean
}

/** So that no file, nor what is on its way to one, holds all channels of a large gate. */
const CHUNK_BYTES = 8 << 20

/** To make one takes longer than to use it. */
const descriptions = new ValueCodec()

interface ChannelStates {
  readonly channels: readonly ChannelState[]
  readonly codecs: Codecs
}

/** Some channels a chunk; those without any in-flight data are left out. */
export function* channelStateChunks(
  operatorId: string,
  { channels, codecs }: ChannelStates,
): Iterable<StateChunk> {
  let some: ChannelState[] = []
  let bytes = 0
  for (const state of channels) {
    if (state.capture.pages.length === 0) continue
    some.push(state)
    bytes += state.capture.bytes
    if (bytes < CHUNK_BYTES) continue
    yield channelStateChunk(operatorId, { channels: some, codecs })
    some = []
    bytes = 0
  }
  if (some.length > 0) yield channelStateChunk(operatorId, { channels: some, codecs })
}

/** The parts lend the pages' memory. */
export function channelStateChunk(
  operatorId: string,
  { channels, codecs }: ChannelStates,
): StateChunk {
  const sections: SectionHeader[] = []
  const parts: StatePart[] = []
  for (const { channel, capture } of channels) {
    const section = sections.length
    const name = `${channel.edge}/${channel.producer}`
    sections.push({ operatorId, name, kind: 'channel', detail: '' })
    const pages = opened(capture.pages, codecs)
    const bytes = descriptions.encode(describe(capture, pages))
    parts.push({ section, keyGroup: 0, entries: 0, bytes })
    runsOf(pages, capture.cursor).forEach((run, k) => {
      parts.push({ section, keyGroup: k + 1, ...run })
    })
  }
  return { sections, parts }
}

type Run = Pick<StatePart, 'entries' | 'bytes'>

/** Pages that lie side by side in memory: one block of the file instead of many short ones. */
function runsOf(pages: readonly OpenPage[], cursor: number): readonly Run[] {
  const runs: Run[] = []
  let entries = -cursor
  let from = 0
  pages.forEach(({ bytes, records }, k) => {
    entries += records
    const next = pages[k + 1]?.bytes
    if (next?.buffer === bytes.buffer && next.byteOffset === bytes.byteOffset + bytes.length) return
    const start = pages[from]!.bytes.byteOffset
    const length = bytes.byteOffset + bytes.length - start
    runs.push({ entries, bytes: new Uint8Array(bytes.buffer, start, length) })
    entries = 0
    from = k + 1
  })
  return runs
}

/** The pages of a part. In checkpoints of versions before this one each had a part of its own. */
function pagesOf({ bytes }: StatePart): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const pages: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += pages.at(-1)!.length) {
    const length = view.getInt32(at + BYTES_WORD * 4, true)
    assert(length > 0 && at + length <= bytes.length, 'a page of in-flight data is cut off')
    pages.push(bytes.subarray(at, at + length))
  }
  return pages
}

/** The channel that a section of in-flight data is of. */
export function channelOfSection({ name }: SectionHeader): ChannelName {
  const [edge, producer] = name.split('/').map(Number)
  return { edge: edge!, producer: producer! }
}

/** The pages of one section, from its parts in order. */
export function restorePages(
  parts: readonly StatePart[],
  { codecs, keepsMarks }: RestoreRules,
): readonly RestoredPage[] {
  const [first, ...runs] = parts
  assert(first !== undefined && first.keyGroup === 0, 'in-flight data without its description')
  const { bytes } = first
  const description = descriptions.decode(bytes, 0, bytes.length) as Description
  for (const shape of description.shapes) codecs.add(shape)
  const texts = description.texts.map(codedTexts)
  assert(
    runs.every(({ keyGroup }, k) => keyGroup === k + 1),
    'a part of in-flight data is missing',
  )
  const pages = runs.flatMap(pagesOf)
  assert(pages.length === description.textsOfPages.length, 'a page of in-flight data is missing')
  return pages.flatMap((page, k) => {
    const { cursor, marksTaken } = k === 0 ? description : { cursor: 0, marksTaken: 0 }
    const own = texts[description.textsOfPages[k]!]!
    return withoutMarks({ bytes: copyOf(page), texts: own, cursor, marksTaken }, keepsMarks)
  })
}

/** Producers say the end again, and all else that holds when records have been dealt out anew. */
function withoutMarks(page: RestoredPage, keepsMarks: boolean): readonly RestoredPage[] {
  const views = viewsOf(page)
  const count = markCount(views, 0)
  const endsHere = count > 0 && markKind(views, 0, count - 1) === MARK_END
  const kept = keepsMarks ? count - (endsHere ? 1 : 0) : 0
  views.i32[MARK_COUNT_WORD] = kept
  const marksTaken = Math.min(page.marksTaken, kept)
  const isEmpty = page.cursor === recordsOf(page) && marksTaken === kept
  return isEmpty ? [] : [{ ...page, marksTaken }]
}

interface OpenPage extends KeptPage {
  readonly views: PageViews
  readonly shape: Shape
  readonly records: number
}

/** Pages that share memory share the views of it. */
function opened(pages: readonly KeptPage[], codecs: Codecs): readonly OpenPage[] {
  let views: PageViews | undefined
  return pages.map(({ bytes, texts }) => {
    if (views?.u8.buffer !== bytes.buffer) views = pageViews(bytes.buffer)
    const at = bytes.byteOffset
    const shape = codecs.shapeOf(views, at)
    return { bytes, texts, views, shape, records: headerWord(views, at, COUNT_WORD) }
  })
}

function describe(capture: ChannelCapture, pages: readonly OpenPage[]): Description {
  const shapes = new Map<string, Shape>()
  const tables = new Map<CodedTexts, Map<number, string>>()
  const codes = codedColumns()
  for (const page of pages) {
    const { shape } = page
    shapes.set(shape.id, shape)
    const texts = tables.get(page.texts) ?? new Map<number, string>()
    tables.set(page.texts, texts)
    collectTexts(page, { columns: codes(page), texts })
  }
  const order = [...tables.keys()]
  return {
    cursor: capture.cursor,
    marksTaken: capture.marksTaken,
    shapes: [...shapes.values()].map(shapeToData),
    texts: [...tables.values()].map((texts) => [...texts]),
    textsOfPages: pages.map(({ texts }) => order.indexOf(texts)),
  }
}

interface Columns {
  /** Of numbers for texts. */
  readonly codes: readonly number[]
  readonly stride: number
}

interface Collected {
  readonly columns: Columns
  readonly texts: Map<number, string>
}

/** Pages of a channel are mostly alike. */
function codedColumns(): (page: OpenPage) => Columns {
  let last:
    | { readonly shape: Shape; readonly timed: boolean; readonly columns: Columns }
    | undefined
  return ({ shape, views, bytes }) => {
    const timed = hasTimes(views, bytes.byteOffset)
    if (last?.shape !== shape || last.timed !== timed) {
      const { all, stride } = planRow(shape, timed)
      const codes = all.map(({ code }) => code).filter((code) => code >= 0)
      last = { shape, timed, columns: { codes, stride } }
    }
    return last.columns
  }
}

/** Those that the page has numbers for: they are a channel's own, and end with it. */
function collectTexts(page: OpenPage, { columns, texts }: Collected): void {
  const { i32 } = page.views
  const { codes, stride } = columns
  for (const code of codes) {
    let word = (page.bytes.byteOffset + HEADER_BYTES + code) >> 2
    for (let row = 0; row < page.records; row++, word += stride >> 2) {
      const number = i32[word]!
      if (number >= 0 && !texts.has(number)) texts.set(number, page.texts.list[number]!)
    }
  }
}

function codedTexts(texts: Texts): CodedTexts {
  const coded = new CodedTexts()
  const size = texts.reduce((most, [code]) => Math.max(most, code + 1), 0)
  const list = new Array<string>(size).fill('')
  for (const [code, text] of texts) list[code] = text
  coded.add(list)
  return coded
}

function recordsOf(page: KeptPage): number {
  return headerWord(viewsOf(page), page.bytes.byteOffset, COUNT_WORD)
}

function viewsOf({ bytes }: KeptPage): PageViews {
  return pageViews(bytes.buffer)
}

/** In memory as a ring's is: code that reads pages sees one kind. */
function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length + SLACK_BYTES), 0, bytes.length)
  copy.set(bytes)
  return copy
}
