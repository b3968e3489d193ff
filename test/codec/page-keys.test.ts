import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyEncoder, murmur3 } from '../../src/codec/canonical-key.ts'
import { Codecs } from '../../src/codec/codecs.ts'
import { KEY_BATCH_MAX, KEY_WORDS, KeyBatch, LEFT_OUT } from '../../src/codec/key-batch.ts'
import { APPENDED, pageViews } from '../../src/codec/page.ts'
import type { KeyedPage } from '../../src/codec/page-keys.ts'
import { pageKeys } from '../../src/codec/page-keys.ts'

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
    words: [...new Int32Array(padded.buffer)],
  }
}

/** All records in one page, and its reader. */
function paged(records: readonly Record<string, unknown>[], withTime: boolean): KeyedPage {
  const codecs = new Codecs()
  const shape = records.reduce<ReturnType<Codecs['learn']>>(
    (known, record) => codecs.widen(known, record),
    codecs.learn(records[0]),
  )
  const views = pageViews(new SharedArrayBuffer(1 << 17))
  views.u8.fill(0xa5)
  const writer = codecs.writer(shape, withTime)
  writer.begin(views, OFFSET, (1 << 17) - OFFSET)
  for (const record of records) expect(writer.append(record, 5)).toBe(APPENDED)
  expect(writer.finish()).toBeGreaterThan(0)
  const reader = codecs.reader(shape, withTime)
  reader.open(views, OFFSET)
  return reader as KeyedPage
}

function batchOf(batch: KeyBatch, k: number) {
  const length = batch.lengths[k]!
  const words = batch.words.subarray(KEY_WORDS * k, KEY_WORDS * k + ((length + 3) >> 2))
  return { length, hash: batch.hashes[k]!, words: [...words] }
}

const texts = fc.array(fc.string({ unit: 'binary-ascii', maxLength: 24 }), {
  minLength: 1,
  maxLength: 150,
})
const numbers = fc.oneof(
  fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 150 }),
  fc.array(fc.double(), { minLength: 1, maxLength: 150 }),
)

test('keys of a page are the canonical ones, whatever lies beside them', () => {
  fc.assert(
    fc.property(fc.oneof(texts, numbers), fc.boolean(), fc.boolean(), (keys, withTime, between) => {
      const records = keys.map((key, i) => ({
        ...(between ? { before: `text ${i}` } : {}),
        key,
        n: i,
        ...(between ? { after: 'x'.repeat(i % 5) } : {}),
      }))
      const page = paged(records, withTime)
      const read = pageKeys(page.shape, withTime, 'key')!
      const batch = new KeyBatch()
      for (let from = 0; from < keys.length; from += batch.count) {
        read.read(page, from, keys.length, batch)
        expect(batch.count).toBe(Math.min(KEY_BATCH_MAX, keys.length - from))
        for (let k = 0; k < batch.count; k++) {
          const key = keys[from + k]!
          const isLong = typeof key === 'string' && key.length > 19
          if (isLong) expect(batch.lengths[k]).toBe(LEFT_OUT)
          else expect(batchOf(batch, k)).toEqual(canonicalOf(key))
        }
      }
    }),
    { numRuns: 300 },
  )
})

test.each(['é', '€', '\ud800'])('a page with %j in it has no keys ahead', (wide) => {
  const page = paged([{ key: 'ascii' }, { key: wide }], false)
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
  const page = paged(records as readonly Record<string, unknown>[], false)
  expect(pageKeys(page.shape, false, 'key')).toBeUndefined()
})
