import { expect, test } from 'vitest'
import { Doorbell } from '../../src/channel/doorbell.ts'
import type { CreditChannel } from '../../src/channel/output-credit.ts'
import { OutputCredit } from '../../src/channel/output-credit.ts'
import type { SharedWords } from '../../src/channel/shared-words.ts'
import { atomicWords } from '../../src/channel/shared-words.ts'

const MB = 1 << 20

/** A credit whose thread, instead of sleeping, lets `consume` happen. */
function creditOf(beyondOverdraft: 'block' | 'fail' | 'grow', consume: () => void = () => {}) {
  const words: SharedWords = { ...atomicWords, wait: consume }
  const doorbell = new Doorbell(Doorbell.allocate(), words)
  return new OutputCredit({ doorbell, beyondOverdraft, overdraftBytesMax: 10 * MB })
}

/** A channel whose consumer has released `bytes` when it is looked at. */
class FakeChannel implements CreditChannel {
  releasedBytes = 0
  openBytes = 0
  publishedBytes = 0
  waiting: boolean[] = []
  readonly #credit: OutputCredit

  constructor(credit: OutputCredit) {
    this.#credit = credit
    credit.attach(this)
  }

  recheckCredit(): boolean {
    return true
  }

  refresh(): void {
    this.#credit.giveBack(this.releasedBytes)
    this.releasedBytes = 0
  }

  publishExtension(): void {
    this.publishedBytes += this.openBytes
    this.openBytes = 0
  }

  waitForRelease(waiting: boolean): void {
    this.waiting.push(waiting)
  }
}

test('bytes within the overdraft are had at once', () => {
  const credit = creditOf('block', () => expect.unreachable())
  credit.reserve(4 * MB)
  credit.reserve(6 * MB)
  expect(credit.overdraftBytes).toBe(10 * MB)
})

test('before anything is refused, what consumers released counts', () => {
  const credit = creditOf('fail')
  const channel = new FakeChannel(credit)
  credit.reserve(10 * MB)
  channel.releasedBytes = 3 * MB
  credit.reserve(2 * MB)
  expect(credit.overdraftBytes).toBe(9 * MB)
})

test('a record waits in its middle until consumers have released enough', () => {
  let sleeps = 0
  const credit = creditOf('block', () => {
    sleeps++
    channel.releasedBytes = 2 * MB
  })
  const channel = new FakeChannel(credit)
  credit.reserve(10 * MB)
  credit.reserve(5 * MB)
  expect(sleeps).toBe(3)
  expect(credit.blocks).toBe(1)
  expect(credit.overdraftBytes).toBe(9 * MB)
  expect(channel.waiting).toEqual([true, false])
})

test('a record does not wait for bytes that no consumer has seen', () => {
  const credit = creditOf('block', () => {
    channel.releasedBytes = channel.publishedBytes
    channel.publishedBytes = 0
  })
  const channel = new FakeChannel(credit)
  credit.reserve(10 * MB)
  channel.openBytes = 10 * MB
  credit.reserve(1 * MB)
  expect(credit.overdraftBytes).toBe(1 * MB)
})

test('a task that must not block gets an error with both sizes and a hint', () => {
  const credit = creditOf('fail')
  credit.reserve(10 * MB)
  expect(() => credit.reserve(1)).toThrow(
    expect.objectContaining({
      code: 'OVERDRAFT_EXCEEDED',
      message: expect.stringMatching(/10485760 bytes wait for them, the limit is 10485760/),
      hint: expect.stringMatching(/emit less from one call/),
    }),
  )
})

test('where the consumer runs in the same thread there is no limit', () => {
  const credit = creditOf('grow')
  for (let k = 0; k < 5; k++) credit.reserve(10 * MB)
  expect(credit.overdraftBytes).toBe(50 * MB)
})

test('a buffer larger than the limit passes when nothing else is on its way', () => {
  const credit = creditOf('fail')
  credit.reserve(30 * MB)
  expect(credit.overdraftBytes).toBe(30 * MB)
})

test('a page that is already written is never refused', () => {
  const credit = creditOf('fail')
  credit.force(11 * MB)
  expect(credit.overdraftBytes).toBe(11 * MB)
})

test('a task without a stalled channel need not look', () => {
  const credit = creditOf('fail')
  const channel = new FakeChannel(credit)
  channel.recheckCredit = () => expect.unreachable()
  expect(credit.recheck()).toBe(true)
})

test('a record that waits in its middle tells when, and when it goes on', () => {
  const told: string[] = []
  const words: SharedWords = {
    ...atomicWords,
    wait: () => {
      told.push('asleep')
      channel.releasedBytes = 10 * MB
    },
  }
  const credit = new OutputCredit({
    doorbell: new Doorbell(Doorbell.allocate(), words),
    beyondOverdraft: 'block',
    overdraftBytesMax: 10 * MB,
    onBlock: (begins) => told.push(begins ? 'waits' : 'goes on'),
  })
  const channel = new FakeChannel(credit)
  credit.reserve(10 * MB)
  expect(told).toEqual([])
  credit.reserve(1 * MB)
  expect(told).toEqual(['waits', 'asleep', 'goes on'])
})
