import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WatermarkValve } from '../../src/time/watermark-valve.ts'

const NONE = Number.NEGATIVE_INFINITY
const END = Number.POSITIVE_INFINITY
type Step = readonly [channel: number, event: number | 'idle' | 'active' | 'end']

function run(channels: number, steps: readonly Step[]) {
  const valve = new WatermarkValve(channels)
  return steps.map((step) => {
    take(valve, step)
    return valve.isIdle ? `idle ${valve.watermarkMs}` : valve.watermarkMs
  })
}

function take(valve: WatermarkValve, [channel, event]: Step): void {
  if (typeof event === 'number') valve.watermark(channel, event)
  else if (event === 'end') valve.end(channel)
  else valve.idle(channel, event === 'idle')
}

const scenarios: Record<string, readonly (readonly [...Step, number | string])[]> = {
  'the slowest channel holds event time': [
    [0, 10, NONE],
    [1, 5, 5],
    [1, 20, 10],
    [0, 15, 15],
  ],
  'an idle channel holds nothing up, and counts again when it has caught up': [
    [0, 10, NONE],
    [1, 'idle', 10],
    [0, 30, 30],
    [1, 'active', 30],
    [0, 40, 40],
    [1, 20, 40],
    [1, 45, 40],
    [0, 60, 45],
  ],
  'all idle is idle, at the time of the latest': [
    [0, 10, NONE],
    [1, 20, 10],
    [1, 'idle', 10],
    [0, 'idle', 'idle 20'],
    [0, 'active', 20],
  ],
  'a watermark that goes back changes nothing': [
    [0, 10, NONE],
    [1, 10, 10],
    [0, 5, 10],
  ],
  'a channel that has ended holds nothing up, and all of them are the end of time': [
    [0, 10, NONE],
    [1, 'end', 10],
    [0, 12, 12],
    [0, 'end', END],
  ],
  'the end of one channel while the other is idle is not the end of time': [
    [0, 10, NONE],
    [1, 'idle', 10],
    [0, 'end', 'idle 10'],
    [1, 'active', 10],
    [1, 12, 12],
    [1, 'end', END],
  ],
  'a watermark at the end of time is the end of its channel': [
    [0, END, NONE],
    [1, 'idle', `idle ${NONE}`],
    [1, 'active', NONE],
    [1, END, END],
  ],
}

test.each(Object.entries(scenarios))('%s', (_, steps) => {
  const given = steps.map(([channel, event]) => [channel, event] as const)
  expect(run(2, given)).toEqual(steps.map(([, , expected]) => expected))
})

test('event time never goes back and never passes an active channel that has kept up', () => {
  const step = fc.tuple(
    fc.integer({ min: 0, max: 2 }),
    fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 0, max: 50 }) },
      { weight: 2, arbitrary: fc.constantFrom('idle' as const, 'active' as const) },
      { weight: 1, arbitrary: fc.constant('end' as const) },
    ),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const valve = new WatermarkValve(3)
      const times = [NONE, NONE, NONE]
      const idle = [false, false, false]
      const ended = [false, false, false]
      let before = NONE
      for (const [channel, event] of steps) {
        if (ended[channel]) continue
        take(valve, [channel, event])
        if (typeof event === 'number') times[channel] = Math.max(times[channel]!, event)
        else if (event === 'end') ended[channel] = true
        else idle[channel] = event === 'idle'
        expect(valve.watermarkMs).toBeGreaterThanOrEqual(before)
        if (valve.watermarkMs > before && !valve.isIdle) {
          const active = times.filter((_, c) => !idle[c] && !ended[c] && times[c]! >= before)
          if (active.length > 0) expect(valve.watermarkMs).toBe(Math.min(...active))
        }
        const open = [0, 1, 2].filter((c) => !ended[c])
        expect(valve.isIdle).toBe(open.length > 0 && open.every((c) => idle[c]))
        expect(valve.watermarkMs === END).toBe(open.length === 0)
        before = valve.watermarkMs
      }
    }),
    { numRuns: 300 },
  )
})

type Saved = readonly (readonly [watermarkMs: number, idle?: 'idle'])[]

const restored: Record<string, readonly [Saved, mergedMs: number | undefined, string | number]> = {
  'the slowest channel': [[[10], [20]], undefined, 10],
  'none that is idle': [[[5, 'idle'], [20]], undefined, 20],
  'none that has ended': [[[END], [20]], undefined, 20],
  'the end of time if all have ended': [[[END], [END]], undefined, END],
  'idle at the latest if all are idle': [
    [
      [5, 'idle'],
      [20, 'idle'],
    ],
    undefined,
    'idle 20',
  ],
  'idle if the others have ended': [[[END], [20, 'idle']], undefined, 'idle 20'],
  'nothing where nothing came': [[[NONE], [20]], undefined, NONE],
  'what it was, ahead of a channel that woke up late': [[[10], [30]], 30, 30],
  'what it was, behind channels that are idle': [
    [
      [10, 'idle'],
      [30, 'idle'],
    ],
    25,
    'idle 25',
  ],
}

test.each(Object.entries(restored))('a restored valve is at: %s', (_, [saved, mergedMs, at]) => {
  const valve = new WatermarkValve(saved.length)
  valve.restore(
    saved.map(([watermarkMs, idle]) => ({ watermarkMs, idle: idle === 'idle' })),
    mergedMs,
  )
  expect(valve.isIdle ? `idle ${valve.watermarkMs}` : valve.watermarkMs).toBe(at)
})

test('a restored valve goes on as the one that was saved would have', () => {
  const step = fc.tuple(
    fc.nat(3),
    fc.oneof(fc.nat(40), fc.constantFrom('idle' as const, 'active' as const, 'end' as const)),
  )
  fc.assert(
    fc.property(fc.array(step), fc.array(step), (before, behind) => {
      const saved = new WatermarkValve(4)
      for (const one of before) take(saved, one)
      const valve = new WatermarkValve(4)
      const channels = [0, 1, 2, 3].map((k) => ({
        watermarkMs: saved.channelWatermarkMs(k),
        idle: saved.channelIsIdle(k),
      }))
      valve.restore(channels, saved.watermarkMs)
      const seen = (one: WatermarkValve) => [one.watermarkMs, one.isIdle]
      expect(seen(valve)).toEqual(seen(saved))
      for (const one of behind) {
        take(saved, one)
        take(valve, one)
        expect(seen(valve)).toEqual(seen(saved))
      }
    }),
    { numRuns: 1_000 },
  )
})

test('channels that say again that they are idle change nothing, in whatever order they do', () => {
  const step = fc.tuple(fc.nat(3), fc.oneof(fc.nat(40), fc.constantFrom('idle' as const, 'end')))
  const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 })
  fc.assert(
    fc.property(fc.array(step), order, fc.array(step), (before, order, behind) => {
      const saved = new WatermarkValve(4)
      for (const one of before) take(saved, one as Step)
      const times = order.map((_, k) => ({
        watermarkMs: saved.channelWatermarkMs(k),
        idle: saved.channelIsIdle(k),
      }))
      const valve = new WatermarkValve(4)
      valve.restore(times, saved.watermarkMs)
      valve.awaitIdle()
      for (const k of order) {
        valve.watermark(k, times[k]!.watermarkMs)
        if (times[k]!.idle) valve.idle(k, true)
        expect(valve.watermarkMs).toBe(saved.watermarkMs)
      }
      const seen = (one: WatermarkValve) => [one.watermarkMs, one.isIdle]
      expect(seen(valve)).toEqual(seen(saved))
      for (const one of behind) {
        take(saved, one as Step)
        take(valve, one as Step)
        expect(seen(valve)).toEqual(seen(saved))
      }
    }),
    { numRuns: 1_000 },
  )
})
