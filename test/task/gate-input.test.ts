/** Records, marks and barriers of real channels, and what the task makes of them. */
import { expect, test } from 'vitest'
import type { Cut } from '../../src/barrier/cut.ts'
import { ManualClock } from '../../src/base/clock.ts'
import type { BarrierKind } from '../../src/channel/barrier.ts'
import { MARK_ACTIVE, MARK_IDLE, MARK_WATERMARK } from '../../src/codec/page.ts'
import { GateInput } from '../../src/task/gate-input.ts'
import type { PageLoop } from '../../src/task/loops.ts'
import { WatermarkValve } from '../../src/time/watermark-valve.ts'
import { barrierOf, gatePairs } from '../channel/harness.ts'

const END = Number.POSITIVE_INFINITY

function taskOf(channels: number, kind: BarrierKind = 'aligned') {
  const { pairs, gate, doorbell } = gatePairs(channels)
  const clock = new ManualClock(1_000)
  const seen: string[] = []
  const cuts: Cut[] = []
  const state = { recordsAStep: 100 }
  const input = new GateInput({
    gate,
    valve: new WatermarkValve(channels),
    makeLoop: () => (() => 0) as unknown as PageLoop,
    run: (_, reader, from, limit) => {
      const to = Math.min(limit, from + state.recordsAStep)
      for (let row = from; row < to; row++) seen.push((reader.record(row) as { v: string }).v)
      return to
    },
    onWatermark: (timeMs) => seen.push(`watermark ${timeMs}`),
    onIdle: (idle) => seen.push(idle ? 'idle' : 'active'),
    barriers: {
      clock,
      onSnapshot: (cut) => {
        cuts.push(cut)
        seen.push(`snapshot ${cut.barrier.checkpointId}`)
      },
    },
  })
  const run = () => {
    let result = input.step()
    while (result === 'progress') result = input.step()
    return result
  }
  /** Writes and publishes: a string is a record, a number a barrier. */
  const send = (channel: number, ...items: (string | number)[]) => {
    const { output } = pairs[channel]!
    for (const item of items) {
      if (typeof item === 'number') output.barrier({ ...barrierOf(item, 990), kind })
      else output.write({ v: item }, 0)
    }
    output.publish()
  }
  const outputs = pairs.map(({ output }) => output)
  return { input, gate, doorbell, clock, seen, cuts, state, run, send, outputs }
}

test('a channel that is ahead waits until the slower one delivers its barrier', () => {
  const { send, run, seen } = taskOf(2)
  send(0, 'a', 1, 'b')
  send(1, 'c')
  expect(run()).toBe('idle')
  expect(seen).toEqual(['c', 'a'])
  send(1, 'd', 1, 'e')
  expect(run()).toBe('idle')
  expect(seen.slice(0, 4)).toEqual(['c', 'a', 'd', 'snapshot 1'])
  expect(seen.slice(4).sort()).toEqual(['b', 'e'])
})

test('a task whose channels all wait or are empty is idle and may park', () => {
  const { send, run, input, seen } = taskOf(2)
  send(0, 1, 'a')
  expect(input.ready()).toBe(true)
  expect(run()).toBe('idle')
  expect([input.step(), input.ready()]).toEqual(['idle', false])
  expect(seen).toEqual([])
  send(1, 1)
  expect(input.ready()).toBe(true)
  run()
  expect(seen).toEqual(['snapshot 1', 'a'])
})

test('at least once, nobody waits', () => {
  const { send, run, seen } = taskOf(2, 'at-least-once')
  send(0, 1, 'a', 2, 'b')
  run()
  expect(seen).toEqual(['a', 'b'])
  send(1, 1, 2, 'c')
  run()
  expect(seen).toEqual(['a', 'b', 'snapshot 1', 'snapshot 2', 'c'])
})

test('a barrier is taken before the rest of other pages, a record at a time', () => {
  const { send, input, state, seen } = taskOf(2)
  state.recordsAStep = 1
  send(0, 'a', 'b')
  input.step()
  send(1, 1)
  send(0, 1, 'c')
  for (let k = 0; k < 5; k++) input.step()
  expect(seen).toEqual(['a', 'b', 'snapshot 1', 'c'])
})

test('an abort lets a waiting channel go on and frees the slots of all', () => {
  const { send, run, input, seen, outputs } = taskOf(2)
  send(0, 1, 'a', 2, 'b')
  send(1, 'c')
  run()
  input.abort(1)
  expect(input.ready()).toBe(true)
  run()
  expect(seen).toEqual(['c', 'a'])
  send(1, 1, 'd', 2)
  run()
  expect(seen).toEqual(['c', 'a', 'd', 'snapshot 2', 'b'])
  for (const output of outputs) for (let k = 3; k < 11; k++) output.barrier(barrierOf(k))
})

test('a barrier that is known and aborted before it is reached holds nothing up', () => {
  const { send, run, input, state, seen, outputs } = taskOf(2)
  state.recordsAStep = 1
  send(0, 'a', 'b', 1, 'c')
  input.step()
  input.abort(1)
  run()
  expect(seen).toEqual(['a', 'b', 'c'])
  for (let k = 2; k < 10; k++) outputs[0]!.barrier(barrierOf(k))
})

test('the barriers of an aborted checkpoint give their slots back as soon as they come', () => {
  const { send, run, input, outputs } = taskOf(1)
  for (let id = 1; id <= 20; id++) {
    input.abort(id)
    send(0, 'a', id)
    input.step()
  }
  run()
  expect(outputs[0]!.canPlaceBarrier()).toBe(true)
})

test('a task that has ended goes on taking barriers', () => {
  const { send, run, input, seen, outputs } = taskOf(2)
  send(0, 'a')
  outputs[0]!.end()
  outputs[0]!.barrier(barrierOf(1))
  outputs[1]!.barrier(barrierOf(1))
  outputs[1]!.end()
  expect(run()).toBe('ended')
  expect(seen).toEqual(['a', 'snapshot 1', `watermark ${END}`])
  expect(input.ready()).toBe(false)
  for (const output of outputs) output.barrier(barrierOf(2))
  expect(input.ready()).toBe(true)
  expect(run()).toBe('ended')
  expect(seen.at(-1)).toBe('snapshot 2')
})

test('a barrier can be taken without taking a record', () => {
  const { send, input, seen } = taskOf(1)
  send(0, 1, 'a', 2)
  expect([input.takeBarrier(), input.takeBarrier()]).toEqual([true, false])
  expect(seen).toEqual(['snapshot 1'])
})

test('a cut carries the times of its barriers', () => {
  const { send, run, clock, cuts } = taskOf(2)
  send(0, 'a', 1)
  run()
  clock.advance(30)
  send(1, 1)
  run()
  expect(cuts).toEqual([
    {
      barrier: expect.objectContaining(barrierOf(1, 990)),
      announcedMs: 1_000,
      sinceAnnouncedMs: 30,
      firstBarrierMs: 1_000,
      alignmentMs: 30,
      bytesAnnounced: 0,
      bytesProcessed: 88,
      unaligned: false,
      behind: [],
    },
  ])
})

test('marks before a barrier are part of its cut, and the gate goes on from it', () => {
  const { run, input, outputs, seen, cuts } = taskOf(3)
  outputs[0]!.mark(MARK_WATERMARK, 50)
  outputs[1]!.mark(MARK_WATERMARK, 40)
  outputs[2]!.mark(MARK_IDLE, 0)
  for (const output of outputs) output.barrier(barrierOf(1))
  run()
  expect(seen).toEqual(['watermark 40', 'snapshot 1'])
  const saved = input.snapshot(cuts[0]!)
  expect(saved).toEqual({
    watermarkMs: 40,
    channels: [
      { watermarkMs: 50, idle: false },
      { watermarkMs: 40, idle: false },
      { watermarkMs: Number.NEGATIVE_INFINITY, idle: true },
    ],
  })
  const next = taskOf(3)
  expect(next.input.restoreChannels(saved.channels, saved.watermarkMs)).toEqual({
    watermarkMs: 40,
    idle: false,
  })
  next.outputs[1]!.mark(MARK_WATERMARK, 45)
  next.outputs[2]!.mark(MARK_ACTIVE, 0)
  for (const output of next.outputs) output.publish()
  next.run()
  expect(next.seen).toEqual(['watermark 45'])
})

test('a rehearsal waits for open pages alone, and real barriers come behind it', () => {
  const { send, run, input, state, seen, outputs } = taskOf(3)
  state.recordsAStep = 1
  send(0, 'a', 'b')
  input.step()
  input.rehearse()
  send(0, 1, 'c')
  send(1, 'd')
  run()
  expect(seen.slice(0, 3)).toEqual(['a', 'b', 'snapshot 0'])
  expect(seen.slice(3)).toEqual(['d'])
  send(1, 1)
  send(2, 1)
  run()
  expect(seen.slice(4)).toEqual(['snapshot 1', 'c'])
  for (const output of outputs) for (let k = 2; k < 10; k++) output.barrier(barrierOf(k))
})

test.each(['aligned', 'at-least-once'] as const)(
  'a rehearsal changes nothing, whenever it comes: %s',
  (kind) => {
    const at = (rehearsedAt: number) => {
      const { send, input, state, seen } = taskOf(3, kind)
      state.recordsAStep = 1
      const sends = [
        () => send(0, 'a', 'b', 1, 'c'),
        () => send(1, 1, 'd', 2),
        () => send(2, 'e', 'f', 1),
        () => input.abort(2),
        () => send(0, 'g', 2, 3),
        () => send(1, 'h', 3),
        () => send(2, 2, 'i', 3, 'j'),
      ]
      for (let k = 0; k < 60; k++) {
        if (k % 4 === 0) sends[k / 4]?.()
        if (k === rehearsedAt) input.rehearse()
        input.step()
      }
      return seen.filter((what) => what !== 'snapshot 0')
    }
    const placeIn = (seen: readonly string[], what: string) =>
      seen.indexOf(what.replace(/^s/, 'snapshot '))
    const cutsOf = (seen: readonly string[]) => seen.filter((what) => what.startsWith('snapshot'))
    const undisturbed = at(Number.POSITIVE_INFINITY)
    expect(cutsOf(undisturbed)).toEqual(['snapshot 1', 'snapshot 3'])
    for (let k = 0; k < 60; k++) {
      const seen = at(k)
      expect(seen.toSorted(), `at ${k}`).toEqual(undisturbed.toSorted())
      expect(cutsOf(seen), `at ${k}`).toEqual(cutsOf(undisturbed))
      if (kind === 'at-least-once') continue
      for (const order of ['b s1', 'f s1', 's1 c', 's1 d', 'h s3', 's3 j']) {
        const [first, second] = order.split(' ').map((what) => placeIn(seen, what))
        expect(first, `${order} at ${k}`).toBeLessThan(second!)
      }
    }
  },
)
