/** Records partitioned by a text arrive as they were sent, with numbers for keys or without. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EdgeState } from '../../src/channel/edge-state.ts'
import { RecordWriter } from '../../src/channel/record-writer.ts'
import { ringOf } from '../../src/channel/ring-layout.ts'
import { KeyEncoder } from '../../src/codec/canonical-key.ts'
import { keyGroupOf, subtaskOfKeyGroup } from '../../src/codec/key-groups.ts'
import { murmur3 } from '../../src/codec/murmur.ts'
import { MARK_WATERMARK } from '../../src/codec/page.ts'
import { type Schema, schema, shapeOfSchema, t } from '../../src/codec/schema.ts'
import type { PairOptions } from './harness.ts'
import { channelPair, drain, recordsOf } from './harness.ts'

const MAX_PARALLELISM = 128

interface EdgeOptions extends PairOptions {
  readonly channels: number
  readonly textsMax?: number
  /** As if its keys had turned out to be too many for numbers. */
  readonly spells?: boolean
}

function edgeByKey({ channels, textsMax, spells, ...options }: EdgeOptions) {
  const edge = options.edge ?? new EdgeState()
  const pairs = Array.from({ length: channels }, () =>
    channelPair({ beyondOverdraft: 'grow', ...options, edge }),
  )
  const writer = new RecordWriter({
    routing: { kind: 'hash', key: { field: 'key' } },
    channels: pairs.map(({ output }) => output),
    edge,
    maxParallelism: MAX_PARALLELISM,
    ...(textsMax === undefined ? {} : { textsMax }),
  })
  if (spells === true) edge.keys!.codes.end()
  const arrived: unknown[][] = pairs.map(() => [])
  const take = () => pairs.forEach(({ input }, k) => arrived[k]!.push(...recordsOf(drain(input))))
  const publish = () => {
    for (const { output } of pairs) output.publish()
  }
  /** Writes the records, and has them read from time to time; calls `look` behind the 101st. */
  const pass = (records: readonly unknown[], look = () => {}) => {
    records.forEach((record, n) => {
      writer.write(record, 0)
      if (n === 100) look()
      if (n % 50 === 0) {
        publish()
        take()
      }
    })
    publish()
    take()
  }
  return { writer, edge, arrived, take, publish, pass }
}

const encoder = new KeyEncoder()

function ownerOf(key: unknown, channels: number): number {
  encoder.encode(key)
  const group = keyGroupOf(murmur3(encoder.bytes, 0, encoder.length), MAX_PARALLELISM)
  return subtaskOfKeyGroup(group, MAX_PARALLELISM, channels)
}

function expected(records: readonly { readonly key?: unknown }[], channels: number): unknown[][] {
  const byChannel: unknown[][] = Array.from({ length: channels }, () => [])
  for (const record of records) byChannel[ownerOf(record.key, channels)]!.push(record)
  return byChannel
}

const sentence = 'of a sentence that is so long that nobody would take it for the key of anything'
const key = fc.oneof(
  { weight: 8, arbitrary: fc.nat(12).map((n) => `k${n}`) },
  { weight: 2, arbitrary: fc.nat(4).map((n) => sentence.slice(n, 20 + n)) },
  { weight: 1, arbitrary: fc.constantFrom('', sentence, '鍵', '\ud800', '\udc00\ud800', 'é') },
  { weight: 1, arbitrary: fc.constantFrom(7, 0.5, null) },
)
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ key, n: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ key, n: fc.nat(9), more: fc.string() }) },
  { weight: 1, arbitrary: fc.constantFrom('publish' as const, 'take' as const, 'mark' as const) },
)

test('whatever the keys are, records arrive in order and where their keys belong', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 300 }),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(0, 1, 5, 100),
      fc.boolean(),
      (steps, channels, textsMax, spells) => {
        const size = ringOf(4, 512)
        const { writer, arrived, take, publish } = edgeByKey({ channels, textsMax, spells, size })
        for (const one of steps) {
          if (one === 'publish') publish()
          else if (one === 'take') take()
          else if (one === 'mark') writer.mark(MARK_WATERMARK, 0)
          else writer.write(one, 0)
        }
        publish()
        take()
        const records = steps.filter((one) => typeof one === 'object')
        expect(arrived).toEqual(expected(records, channels))
      },
    ),
    { numRuns: 400 },
  )
})

test('a key that comes again takes no room of its own', () => {
  const long = 'a key of forty characters, that is so long'
  const { writer, publish, take, arrived, edge } = edgeByKey({ channels: 1, size: ringOf(4, 4096) })
  for (let n = 0; n < 100; n++) writer.write({ key: long, n }, 0)
  publish()
  expect(edge.keys!.codes.isOn).toBe(true)
  expect(writer.bytes).toBeLessThan(100 * long.length)
  take()
  expect(arrived[0]).toEqual(Array.from({ length: 100 }, (_, n) => ({ key: long, n })))
})

test('nor does it in a page that begins with a mark', () => {
  const long = 'a key of forty characters, that is so long'
  const { writer, publish, take, arrived } = edgeByKey({ channels: 1, size: ringOf(4, 4096) })
  const write = (n: number) => writer.write({ key: long, n }, 0)
  writer.mark(MARK_WATERMARK, 0)
  write(0)
  publish()
  take()
  const before = writer.bytes
  writer.mark(MARK_WATERMARK, 1)
  for (let n = 1; n < 50; n++) write(n)
  publish()
  take()
  expect(writer.bytes - before).toBeLessThan(49 * long.length)
  expect(arrived[0]).toEqual(Array.from({ length: 50 }, (_, n) => ({ key: long, n })))
})

test('an edge with too many keys stops giving them numbers', () => {
  const { arrived, edge, pass } = edgeByKey({ channels: 2, textsMax: 10 })
  const records = Array.from({ length: 20_000 }, (_, n) => ({ key: `k${n}`, n }))
  pass(records, () => expect(edge.keys!.codes.isOn).toBe(true))
  expect(edge.keys!.codes.isOn).toBe(false)
  expect(edge.keys!.spelling.isOn).toBe(true)
  expect(arrived).toEqual(expected(records, 2))
})

test.each([1, 2])(
  'keys that cannot be spelled are written as they are, to %i channels',
  (channels) => {
    const { arrived, edge, pass } = edgeByKey({ channels, spells: true })
    const records = Array.from({ length: 40_000 }, (_, n) => ({
      key: n % 2 === 0 ? `${sentence} ${n}` : `k${n}`,
      n,
    }))
    pass(records, () => expect(edge.keys!.spelling.isOn).toBe(true))
    expect(edge.keys!.spelling.isOn).toBe(false)
    expect(arrived).toEqual(expected(records, channels))
  },
)

test('an edge whose keys are few but for some goes on', () => {
  const { arrived, edge, pass } = edgeByKey({ channels: 2, textsMax: 10 })
  const records = Array.from({ length: 90_000 }, (_, n) => ({
    key: n >= 10 && n % 8 === 0 ? `rare ${n}` : `k${n % 10}`,
    n,
  }))
  pass(records)
  expect(edge.keys!.codes.isOn).toBe(true)
  expect(arrived).toEqual(expected(records, 2))
})

test('records of a declared shape arrive as they are, nullable keys without numbers', () => {
  const plain = schema({ key: t.string, n: t.int32 })
  const nullable = schema({ key: t.nullable(t.string), n: t.int32 })
  for (const [declared, isCoded] of [
    [plain, true],
    [nullable, false],
  ] as const) {
    const edge = new EdgeState(declared as Schema<unknown>)
    const { writer, publish, take, arrived } = edgeByKey({ channels: 1, edge })
    const records = ['a', 'b', 'a'].map((one, n) => ({ key: one, n }))
    for (const record of records) writer.write(record, 0)
    publish()
    take()
    expect(edge.shape!.id).toBe(shapeOfSchema(declared as Schema<unknown>).id)
    expect(edge.keys!.codes.isOn).toBe(isCoded)
    expect(arrived[0]).toEqual(records)
  }
})
