import { expect, test } from 'vitest'
import { PW_WORD, R_WORD, ringOf } from '../../src/channel/ring-layout.ts'
import { MARK_END, MARK_WATERMARK } from '../../src/codec/page.ts'
import { channelPair, drain, NEAR_WRAP, recordsOf } from './harness.ts'

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

test('a producer that waits for credit is told of every release', () => {
  const { output, input, credit, control } = channelPair({ size: ringOf(2, 256) })
  output.write({ n: 0 }, 0)
  output.publish()
  expect(control[PW_WORD]).toBe(0)
  expect(credit.recheck()).toBe(false)
  expect(control[PW_WORD]).toBe(1)
  drain(input)
  expect(credit.recheck()).toBe(true)
  expect(control[PW_WORD]).toBe(0)
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
