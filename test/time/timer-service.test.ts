import { expect, test } from 'vitest'
import { HeapKeyedState } from '../../src/state/heap/heap-keyed-state.ts'
import { TimerService } from '../../src/time/timer-service.ts'

function service(onFire: (timers: TimerService, timeMs: number) => void = () => {}) {
  const keyed = new HeapKeyedState({ maxParallelism: 128, keyGroupFrom: 0, keyGroupTo: 128 })
  const fired: unknown[] = []
  const wakes: number[] = []
  const fire = (kind: string) => (timeMs: number) => {
    fired.push([kind, keyed.key, timeMs])
    onFire(timers, timeMs)
  }
  const timers: TimerService = new TimerService({
    keyed,
    onEventTime: fire('event'),
    onProcessingTime: fire('processing'),
    wakeAt: (timeMs) => wakes.push(timeMs),
  })
  return { keyed, timers, fired, wakes }
}

const ALL = Number.POSITIVE_INFINITY

test('event-time timers fire in the order of time for the key that set them, once each', () => {
  const { keyed, timers, fired } = service()
  keyed.setKey('a')
  timers.onEventTime(20)
  timers.onEventTime(20)
  keyed.setKey('b')
  timers.onEventTime(10)
  timers.onEventTime(30)
  expect(timers.fireEventTime(20, ALL)).toBe(false)
  expect(fired).toEqual([
    ['event', 'b', 10],
    ['event', 'a', 20],
  ])
  timers.deleteEventTime(30)
  keyed.setKey('b')
  timers.deleteEventTime(30)
  timers.fireEventTime(ALL, ALL)
  expect(fired.length).toBe(2)
  expect(keyed.countKeys()).toBe(0)
})

test('a flood of timers is fired in runs', () => {
  const { keyed, timers, fired } = service()
  for (let i = 0; i < 10; i++) {
    keyed.setKey(i)
    timers.onEventTime(5)
  }
  expect(timers.fireEventTime(5, 4)).toBe(true)
  expect(fired.length).toBe(4)
  expect(timers.fireEventTime(5, 6)).toBe(false)
  expect(fired.length).toBe(10)
})

test('a timer at the end of time fires once, with the time Infinity', () => {
  const { keyed, timers, fired } = service((own) => own.onEventTime(ALL))
  keyed.setKey('a')
  timers.onEventTime(ALL)
  timers.onEventTime(7)
  timers.fireEventTime(1e12, ALL)
  expect(fired).toEqual([['event', 'a', 7]])
  timers.fireEventTime(ALL, ALL)
  timers.fireEventTime(ALL, ALL)
  expect(fired).toEqual([
    ['event', 'a', 7],
    ['event', 'a', ALL],
  ])
  expect(timers.eventTimeCount).toBe(0)
})

test('a timer set in the past fires with the next watermark', () => {
  const { keyed, timers, fired } = service((own, timeMs) => {
    if (timeMs === 50) own.onEventTime(1)
  })
  keyed.setKey('a')
  timers.onEventTime(50)
  timers.fireEventTime(100, ALL)
  expect(fired).toEqual([
    ['event', 'a', 50],
    ['event', 'a', 1],
  ])
})

test('timers that set timers for ever after the end of time fail instead of never ending', () => {
  const { keyed, timers } = service((own, timeMs) => own.onEventTime(timeMs + 1000))
  keyed.setKey('a')
  timers.onEventTime(0)
  expect(() => timers.fireEventTime(ALL, ALL)).toThrow(
    expect.objectContaining({ code: 'TIMERS_WITHOUT_END' }),
  )
})

test('processing-time timers ask to be woken for the earliest', () => {
  const { keyed, timers, fired, wakes } = service()
  keyed.setKey('a')
  timers.onProcessingTime(100)
  timers.onProcessingTime(200)
  timers.onProcessingTime(50)
  timers.deleteProcessingTime(50)
  expect(wakes).toEqual([100, 50, 100])
  timers.fireProcessingTime(120, ALL)
  expect(fired).toEqual([['processing', 'a', 100]])
  expect(wakes.at(-1)).toBe(200)
})

test.each([Number.NaN, undefined, '5', new Date(5)])('a timer for %s is refused', (time) => {
  const { keyed, timers } = service()
  keyed.setKey('a')
  expect(() => timers.onEventTime(time as number)).toThrow(
    expect.objectContaining({ code: 'BAD_TIMER_TIME' }),
  )
})
