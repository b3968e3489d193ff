import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TimerQueue } from '../../src/time/timer-queue.ts'

interface Timer {
  readonly timeMs: number
  readonly slot: number
}

const timer = fc.record({
  timeMs: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constantFrom(Number.POSITIVE_INFINITY, 0.5)),
  slot: fc.integer({ min: 0, max: 4 }),
})
const step = fc.oneof(
  { weight: 4, arbitrary: timer.map((t) => ({ op: 'add' as const, t })) },
  { weight: 2, arbitrary: timer.map((t) => ({ op: 'delete' as const, t })) },
  { weight: 1, arbitrary: fc.constant({ op: 'pop' as const, t: undefined }) },
)

/** A sorted array: by time, then in the order of setting. */
class Model {
  readonly timers: Timer[] = []

  indexOf(t: Timer): number {
    return this.timers.findIndex((other) => other.timeMs === t.timeMs && other.slot === t.slot)
  }

  add(t: Timer): void {
    const after = this.timers.findIndex((other) => other.timeMs > t.timeMs)
    this.timers.splice(after < 0 ? this.timers.length : after, 0, t)
  }
}

test('a timer queue does what a sorted array does', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const queue = new TimerQueue()
      const model = new Model()
      for (const { op, t } of steps) {
        const at = t === undefined ? -1 : model.indexOf(t)
        if (op === 'add') {
          expect(queue.add(t.timeMs, t.slot)).toBe(at < 0)
          if (at < 0) model.add(t)
        } else if (op === 'delete') {
          expect(queue.delete(t.timeMs, t.slot)).toBe(at >= 0)
          if (at >= 0) model.timers.splice(at, 1)
        } else if (model.timers.length > 0) {
          expect(queue.isDue(model.timers[0]!.timeMs)).toBe(true)
          expect(queue.firstTimeMs).toBe(model.timers[0]!.timeMs)
          expect(queue.pop()).toBe(model.timers.shift()!.slot)
        }
        expect(queue.size).toBe(model.timers.length)
      }
      const listed: string[] = []
      for (let timer = 0; timer < queue.timerEnd; timer++) {
        if (!queue.isPending(timer)) continue
        const timeMs = queue.timeOf(timer)
        listed.push(`${timeMs === 0 ? 0 : timeMs} ${queue.slotOf(timer)}`)
      }
      expect(listed.sort()).toEqual(
        model.timers.map((t) => `${t.timeMs === 0 ? 0 : t.timeMs} ${t.slot}`).sort(),
      )
    }),
    { numRuns: 200 },
  )
})

test('a hundred thousand timers of distinct times come in order, and nothing is left', () => {
  const queue = new TimerQueue()
  for (let i = 0; i < 100_000; i++) queue.add((i * 7919) % 100_003, i)
  for (let i = 0; i < 100_000; i += 2) queue.delete((i * 7919) % 100_003, i)
  let last = -1
  let wrong = 0
  while (queue.size > 0) {
    const time = queue.firstTimeMs
    if (!(time > last) || queue.pop() % 2 !== 1) wrong++
    last = time
  }
  expect(wrong).toBe(0)
  expect(queue.isDue(Number.POSITIVE_INFINITY)).toBe(false)
})
