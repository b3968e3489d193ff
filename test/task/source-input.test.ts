import { expect, test } from 'vitest'
import { ManualClock, turn } from '../../src/base/clock.ts'
import { SluiceError } from '../../src/base/errors.ts'
import type { Batch, NextBatch, Source, Split } from '../../src/operator/source.ts'
import type { BatchLoop } from '../../src/task/loops.ts'
import { SourceInput, unreadableError } from '../../src/task/source-input.ts'
import { SplitWatermarks } from '../../src/time/split-watermarks.ts'

const split = (id: string, read = 0) => ({
  split: { id } as Split,
  order: 0,
  read,
  watermarkMs: -Infinity,
})
const batchOf = (...records: unknown[]): Batch => ({
  count: records.length,
  position: 0,
  record: (i) => records[i],
})

const marked = (watermark: number, ...records: unknown[]): Batch => ({
  ...batchOf(...records),
  watermark,
})

interface World {
  readonly script: Record<string, NextBatch<unknown>[]>
  readonly stopAfter?: number
  readonly delayed?: boolean
}

function inputOver(world: World) {
  const read: unknown[] = []
  const requests: string[] = []
  const watermarks: (number | undefined)[] = []
  let current = ''
  let budget = world.stopAfter ?? Number.POSITIVE_INFINITY
  const loop: BatchLoop = (batch, from, to) => {
    let i = from
    for (; i < to && budget > 0; i++, budget--) read.push(batch.record(i))
    return i
  }
  const input = new SourceInput({
    source: { name: 'test' } as Source<unknown>,
    reader: {
      open: (one) => {
        current = one.id
      },
      next: () => {
        const batch = world.script[current]!.shift()
        return world.delayed === true ? Promise.resolve(batch) : batch
      },
      close: () => {},
    },
    requestSplit: () => requests.push('split'),
    loopOf: () => loop,
    run: (one, batch, from) => one(batch, from, batch.count),
    splitWatermarks: new SplitWatermarks({ clock: new ManualClock() }),
    onBatchEnd: (watermarkMs) => watermarks.push(watermarkMs),
    onUnreadable: (record) => read.push(`unreadable ${record.place}`),
    wake: () => {},
    nowMs: () => 0,
  })
  return { input, read, requests, watermarks, refill: (n: number) => (budget = n) }
}

function drain(input: SourceInput): string {
  for (let i = 0; i < 100; i++) {
    const progress = input.step()
    if (progress !== 'progress') return progress
  }
  return 'endless'
}

test('splits are asked for one by one and read to their ends', () => {
  const { input, read, requests } = inputOver({
    script: { a: [batchOf(1, 2), batchOf(3)], b: [batchOf(4)] },
  })
  expect(drain(input)).toBe('idle')
  input.addSplits([split('a')], false)
  expect(drain(input)).toBe('idle')
  input.addSplits([split('b')], true)
  expect(drain(input)).toBe('ended')
  expect(read).toEqual([1, 2, 3, 4])
  expect(requests).toHaveLength(2)
})

test('a subtask without splits ends at once', () => {
  const { input } = inputOver({ script: {} })
  drain(input)
  input.addSplits([], true)
  expect(drain(input)).toBe('ended')
})

test('the position counts what of a batch is consumed when credit stops it in the middle', () => {
  const { input, read, refill } = inputOver({ script: { a: [batchOf(1, 2, 3)] }, stopAfter: 2 })
  input.addSplits([split('a')], true)
  for (let i = 0; i < 4; i++) input.step()
  expect(input.snapshot().splits).toEqual([
    { ...split('a', 2), batch: { position: 0, consumed: 2, unreadable: 0 } },
  ])
  refill(10)
  expect(drain(input)).toBe('ended')
  expect(read).toEqual([1, 2, 3])
})

test('a restored split goes on behind the records and the unreadable ones it had taken', () => {
  const place = (name: string, before: number) => ({ place: name, text: '', reason: '', before })
  const batch = { ...batchOf(1, 2, 3), unreadable: [place('one', 1), place('two', 2)] }
  const { input, read } = inputOver({ script: { a: [batch, batchOf(4)] } })
  const progress = { position: 0, consumed: 2, unreadable: 1 }
  input.addSplits([{ ...split('a', 2), batch: progress }], true)
  expect(input.snapshot().splits).toEqual([{ ...split('a', 2), batch: progress }])
  input.step()
  expect(input.snapshot().splits).toEqual([{ ...split('a', 2), batch: progress }])
  expect(drain(input)).toBe('ended')
  expect(read).toEqual(['unreadable two', 3, 4])
  expect(input.snapshot().splits).toEqual([])
})

test('what a restored split had consumed may lie in several smaller batches', () => {
  const { input, read } = inputOver({ script: { a: [batchOf(1, 2), batchOf(3, 4), batchOf(5)] } })
  input.addSplits([{ ...split('a'), batch: { position: 0, consumed: 3, unreadable: 0 } }], true)
  expect(drain(input)).toBe('ended')
  expect(read).toEqual([4, 5])
})

test('restored splits hold event time until they are read, however far others are', () => {
  const { input, watermarks } = inputOver({
    script: { a: [marked(200, 1), marked(300, 2)], b: [marked(90, 3), marked(250, 4)], c: [] },
  })
  input.restoreSplits([
    { ...split('a'), watermarkMs: 100 },
    { ...split('b'), watermarkMs: 50 },
  ])
  input.addSplits([split('c')], true)
  expect(drain(input)).toBe('ended')
  expect(watermarks).toEqual([50, 50, 90, 250])
})

test('a restored split that has become shorter is refused', () => {
  const { input } = inputOver({ script: { a: [batchOf(1)] } })
  input.addSplits([{ ...split('a'), batch: { position: 0, consumed: 2, unreadable: 0 } }], true)
  expect(() => drain(input)).toThrow(expect.objectContaining({ code: 'SOURCE_CHANGED' }))
})

test('a batch that comes later is waited for without blocking', async () => {
  const { input, read } = inputOver({ script: { a: [batchOf(1)] }, delayed: true })
  input.addSplits([split('a')], true)
  expect(drain(input)).toBe('idle')
  expect(input.pendingPromises).toBe(1)
  expect(input.ready()).toBe(false)
  await Promise.resolve()
  expect(input.ready()).toBe(true)
  drain(input)
  await Promise.resolve()
  expect(drain(input)).toBe('ended')
  expect(read).toEqual([1])
})

test('a source that has nothing yet leaves the task idle, however soon it is asked again', () => {
  const { input, read } = inputOver({ script: { a: ['later', 'later', batchOf(1)] } })
  input.addSplits([split('a')], true)
  expect(drain(input)).toBe('idle')
  for (let asked = 0; asked < 2; asked++) {
    expect(read).toEqual([])
    input.wakeReader()
    drain(input)
  }
  expect(read).toEqual([1])
})

test('unreadable records are told of, and fail the job by default', () => {
  const broken = { place: 'in.jsonl:2', text: '{', reason: 'not JSON', before: 1 }
  const { input, read } = inputOver({
    script: { a: [{ ...batchOf(1, 2), unreadable: [broken] }] },
  })
  input.addSplits([split('a')], true)
  drain(input)
  expect(read).toEqual([1, 2, 'unreadable in.jsonl:2'])
  const error = unreadableError({ name: 'lines' } as Source<unknown>, broken)
  expect(error).toBeInstanceOf(SluiceError)
  expect(error).toMatchObject({ code: 'RECORD_UNREADABLE', place: 'in.jsonl:2', record: '{' })
})

test('a split that begins earlier in time does not take the watermark back', () => {
  const { input, watermarks } = inputOver({
    script: {
      a: [{ ...batchOf(1), watermark: 100 }],
      b: [{ ...batchOf(2), watermark: 50 }, batchOf(3), { ...batchOf(4), watermark: 150 }],
    },
  })
  input.addSplits([split('a'), split('b')], true)
  drain(input)
  expect(watermarks).toEqual([100, 100, undefined, 150])
})

test('a reader that rings while its own later is on the way is asked again', async () => {
  const script = [Promise.resolve('later' as const), Promise.resolve(batchOf(1)), undefined]
  const { input, read } = inputOver({ script: { a: script as unknown as NextBatch<unknown>[] } })
  input.addSplits([split('a')], true)
  expect(drain(input)).toBe('idle')
  await turn()
  // The answer has come, nobody has looked at it yet, and what it waits for happens now.
  input.wakeReader()
  drain(input)
  await turn()
  expect(drain(input)).toBe('ended')
  expect(read).toEqual([1])
})

test('a promise of another library is waited for', async () => {
  // biome-ignore lint/suspicious/noThenProperty: it is what the test is about
  const thenable = { then: (settle: (batch: Batch) => void) => settle(batchOf(1, 2)) }
  const script = [thenable, undefined] as unknown as NextBatch<unknown>[]
  const { input, read } = inputOver({ script: { a: script } })
  input.addSplits([split('a')], true)
  drain(input)
  await turn()
  expect(drain(input)).toBe('ended')
  expect(read).toEqual([1, 2])
})
