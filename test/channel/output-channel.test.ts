import { expect, test } from 'vitest'

import { MARK_END, MARK_IDLE, MARK_WATERMARK } from '../../src/codec/page.ts'
import { channelPair, drain, recordsOf, take } from './harness.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, n) => ({ n }))

test('records come out once, in order, with their times', () => {
  const { output, input } = channelPair()
  output.write({ n: 1 }, 10)
  output.write({ n: 2 }, 20)
  expect(take(input)).toBeUndefined()
  output.flush()
  expect(drain(input)).toEqual([
    { record: { n: 1 }, timeMs: 10 },
    { record: { n: 2 }, timeMs: 20 },
  ])
})

test('marks stay between the records where they were put', () => {
  const { output, input } = channelPair()
  output.mark(MARK_WATERMARK, 5)
  output.write({ n: 1 }, 10)
  output.mark(MARK_WATERMARK, 10)
  output.mark(MARK_IDLE, 0)
  output.write({ n: 2 }, 20)
  output.end()
  expect(drain(input)).toEqual([
    [MARK_WATERMARK, 5],
    { record: { n: 1 }, timeMs: 10 },
    [MARK_WATERMARK, 10],
    [MARK_IDLE, 0],
    { record: { n: 2 }, timeMs: 20 },
    [MARK_END, 0],
  ])
  expect(input.ended).toBe(true)
  expect(input.poll()).toBe(false)
})

test('a page is awaited where the consumer has given all others back', () => {
  const { output, input } = channelPair()
  const awaited = (n: number) => {
    output.write({ n }, 0)
    output.flushIfAwaited()
    return output.writer === undefined
  }
  expect(awaited(1)).toBe(true)
  expect(awaited(2)).toBe(false)
  expect(recordsOf(drain(input))).toEqual([{ n: 1 }])
  expect(awaited(3)).toBe(true)
  expect(recordsOf(drain(input))).toEqual([{ n: 2 }, { n: 3 }])
  output.flushIfAwaited()
  expect(input.poll()).toBe(false)
})

test('a page full of marks is followed by another', () => {
  const { output, input } = channelPair()
  const values = Array.from({ length: 50 }, (_, k) => k)
  const taken = values.flatMap((value) => {
    output.mark(MARK_WATERMARK, value)
    output.flush()
    return drain(input)
  })
  expect(taken).toEqual(values.map((value) => [MARK_WATERMARK, value]))
})

test('one call that writes more than the ring holds ends without a consumer', () => {
  const { output, input, credit } = channelPair()
  const records = numbers(5_000)
  for (const record of records) output.write(record, 0)
  output.flush()
  expect(credit.overdraftBytes).toBeGreaterThan(0)
  output.end()
  expect(recordsOf(drain(input))).toEqual(records)
  output.refresh()
  expect(credit.overdraftBytes).toBe(0)
})

test('a record that does not fit the shape comes after the ones before it', () => {
  const { output, input } = channelPair()
  const records = [{ a: 1 }, { a: 2, b: 3 }, { a: 4 }, { c: 5 }, { b: 6 }]
  for (const record of records) output.write(record, 0)
  output.end()
  expect(recordsOf(drain(input))).toEqual(records)
})

test('a record larger than a segment, and one larger than the ring, keep their place', () => {
  const { output, input } = channelPair()
  const records = [{ t: 'a' }, { t: 'b'.repeat(700) }, { t: 'c' }, { t: 'd'.repeat(9_000) }]
  for (const record of records) output.write(record, 0)
  output.end()
  expect(recordsOf(drain(input))).toEqual(records)
})

test('a record above the limit is refused with its size and the name of the option', () => {
  const { output, input } = channelPair({ recordBytesMax: 5_000 })
  output.write({ t: 'before' }, 0)
  expect(() => output.write({ t: 'x'.repeat(6_000) }, 0)).toThrow(
    /a record needs 6\d\d\d bytes; pipeline\.record-bytes-max is 5000/,
  )
  output.write({ t: 'after' }, 0)
  output.end()
  expect(recordsOf(drain(input))).toEqual([{ t: 'before' }, { t: 'after' }])
})

test('a page whose text turns out larger when it is finished moves to a larger place', () => {
  const { output, input, credit } = channelPair()
  const records = [{ t: 'ü'.repeat(50) }, { t: '漢'.repeat(60) }, { t: 'c' }]
  for (const record of records) output.write(record, 0)
  output.end()
  expect(recordsOf(drain(input))).toEqual(records)
  output.refresh()
  expect(credit.overdraftBytes).toBe(0)
})

test('no record may start while as many pages as the credit are unread', () => {
  const { output, input, credit } = channelPair()
  for (let page = 0; page < 3; page++) {
    expect(credit.stalled).toBe(0)
    output.write({ page }, 0)
    output.publish()
  }
  expect(credit.stalled).toBe(1)
  expect(credit.recheck()).toBe(false)
  take(input)
  expect(credit.recheck()).toBe(true)
  expect(credit.stalled).toBe(0)
})

test('a channel without credit keeps its page open until there is some', () => {
  const { output, input, edge } = channelPair()
  for (let page = 0; page < 3; page++) {
    output.write({ page }, 0)
    output.publish()
  }
  output.write({ page: 3 }, 0)
  output.flush()
  expect(edge.openPages).toBe(1)
  expect(recordsOf(drain(input))).toHaveLength(3)
  output.flush()
  expect(edge.openPages).toBe(0)
  expect(recordsOf(drain(input))).toEqual([{ page: 3 }])
})

test('a task that must not block fails the record that goes beyond the overdraft', () => {
  const { output, credit } = channelPair({ overdraftBytesMax: 20_000 })
  const fanOut = () => {
    for (let n = 0; n < 100_000; n++) output.write({ n }, 0)
  }
  expect(fanOut).toThrow(expect.objectContaining({ code: 'OVERDRAFT_EXCEEDED' }))
  expect(credit.overdraftBytes).toBeLessThanOrEqual(20_000)
})

test('without a limit a fan-out goes on growing', () => {
  const { output, input } = channelPair({ overdraftBytesMax: 20_000, beyondOverdraft: 'grow' })
  const records = numbers(20_000)
  for (const record of records) output.write(record, 0)
  output.end()
  expect(recordsOf(drain(input))).toEqual(records)
})

test('records and bytes are counted', () => {
  const { output } = channelPair()
  for (const record of numbers(100)) output.write(record, 0)
  output.end()
  expect(output.recordsPublished).toBe(100)
  expect(output.bytesPublished).toBeGreaterThan(1_000)
})
