import { expect, test } from 'vitest'
import { PARK_WORD } from '../../src/channel/doorbell-layout.ts'
import {
  PW_WORD,
  R_WORD,
  ringOf,
  WAITS_FOR_CREDIT,
  WAITS_FOR_NOTHING,
  WAITS_FOR_RELEASE,
} from '../../src/channel/ring-layout.ts'
import { MARK_END, MARK_WATERMARK } from '../../src/codec/page.ts'
import { channelPair, drain, NEAR_WRAP, recordsOf, take } from './harness.ts'

test('nothing is there until a page is published', () => {
  const { output, input } = channelPair()
  output.write({ n: 1 }, 0)
  expect(input.hasInput()).toBe(false)
  expect(input.poll()).toBe(false)
  output.flush()
  expect(input.hasInput()).toBe(true)
  expect(input.isOpen).toBe(false)
  expect(input.poll()).toBe(true)
  expect(input.isOpen).toBe(true)
})

test('a page is read in ranges that end at the next mark', () => {
  const { output, input } = channelPair()
  output.write({ n: 0 }, 0)
  output.write({ n: 1 }, 0)
  output.mark(MARK_WATERMARK, 7)
  output.write({ n: 2 }, 0)
  output.flush()
  input.poll()
  expect([input.cursor, input.limit, input.markKind]).toEqual([0, 2, MARK_WATERMARK])
  input.advance(1)
  input.poll()
  expect([input.cursor, input.limit]).toEqual([1, 2])
  input.advance(2)
  expect([input.cursor, input.limit, input.markValue]).toEqual([2, 2, 7])
  input.takeMark()
  expect([input.cursor, input.limit, input.markKind]).toEqual([2, 3, 0])
  input.advance(3)
  expect(input.isOpen).toBe(false)
})

test('a page is given back when its last record or mark was taken, not before', () => {
  const { output, input, control } = channelPair()
  output.write({ n: 0 }, 0)
  output.mark(MARK_WATERMARK, 7)
  output.flush()
  const released = () => (control[R_WORD]! - NEAR_WRAP) | 0
  input.poll()
  input.advance(1)
  expect(released()).toBe(0)
  input.takeMark()
  expect(released()).toBe(1)
})

test('a cursor goes neither back nor over a mark, and a mark is taken where it stands', () => {
  const { output, input } = channelPair()
  output.write({ n: 0 }, 0)
  output.write({ n: 1 }, 0)
  output.mark(MARK_WATERMARK, 7)
  output.write({ n: 2 }, 0)
  output.flush()
  input.poll()
  expect(() => input.advance(3)).toThrow(/up to the next mark/)
  expect(() => input.takeMark()).toThrow(/no mark at the cursor/)
  input.advance(1)
  expect(() => input.advance(0)).toThrow(/moves forward/)
})

test('the end is seen when its mark is taken', () => {
  const { output, input } = channelPair()
  output.end()
  input.poll()
  expect([input.markKind, input.ended]).toEqual([MARK_END, false])
  input.takeMark()
  expect([input.ended, input.hasInput()]).toEqual([true, false])
  expect(() => output.write({ n: 1 }, 0)).toThrow(/behind the end/)
  expect(() => output.mark(MARK_WATERMARK, 1)).toThrow(/behind the end/)
})

test('a producer that is out of credit says so until there is some', () => {
  const { output, input, credit, control } = channelPair({ size: ringOf(2, 256) })
  output.write({ n: 0 }, 0)
  output.publish()
  expect(control[PW_WORD]).toBe(WAITS_FOR_NOTHING)
  expect(credit.recheck()).toBe(false)
  expect(control[PW_WORD]).toBe(WAITS_FOR_CREDIT)
  drain(input)
  expect(credit.recheck()).toBe(true)
  expect(control[PW_WORD]).toBe(WAITS_FOR_NOTHING)
})

test.each([
  ['for credit is woken when half of it is there', WAITS_FOR_CREDIT, [4, 5, 6]],
  ['for bytes is woken at every release', WAITS_FOR_RELEASE, [2, 3, 4, 5, 6]],
])('a producer that waits %s', (_, waits, expected) => {
  const { output, input, credit, control, producerDoorbell } = channelPair({
    size: ringOf(8, 256),
  })
  const parked = new Int32Array(producerDoorbell)
  for (let n = 0; n < 7; n++) {
    output.write({ n }, 0)
    output.publish()
  }
  expect(credit.recheck()).toBe(false)
  control[PW_WORD] = waits
  take(input)
  const wokenAfter: number[] = []
  for (let released = 2; released <= 6; released++) {
    parked[PARK_WORD] = 1
    take(input)
    if (parked[PARK_WORD] === 0) wokenAfter.push(released)
  }
  expect(wokenAfter).toEqual(expected)
})

test('records are fresh objects that outlive their page', () => {
  const { output, input } = channelPair()
  const taken: unknown[] = []
  const texts = Array.from({ length: 200 }, (_, k) => ({ text: `record number ${k}` }))
  for (const record of texts) {
    output.write(record, 0)
    output.flush()
    taken.push(...recordsOf(drain(input)))
  }
  expect(taken).toEqual(texts)
})

test('a producer that closed its port after the end leaves all it sent', async () => {
  const { output, input } = channelPair()
  const records = Array.from({ length: 3_000 }, (_, n) => ({ n }))
  for (const record of records) output.write(record, 0)
  output.end()
  output.close()
  for (let k = 0; k < 5; k++) await new Promise((resolve) => setImmediate(resolve))
  expect(recordsOf(drain(input))).toEqual(records)
})
