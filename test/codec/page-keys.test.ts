import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyEncoder, murmur3 } from '../../src/codec/canonical-key.ts'
import { Codecs } from '../../src/codec/codecs.ts'
import { KEY_BATCH_MAX, KeyBatch, LEFT_OUT } from '../../src/codec/key-batch.ts'
import { APPENDED, pageViews } from '../../src/codec/page.ts'
import type { KeyedPage } from '../../src/codec/page-keys.ts'
import { pageKeys } from '../../src/codec/page-keys.ts'
import { KEY_WORDS, ShortKey } from '../../src/codec/short-key.ts'

const OFFSET = 64
const encoder = new KeyEncoder()

function canonicalOf(key: unknown) {
  encoder.encode(key)
  const bytes = encoder.bytes.slice(0, encoder.length)
  const padded = new Uint8Array(4 * Math.ceil(bytes.length / 4))
  padded.set(bytes)
  return {
    length: bytes.length,
    hash: murmur3(bytes, 0, bytes.length),
    words: [...new Int32Array(padded.buffer)]
      .concat(new Array(KEY_WORDS).fill(0))
      .slice(0, KEY_WORDS),
  }
}

interface PageOptions {
  readonly withTime?: boolean
  /** The field `key` is spelled where it can be. */
  readonly spelled?: boolean
}

/** All records in one page, and its reader. */
function paged(
  records: readonly Record<string, unknown>[],
  { withTime = false, spelled = false }: PageOptions = {},
): KeyedPage {
  const codecs = new Codecs()
  const learned = records.reduce<ReturnType<Codecs['learn']>>(
    (known, record) => codecs.widen(known, record),
    codecs.learn(records[0]),
  )
  const shape = spelled ? codecs.keyed(learned, 'key', 'spelled')! : learned
  const spelling = new ShortKey()
  const views = pageViews(new SharedArrayBuffer(1 << 17))
  views.u8.fill(0xa5)
  const writer = codecs.writer(shape, withTime)
  writer.spelling = spelling
  writer.begin(views, OFFSET, (1 << 17) - OFFSET)
  for (const record of records) {
    if (spelled) spelling.read(record['key'] as string)
    expect(writer.append(record, 5)).toBe(APPENDED)
  }
  expect(writer.finish()).toBeGreaterThan(0)
  const reader = codecs.reader(shape, withTime)
  reader.open(views, OFFSET)
  return reader as KeyedPage
}

function batchOf(batch: KeyBatch, k: number) {
  const length = batch.lengths[k]!
  const at = batch.wordsAt + k * batch.wordsStride
  const words = batch.wordsIn.subarray(at, at + KEY_WORDS)
  return { length, hash: batch.hashes[k]!, words: [...words] }
}

const many = { minLength: 1, maxLength: 150 }
const texts = fc.array(fc.string({ unit: 'binary-ascii', maxLength: 24 }), many)
const anyTexts = fc.array(fc.string({ unit: 'binary', maxLength: 24 }), many)
const numbers = fc.oneof(
  fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), many),
  fc.array(fc.double(), many),
)

function recordsWith(keys: readonly unknown[], between: boolean) {
  return keys.map((key, i) => ({
    ...(between ? { before: `text ${i}` } : {}),
    key,
    n: i,
    ...(between ? { after: 'x'.repeat(i % 5) } : {}),
  }))
}

/** Holds the keys that are read from the page against the canonical ones, but for `isLeftOut`. */
function expectKeys(
  page: KeyedPage,
  keys: readonly unknown[],
  isLeftOut: (key: unknown) => boolean,
) {
  const read = pageKeys(page.shape, page.withTime, 'key')!
  const batch = new KeyBatch()
  for (let from = 0; from < keys.length; from += batch.count) {
    read.read(page, from, keys.length, batch)
    expect(batch.count).toBe(Math.min(KEY_BATCH_MAX, keys.length - from))
    for (let k = 0; k < batch.count; k++) {
      const key = keys[from + k]!
      if (isLeftOut(key)) expect(batch.lengths[k]).toBe(LEFT_OUT)
      else expect(batchOf(batch, k)).toEqual(canonicalOf(key))
    }
  }
}

const isLong = (key: unknown) => typeof key === 'string' && key.length > 19

test('keys of a page are the canonical ones, whatever lies beside them', () => {
  fc.assert(
    fc.property(fc.oneof(texts, numbers), fc.boolean(), fc.boolean(), (keys, withTime, between) => {
      const page = paged(recordsWith(keys, between), { withTime })
      expectKeys(page, keys, isLong)
    }),
    { numRuns: 300 },
  )
})

test('spelled keys are the canonical ones, and the records what they were', () => {
  const ascii = /^[\0-\x7f]{0,19}$/
  fc.assert(
    fc.property(
      fc.oneof(texts, anyTexts),
      fc.boolean(),
      fc.boolean(),
      (keys, withTime, between) => {
        const records = recordsWith(keys, between)
        const page = paged(records, { withTime, spelled: true })
        expectKeys(page, keys, (key) => !ascii.test(key as string))
        expect(records.map((_, i) => page.record(i))).toEqual(records)
        const read = records.map((_, i) => (page.fields(i) as { key: string }).key)
        expect(read).toEqual(keys)
      },
    ),
    { numRuns: 300 },
  )
})

test.each(['é', '€', '\ud800'])('a page with %j in it has no keys ahead', (wide) => {
  const page = paged([{ key: 'ascii' }, { key: wide }])
  const batch = new KeyBatch()
  pageKeys(page.shape, false, 'key')!.read(page, 0, 2, batch)
  expect([...batch.lengths.subarray(0, 2)]).toEqual([LEFT_OUT, LEFT_OUT])
})

test.each([
  ['a field that is missing in some', [{ key: 'a' }, { n: 1 }]],
  ['null in some', [{ key: 'a' }, { key: null }]],
  ['of two kinds', [{ key: 'a' }, { key: 1 }]],
  ['dates', [{ key: new Date(0) }]],
  ['records', [{ key: { a: 1 } }]],
  ['a field that is not there', [{ other: 1 }]],
  ['in records that are null now and then', [{ key: 'a' }, null]],
])('there are no keys ahead where they are %s', (_, records) => {
  const page = paged(records as readonly Record<string, unknown>[])
  expect(pageKeys(page.shape, false, 'key')).toBeUndefined()
})
