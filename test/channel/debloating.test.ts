/** What waits before a slow task is as much as it can do in the time that was chosen. */
import { expect, test } from 'vitest'
import { Debloating } from '../../src/channel/debloating.ts'
import { ringOf } from '../../src/channel/ring-layout.ts'
import { channelPair, drain, recordsOf } from './harness.ts'

const PERIOD_MS = 200
const PAGES = 28
const options = { targetMs: 75, samples: 20, thresholdPercent: 5, pageBytesMax: 64 << 10 }

/** A task behind producers that are faster: of pages there are always as many as there may be. */
function fullGate() {
  const debloating = new Debloating(options)
  let pageBytes = options.pageBytesMax
  let pages: number[] = new Array(PAGES).fill(pageBytes)
  const take = (bytes: number) => {
    let left = bytes
    while (left > 0) {
      const taken = Math.min(left, pages[0]!)
      left -= taken
      pages[0]! -= taken
      if (pages[0] === 0) pages = [...pages.slice(1), pageBytes]
    }
  }
  return {
    /** Lets the task take so many bytes a millisecond; returns what waits then, in ms of it. */
    run(seconds: number, bytesPerMs: number): number {
      for (let ms = 0; ms < seconds * 1e3; ms += PERIOD_MS) {
        const bytes = bytesPerMs * PERIOD_MS
        take(bytes)
        const told = debloating.observe({ bytes, activeMs: PERIOD_MS, pages: PAGES })
        pageBytes = told ?? pageBytes
      }
      return pages.reduce((sum, page) => sum + page, 0) / bytesPerMs
    },
    get pageBytes() {
      return pageBytes
    },
  }
}

test.each([
  [3_400, 340],
  [340, 3_400],
  [10_000, 1_000],
])('from %i bytes/ms to %i, 5 s later the time is within a quarter of its target', (from, to) => {
  const gate = fullGate()
  // What lies in the ring at first has to be worked off.
  const before = gate.run(10, from)
  expect(Math.abs(before - options.targetMs)).toBeLessThan(options.targetMs / 4)
  const after = gate.run(5, to)
  expect(Math.abs(after - options.targetMs)).toBeLessThan(options.targetMs / 4)
})

test('a task that is fast enough has pages as large as they can be, soon after it was slow', () => {
  const gate = fullGate()
  expect(gate.run(5, 1_000_000)).toBeLessThan(options.targetMs)
  expect(gate.pageBytes).toBe(options.pageBytesMax)
  gate.run(10, 1_000)
  expect(gate.pageBytes).toBeLessThan(4_000)
  gate.run(5, 1_000_000)
  expect(gate.pageBytes).toBe(options.pageBytesMax)
})

test('small changes are not told, and a task that took nothing is not looked at', () => {
  const debloating = new Debloating({ ...options, samples: 1, thresholdPercent: 25 })
  const at = (bytes: number) => debloating.observe({ bytes, activeMs: 100, pages: 10 })
  expect(at(100_000)).toBe(7_504)
  expect(at(110_000)).toBeUndefined()
  expect(at(0)).toBeUndefined()
  expect(at(130_000)).toBe(9_752)
  expect(debloating.observe({ bytes: 5, activeMs: 0, pages: 1 })).toBeUndefined()
  expect(at(1)).toBe(256)
})

test('a producer holds to it from its next page on, but for records that are larger', () => {
  const { output, input } = channelPair({ size: ringOf(8, 4096) })
  const texts = ['a', 'b'.repeat(300), 'c', 'd'.repeat(400), 'e']
  const records = texts.map((t) => ({ t }))
  const pagesOf = () => {
    const before = input.nextSeq
    for (const record of records) output.write(record, 0)
    output.publish()
    expect(recordsOf(drain(input))).toEqual(records)
    return input.nextSeq - before
  }
  const whole = pagesOf()
  input.limitPages(256)
  expect(pagesOf()).toBeGreaterThan(whole)
  input.limitPages(0)
  expect(pagesOf()).toBe(whole)
})
