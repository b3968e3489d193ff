/** A gate whose producers publish pages before they are full still holds as much as was chosen. */
import { expect, test } from 'vitest'
import { ManualClock } from '../../src/base/clock.ts'
import type { InputGate } from '../../src/channel/input-gate.ts'
import { GateDebloating } from '../../src/task/gate-debloating.ts'

const TARGET_MS = 75
const BYTES_PER_MS = 1_000
const PERIOD_MS = 200
const PAGES = 10

interface Debloated {
  readonly clock: ManualClock
  /** Half of the one that is being read is done. */
  readonly pagesOnTheirWay: number
  readonly limitPages: (bytes: number) => void
  readonly targetMs: number
  readonly pageBytesMax: number
}

function debloated({ clock, pagesOnTheirWay, limitPages, ...sizes }: Debloated) {
  const gate = { bytesTaken: 0, pagesTaken: 0, pagesOnTheirWay, limitPages }
  const debloating = new GateDebloating({
    gate: gate as unknown as InputGate,
    clock,
    idleMs: () => 0,
    periodMs: PERIOD_MS,
    samples: 20,
    thresholdPercent: 5,
    ...sizes,
  })
  return { gate, debloating }
}

test.each([1, 0.7, 0.4])('pages that are full to %f', (filled) => {
  const clock = new ManualClock(0)
  let limit = 32 << 10
  const { gate, debloating } = debloated({
    clock,
    pagesOnTheirWay: PAGES + 0.5,
    limitPages: (bytes: number) => void (limit = bytes),
    targetMs: TARGET_MS,
    pageBytesMax: limit,
  })
  for (let k = 0; k < 100; k++) {
    clock.advance(PERIOD_MS)
    gate.bytesTaken += BYTES_PER_MS * PERIOD_MS
    gate.pagesTaken += (BYTES_PER_MS * PERIOD_MS) / (limit * filled)
    debloating.tick()
  }
  const waitsMs = (PAGES * limit * filled) / BYTES_PER_MS
  expect(Math.abs(waitsMs - TARGET_MS)).toBeLessThan(TARGET_MS / 10)
})

test.each([
  ['many pages a period', 5_000, 75],
  ['a page for several periods', 50, 2_000],
  ['a page for many periods', 4, 10_000],
])('a page is counted when it is opened, whole: %s', (_, bytesPerMs, targetMs) => {
  const clock = new ManualClock(0)
  let limit = 64 << 10
  const { gate, debloating } = debloated({
    clock,
    pagesOnTheirWay: PAGES + 0.5,
    limitPages: (bytes: number) => void (limit = bytes),
    targetMs,
    pageBytesMax: limit,
  })
  let done = 0
  for (let ms = 0; ms < 600_000; ms += 50) {
    clock.advance(50)
    done += bytesPerMs * 50
    for (; gate.bytesTaken <= done; gate.bytesTaken += limit) gate.pagesTaken++
    debloating.tick()
  }
  const waitsMs = (PAGES * limit) / bytesPerMs
  expect(waitsMs / targetMs).toBeGreaterThan(0.75)
  expect(waitsMs / targetMs).toBeLessThan(1.25)
})

test("the time before the first page is nobody's", () => {
  const clock = new ManualClock(0)
  const told: number[] = []
  const { gate, debloating } = debloated({
    clock,
    pagesOnTheirWay: 1,
    limitPages: (bytes: number) => void told.push(bytes),
    targetMs: 1_000,
    pageBytesMax: 64 << 10,
  })
  // Its operators are opened, or restored.
  clock.advance(60_000)
  debloating.tick()
  for (let k = 0; k < 20; k++) {
    gate.bytesTaken += 200_000
    gate.pagesTaken += 4
    debloating.tick()
    clock.advance(PERIOD_MS)
  }
  expect(told).toEqual([])
})
