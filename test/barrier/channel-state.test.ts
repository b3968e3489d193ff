/** In-flight pages with keys of every kind, as state and back. */
import { expect, test } from 'vitest'
import { channelStateChunk, restorePages } from '../../src/barrier/channel-state.ts'
import { dealPages } from '../../src/barrier/deal-pages.ts'
import type { KeptPage } from '../../src/channel/channel-capture.ts'
import { ChannelCapture } from '../../src/channel/channel-capture.ts'
import { Codecs } from '../../src/codec/codecs.ts'
import { CodedTexts } from '../../src/codec/coded-texts.ts'
import type { KeyKind } from '../../src/codec/key-shape.ts'
import { APPENDED, pageViews } from '../../src/codec/page.ts'
import { ShortKey } from '../../src/codec/short-key.ts'

const records = ['a', 'a text that is too long to be spelled', 'bcd', ''].map((key, n) => ({
  key,
  n,
}))

/** All records in one page; those with coded keys have numbers from 0 on. */
function captured(codecs: Codecs, kind: KeyKind | undefined) {
  const plain = codecs.learn(records[0])
  const shape = kind === undefined ? plain : codecs.keyed(plain, 'key', kind)!
  const spelling = new ShortKey()
  const current = { current: -1 }
  const views = pageViews(new SharedArrayBuffer(4096))
  const writer = codecs.writer(shape, false)
  writer.codes = current
  writer.spelling = spelling
  writer.begin(views, 0, 4096)
  for (const record of records) {
    current.current = record.n
    spelling.read(record.key)
    expect(writer.append(record, 0)).toBe(APPENDED)
  }
  const texts = new CodedTexts()
  texts.add(records.map(({ key }) => key))
  const capture = new ChannelCapture(1)
  capture.add({ bytes: views.u8.subarray(0, writer.finish()), texts })
  return { capture, shape }
}

test.each([
  ['coded', 'coded', records.length],
  ['spelled', 'spelled', 0],
  ['as they are', undefined, 0],
] as const)('pages with keys %s come back, whole and dealt out', (_, kind, numbers) => {
  const codecs = new Codecs()
  const { capture } = captured(codecs, kind)
  const channels = [{ channel: { edge: 0, producer: 1 }, capture }]
  const chunk = channelStateChunk('operator', { channels, codecs })
  const other = new Codecs()
  const pages = restorePages(chunk.parts, { codecs: other, keepsMarks: true })
  expect(pages.map(({ texts }) => texts.list.length)).toEqual([numbers])
  const recordsOf = (given: typeof pages) =>
    given.flatMap(({ bytes, texts }) => {
      const views = pageViews(bytes.buffer)
      const shape = other.shapeOf(views, 0)
      const reader = other.reader(shape, false)
      reader.texts = texts
      reader.open(views, 0)
      return Array.from({ length: reader.count }, (_, row) => ({
        shape,
        record: reader.record(row),
      }))
    })
  expect(recordsOf(pages).map(({ record }) => record)).toEqual(records)
  const isOwn = (record: unknown) => (record as { n: number }).n % 2 === 0
  const dealt = recordsOf(dealPages(pages, { codecs: other, isOwn }))
  expect(dealt.map(({ record }) => record)).toEqual(records.filter(isOwn))
  expect(new Set(dealt.map(({ shape }) => shape.id))).toEqual(
    new Set([codecs.learn(records[0]).id]),
  )
})

test('pages side by side are one part, and come back as they do one by one', () => {
  const codecs = new Codecs()
  const pages = [undefined, 'coded', undefined].map((kind) => {
    return captured(codecs, kind as KeyKind | undefined).capture.pages[0]!
  })
  const apart = new ChannelCapture(1)
  for (const page of pages) apart.add(page)
  const side = new ChannelCapture(1)
  for (const capture of [apart, side]) capture.startWithin({ cursor: 1, marksTaken: 0 })
  // The first is a restored one, in memory of its own.
  const [first, second, third] = pages as [KeptPage, KeptPage, KeptPage]
  const memory = new Uint8Array(new SharedArrayBuffer(second.bytes.length + third.bytes.length))
  memory.set(second.bytes)
  memory.set(third.bytes, second.bytes.length)
  side.add(first)
  side.add({ ...second, bytes: memory.subarray(0, second.bytes.length) })
  side.add({ ...third, bytes: memory.subarray(second.bytes.length) })
  const partsOf = (capture: ChannelCapture) =>
    channelStateChunk('operator', {
      channels: [{ channel: { edge: 0, producer: 1 }, capture }],
      codecs,
    }).parts
  expect(partsOf(apart).map(({ entries }) => entries)).toEqual([0, 3, 4, 4])
  expect(partsOf(side).map(({ entries }) => entries)).toEqual([0, 3, 8])
  const rules = { codecs: new Codecs(), keepsMarks: true }
  const whole = restorePages(partsOf(side), rules)
  expect(whole).toEqual(restorePages(partsOf(apart), rules))
  expect(whole.map(({ cursor, texts }) => [cursor, texts.list.length])).toEqual([
    [1, 0],
    [0, 4],
    [0, 0],
  ])
  const [description, , run] = partsOf(side)
  const cutOff = { ...run!, keyGroup: 1, bytes: run!.bytes.slice(0, -8) }
  expect(() => restorePages([description!, cutOff], rules)).toThrow(/is cut off/)
  expect(() => restorePages([description!, { ...run!, keyGroup: 1 }], rules)).toThrow(/is missing/)
})
