/** Barriers as both ends of a channel see them, in one thread. */
import { expect, test } from 'vitest'
import type { BarrierRules } from '../../src/channel/barrier.ts'
import { InputGate } from '../../src/channel/input-gate.ts'
import {
  BARRIER_SLOT_WORDS,
  BARRIER_SLOTS_WORD,
  ringOf,
  SLOT_FREE,
  SLOT_STATE_WORD,
  W_WORD,
} from '../../src/channel/ring-layout.ts'
import type { SharedWords } from '../../src/channel/shared-words.ts'
import { atomicWords } from '../../src/channel/shared-words.ts'
import { MARK_END } from '../../src/codec/page.ts'
import type { Item } from './harness.ts'
import { barrierOf, channelPair, drain, gatePairs, NEAR_WRAP, recordsOf, take } from './harness.ts'

/** One channel whose consumer sees barriers. */
function watched(options: Parameters<typeof channelPair>[0] = {}) {
  const { pairs, gate, doorbell } = gatePairs(1, options)
  const pair = pairs[0]!
  const filledSlots = () =>
    Array.from({ length: 8 }, (_, k) => BARRIER_SLOTS_WORD + k * BARRIER_SLOT_WORDS).filter(
      (slot) => pair.control[slot + SLOT_STATE_WORD] !== SLOT_FREE,
    ).length
  return { ...pair, gate, doorbell, filledSlots }
}

/** What is read until nothing is left: records, and the ids of barriers where they are due. */
function readAll({ input, gate }: ReturnType<typeof watched>) {
  const seen: unknown[] = []
  for (;;) {
    gate.nextWithBarrier()
    if (input.isBarrierDue) seen.push(input.takeBarrier().checkpointId)
    else {
      const item = take(input)
      if (item === undefined) return seen
      seen.push('record' in item ? (item.record as { n: number }).n + 1_000 : item[0])
    }
  }
}

test('a barrier stands where it was put, between the records before and behind it', () => {
  const channel = watched()
  const { output } = channel
  output.write({ n: 1 }, 0)
  output.write({ n: 2 }, 0)
  output.barrier(barrierOf(7))
  output.write({ n: 3 }, 0)
  output.flush()
  expect(readAll(channel)).toEqual([1001, 1002, 7, 1003])
})

const rules: readonly BarrierRules[] = [
  { kind: 'aligned', alignedTimeoutMs: 0, channelStateBytesMax: 0 },
  { kind: 'at-least-once', alignedTimeoutMs: 0, channelStateBytesMax: 1 },
  { kind: 'unaligned', alignedTimeoutMs: 0, channelStateBytesMax: 2 ** 30 },
  { kind: 'unaligned', alignedTimeoutMs: 24 * 86_400_000, channelStateBytesMax: 5 },
]

test.each(rules)('a barrier carries its checkpoint, when it was triggered, and %o', (one) => {
  const { output, input, gate } = watched()
  const barrier = { ...one, checkpointId: 2 ** 31 - 1, triggeredMs: 1_790_000_000_000.5 }
  output.barrier(barrier)
  gate.next()
  expect(input.takeBarrier()).toMatchObject(barrier)
})

test('a barrier is due although no page is behind it, and none before', () => {
  const channel = watched()
  expect(channel.gate.ready()).toBe(false)
  channel.output.barrier(barrierOf(1))
  expect(channel.gate.ready()).toBe(true)
  expect(channel.gate.next()).toBe(channel.input)
  expect(channel.input.isBarrierDue).toBe(true)
  expect(channel.gate.ready()).toBe(true)
  channel.input.takeBarrier()
  expect(channel.gate.ready()).toBe(false)
  expect(channel.gate.next()).toBeUndefined()
})

test('several barriers may stand in one place, and are taken in the order of their ids', () => {
  const channel = watched()
  channel.output.write({ n: 0 }, 0)
  for (const id of [3, 4, 9]) channel.output.barrier(barrierOf(id))
  channel.output.write({ n: 1 }, 0)
  channel.output.flush()
  expect(readAll(channel)).toEqual([1000, 3, 4, 9, 1001])
})

test('a barrier stands behind the end of its channel', () => {
  const channel = watched()
  channel.output.write({ n: 0 }, 0)
  channel.output.end()
  channel.output.barrier(barrierOf(1))
  channel.output.barrier(barrierOf(2))
  expect(readAll(channel)).toEqual([1000, MARK_END, 1, 2])
})

test('a barrier needs no credit and no free segment', () => {
  const channel = watched({ size: ringOf(2, 256), beyondOverdraft: 'grow' })
  const { output, credit } = channel
  for (let n = 0; n < 200; n++) output.write({ n }, 0)
  expect(credit.stalled).toBe(1)
  output.barrier(barrierOf(1))
  output.write({ n: 200 }, 0)
  output.publish()
  const seen = readAll(channel)
  expect(seen.indexOf(1)).toBe(200)
  expect(seen).toHaveLength(202)
})

test('barriers are known, with their places, before the pages before them are read', () => {
  const { output, input, gate } = watched()
  output.write({ n: 0 }, 0)
  output.barrier(barrierOf(1))
  output.write({ n: 1 }, 0)
  output.publish()
  output.barrier(barrierOf(2))
  gate.nextWithBarrier()
  expect(input.nextSeq).toBe(NEAR_WRAP)
  expect(input.barriers.map(({ checkpointId, position }) => [checkpointId, position])).toEqual([
    [1, NEAR_WRAP + 1],
    [2, NEAR_WRAP + 2],
  ])
  expect(input.isBarrierDue).toBe(false)
})

test('positions wrap', () => {
  const channel = watched({ firstSeq: 2 ** 31 - 3 })
  const expected: number[] = []
  for (let n = 0; n < 8; n++) {
    channel.output.write({ n }, 0)
    channel.output.barrier(barrierOf(n + 1))
    expected.push(n + 1_000, n + 1)
    if (n % 2 === 0) continue
    expect(readAll(channel)).toEqual(expected.splice(0))
  }
  expect(channel.control[W_WORD]).toBe(-(2 ** 31) + 5)
})

test('eight barriers are on their way at most; a slot is free again when one is taken', () => {
  const channel = watched()
  const { output, input, gate, filledSlots } = channel
  for (let id = 1; id <= 8; id++) {
    expect(output.canPlaceBarrier()).toBe(true)
    output.barrier(barrierOf(id))
  }
  expect(output.canPlaceBarrier()).toBe(false)
  expect(() => output.barrier(barrierOf(9))).toThrow(/without a free slot/)
  gate.next()
  input.takeBarrier()
  expect([output.canPlaceBarrier(), filledSlots()]).toEqual([true, 7])
  output.barrier(barrierOf(10))
  expect(readAll(channel)).toEqual([2, 3, 4, 5, 6, 7, 8, 10])
  expect(filledSlots()).toBe(0)
})

test('a barrier that was dropped holds nothing up, wherever it stood', () => {
  const channel = watched()
  const { output, input, gate, filledSlots } = channel
  output.write({ n: 0 }, 0)
  for (const id of [1, 2, 3]) output.barrier(barrierOf(id))
  output.write({ n: 1 }, 0)
  output.barrier(barrierOf(4))
  gate.nextWithBarrier()
  gate.dropBarriers(2)
  gate.dropBarriers(4)
  gate.dropBarriers(99)
  expect(filledSlots()).toBe(2)
  expect(input.barriers.map(({ checkpointId }) => checkpointId)).toEqual([1, 3])
  expect(readAll(channel)).toEqual([1000, 1, 3, 1001])
})

test('slots that were dropped out of their order are filled again, and the order stays', () => {
  const channel = watched()
  const { output, gate } = channel
  for (let id = 1; id <= 8; id++) output.barrier(barrierOf(id))
  gate.nextWithBarrier()
  for (const id of [7, 2, 5]) gate.dropBarriers(id)
  for (const id of [9, 10, 11]) output.barrier(barrierOf(id))
  expect(output.canPlaceBarrier()).toBe(false)
  expect(readAll(channel)).toEqual([1, 3, 4, 6, 8, 9, 10, 11])
})

test('barriers of a channel come in the order of their ids', () => {
  const { output } = channelPair()
  output.barrier(barrierOf(3))
  expect(() => output.barrier(barrierOf(3))).toThrow(/in the order of their ids/)
})

test('a barrier is taken only where it stands', () => {
  const { output, input, gate } = watched()
  expect(() => input.takeBarrier()).toThrow(/no barrier is due/)
  output.write({ n: 0 }, 0)
  output.barrier(barrierOf(1))
  gate.next()
  expect(() => input.takeBarrier()).toThrow(/no barrier is due/)
})

/**
 * Calls `interrupt` once, just before or behind the consumer's access to a word: what another
 * thread may do there.
 */
function interrupted(word: number, when: 'before' | 'behind', interrupt: () => void): SharedWords {
  let isDone = false
  const once = () => {
    if (isDone) return
    isDone = true
    interrupt()
  }
  return {
    ...atomicWords,
    load(words, index) {
      if (index === word && when === 'before') once()
      const value = atomicWords.load(words, index)
      if (index === word && when === 'behind') once()
      return value
    },
  }
}

const lastSlotState = BARRIER_SLOTS_WORD + 7 * BARRIER_SLOT_WORDS + SLOT_STATE_WORD
const firstSlotState = BARRIER_SLOTS_WORD + SLOT_STATE_WORD

const moments: readonly (readonly [string, number, 'before' | 'behind'])[] = [
  ['just before W is read', W_WORD, 'before'],
  ['just behind', W_WORD, 'behind'],
  ['before the first slot is looked at', firstSlotState, 'before'],
  ['behind the first slot', firstSlotState, 'behind'],
  ['behind the last slot', lastSlotState, 'behind'],
]

test.each(moments)('barriers and a page that come %s are seen in their order', (_, word, when) => {
  const other = (): void => {
    channel.output.write({ n: 1 }, 0)
    channel.output.barrier(barrierOf(2))
    channel.output.barrier(barrierOf(3))
    channel.output.write({ n: 2 }, 0)
    channel.output.publish()
    channel.output.barrier(barrierOf(4))
  }
  const channel = watched({ words: interrupted(word, when, other) })
  channel.output.write({ n: 0 }, 0)
  channel.output.barrier(barrierOf(1))
  const seen = [...readAll(channel), ...readAll(channel)]
  expect(seen).toEqual([1000, 1, 1001, 2, 3, 1002, 4])
})

test.each(moments)('a barrier and a page that come %s are not mistaken', (_, word, when) => {
  const other = (): void => {
    channel.output.barrier(barrierOf(1))
    channel.output.write({ n: 0 }, 0)
    channel.output.publish()
  }
  const channel = watched({ words: interrupted(word, when, other) })
  // Somebody rang for nothing: the slots are looked at.
  channel.doorbell.setPriority()
  expect([...readAll(channel), ...readAll(channel)]).toEqual([1, 1000])
})

test('a barrier that comes between a look before parking and the next read is not passed', () => {
  const { output, input, gate } = watched()
  output.write({ n: 0 }, 0)
  output.flush()
  expect(input.hasInput()).toBe(true)
  const items: Item[] = drain(input)
  output.barrier(barrierOf(1))
  output.write({ n: 1 }, 0)
  output.flush()
  // The look sees the page; so it must also have seen what stands before it.
  expect(input.hasInput()).toBe(true)
  expect(input.poll()).toBe(false)
  expect(input.isBarrierDue).toBe(true)
  expect(gate.next()).toBe(input)
  input.takeBarrier()
  expect(recordsOf([...items, ...drain(input)])).toEqual([{ n: 0 }, { n: 1 }])
})

test('of two barriers that come while slots are looked at, the later is not seen alone', () => {
  const other = (): void => {
    channel.output.barrier(barrierOf(1))
    channel.output.barrier(barrierOf(2))
  }
  // The first fills a slot that was looked at already, the second one that was not.
  const channel = watched({ words: interrupted(firstSlotState, 'behind', other) })
  channel.doorbell.setPriority()
  expect(channel.gate.nextWithBarrier()).toBeUndefined()
  expect(channel.gate.ready()).toBe(true)
  expect(readAll(channel)).toEqual([1, 2])
})

test('a gate without a doorbell sees no barriers, and says so', () => {
  const { input } = channelPair()
  expect(() => new InputGate([input]).onAnnounced(() => {})).toThrow(/without a doorbell/)
})

test('bytes are those of the pages that were opened', () => {
  const { pairs, gate } = gatePairs(2)
  pairs[0]!.output.write({ text: 'a' }, 0)
  pairs[1]!.output.write({ text: 'bcd'.repeat(100) }, 0)
  for (const { output } of pairs) output.publish()
  expect(gate.bytesTaken).toBe(0)
  drain(pairs[0]!.input)
  expect(gate.bytesTaken).toBe(pairs[0]!.output.bytesPublished)
  drain(pairs[1]!.input)
  expect(gate.bytesTaken).toBe(pairs[0]!.output.bytesPublished + pairs[1]!.output.bytesPublished)
})
