import { expect, test } from 'vitest'
import { EdgeState } from '../../src/channel/edge-state.ts'
import type { Routing } from '../../src/channel/partitioner.ts'
import { RecordWriter } from '../../src/channel/record-writer.ts'
import { KeyEncoder } from '../../src/codec/canonical-key.ts'
import { keyGroupOf, subtaskOfKeyGroup } from '../../src/codec/key-groups.ts'
import { murmur3 } from '../../src/codec/murmur.ts'
import { MARK_END, MARK_WATERMARK } from '../../src/codec/page.ts'
import { channelPair, drain, recordsOf } from './harness.ts'

const MAX_PARALLELISM = 128

function writerOf(routing: Routing, channels: number, firstTurn = 0) {
  const edge = new EdgeState()
  const pairs = Array.from({ length: channels }, () => channelPair({ edge }))
  const writer = new RecordWriter({
    routing,
    channels: pairs.map((pair) => pair.output),
    edge,
    maxParallelism: MAX_PARALLELISM,
    firstTurn,
  })
  const arrived = () => {
    // The second flush publishes what a channel without credit kept.
    const taken = [0, 1].map(() => {
      writer.flush()
      return pairs.map((pair) => recordsOf(drain(pair.input)))
    })
    return pairs.map((_, k) => taken.flatMap((lists) => lists[k]!))
  }
  return { writer, pairs, arrived }
}

/** Writes the records and shows what each channel got. */
function route(routing: Routing, channels: number, records: readonly unknown[]) {
  const { writer, arrived } = writerOf(routing, channels)
  for (const record of records) writer.write(record, 0)
  return arrived()
}

const abc = [{ n: 'a' }, { n: 'b' }, { n: 'c' }]

test('forward writes to its one channel', () => {
  expect(route({ kind: 'forward' }, 1, abc)).toEqual([abc])
})

test.each(['rebalance', 'rescale'] as const)('%s takes turns', (kind) => {
  const [a, b, c] = abc
  expect(route({ kind }, 2, abc)).toEqual([[b], [a, c]])
})

test('producers begin their round at different channels', () => {
  const { writer, arrived } = writerOf({ kind: 'rebalance' }, 3, 4)
  writer.write({ n: 'a' }, 0)
  expect(arrived()).toEqual([[], [], [{ n: 'a' }]])
})

test('broadcast writes to all, global to the first', () => {
  expect(route({ kind: 'broadcast' }, 3, abc)).toEqual([abc, abc, abc])
  expect(route({ kind: 'global' }, 2, abc)).toEqual([abc, []])
})

test('a custom partitioner sees the key and the number of channels', () => {
  const routing: Routing = {
    kind: 'custom',
    key: { fn: (record: { n: string }) => record.n },
    choose: (key: string, channels) => (key === 'b' ? channels - 1 : 0),
  }
  const [a, b, c] = abc
  expect(route(routing, 3, abc)).toEqual([[a, c], [], [b]])
})

test.each([3, -1, 0.5, Number.NaN, '0'])('a custom choice of %j out of 3 is refused', (chosen) => {
  const choose = () => chosen as number
  const routing: Routing = { kind: 'custom', key: { field: 'n' }, choose }
  expect(() => route(routing, 3, abc)).toThrow(
    expect.objectContaining({ code: 'BAD_PARTITION', hint: 'return an integer from 0 to 2' }),
  )
})

const keys = [
  ...Array.from({ length: 200 }, (_, k) => `key-${k}`),
  ...Array.from({ length: 50 }, (_, k) => k * 3 - 7),
  ...['', 'ü', '漢字', '😀', '\ud800', 0.5, -0, 2 ** 40, true, null],
]

function ownerOf(key: unknown, parallelism: number): number {
  const encoder = new KeyEncoder()
  encoder.encode(key)
  const group = keyGroupOf(murmur3(encoder.bytes, 0, encoder.length), MAX_PARALLELISM)
  return subtaskOfKeyGroup(group, MAX_PARALLELISM, parallelism)
}

test.each([1, 2, 3, 7])('hash sends each key to the owner of its group, of %i', (parallelism) => {
  const records = keys.map((key) => ({ key, n: 1 }))
  const owners = Array.from({ length: parallelism }, (_, owner) =>
    records.filter((record) => ownerOf(record.key, parallelism) === owner),
  )
  const byField = route({ kind: 'hash', key: { field: 'key' } }, parallelism, records)
  expect(byField).toEqual(owners)
  const keyOf = (record: { key: unknown }) => record.key
  expect(route({ kind: 'hash', key: { fn: keyOf } }, parallelism, records)).toEqual(byField)
})

test('a field name is a name, whatever characters it has', () => {
  const field = `a'] + "\\" + $\{0} + ['`
  const routing: Routing = { kind: 'hash', key: { field } }
  expect(route(routing, 2, [{ [field]: 1 }]).flat()).toEqual([{ [field]: 1 }])
})

test('marks go to all channels, behind what was written', () => {
  const { writer, pairs } = writerOf({ kind: 'global' }, 2)
  writer.write({ n: 1 }, 5)
  writer.mark(MARK_WATERMARK, 5)
  writer.end()
  expect(pairs.map((pair) => drain(pair.input))).toEqual([
    [{ record: { n: 1 }, timeMs: 5 }, [MARK_WATERMARK, 5], [MARK_END, 0]],
    [
      [MARK_WATERMARK, 5],
      [MARK_END, 0],
    ],
  ])
})

test('what is written and not published is known, and counted', () => {
  const { writer } = writerOf({ kind: 'rebalance' }, 2)
  expect(writer.hasUnflushed).toBe(false)
  for (const record of abc) writer.write(record, 0)
  expect(writer.hasUnflushed).toBe(true)
  expect(writer.records).toBe(3)
  expect(writer.bytes).toBe(0)
  writer.flush()
  expect(writer.hasUnflushed).toBe(false)
  expect(writer.records).toBe(3)
  expect(writer.bytes).toBeGreaterThan(0)
})

test('a shape that one channel learned is what the others begin with', () => {
  const { writer, pairs } = writerOf({ kind: 'rebalance' }, 2)
  writer.write({ a: 1 }, 0)
  writer.write({ a: 1 }, 0)
  writer.write({ a: 1, b: 2 }, 0)
  const widened = pairs[1]!.output.writer!.shape
  writer.flush()
  writer.write({ a: 1 }, 0)
  expect(pairs[0]!.output.writer!.shape).toBe(widened)
})
