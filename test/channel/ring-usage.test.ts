/** What somebody sees of a channel who is at neither end of it. */
import { expect, test } from 'vitest'
import { RELEASED_BYTES_WORD, ringOf } from '../../src/channel/ring-layout.ts'
import { RingWatch } from '../../src/channel/ring-usage.ts'
import { channelPair, NEAR_WRAP, take } from './harness.ts'

const SIZE = ringOf(4, 256)

/** `control` of a pair is on the ring itself. */
function watched(options: Parameters<typeof channelPair>[0] = {}) {
  const pair = channelPair({ size: SIZE, ...options })
  const watch = new RingWatch(pair.control.buffer as unknown as SharedArrayBuffer, SIZE)
  return { ...pair, watch }
}

test('an open page is not there yet, and one that is half read still is', () => {
  const { output, input, watch } = watched()
  output.write({ i: 1 }, 0)
  output.write({ i: 2 }, 0)
  expect(watch.read()).toEqual({ pages: 0, bytes: 0, usage: 0 })
  output.publish()
  const whole = { pages: 1, bytes: output.bytesPublished, usage: 1 / 3 }
  expect(watch.read()).toEqual(whole)
  take(input)
  expect(watch.read()).toEqual(whole)
  take(input)
  expect(watch.read()).toEqual({ pages: 0, bytes: 0, usage: 0 })
})

test('pages outside the ring count like those in it, and the usage tells of overdraft', () => {
  const { output, input, watch, credit } = watched()
  for (let i = 0; i < 9; i++) {
    output.write({ i, text: 'x'.repeat(300) }, 0)
    output.publish()
  }
  expect(credit.overdraftBytes).toBeGreaterThan(0)
  expect(watch.read()).toEqual({ pages: 9, bytes: output.bytesPublished, usage: 3 })
  take(input)
  const left = output.bytesPublished - input.bytesTaken
  expect(watch.read()).toEqual({ pages: 8, bytes: left, usage: 8 / 3 })
})

test.each([NEAR_WRAP, 2 ** 31 - 1, -1])('cursors may wrap (from %d on)', (firstSeq) => {
  const { output, input, watch } = watched({ firstSeq })
  for (let round = 0; round < 200; round++) {
    output.write({ round }, 0)
    output.publish()
    output.write({ round }, 0)
    output.publish()
    expect(watch.read()).toMatchObject({ pages: 2 })
    take(input)
    expect(watch.read().bytes).toBe(output.bytesPublished - input.bytesTaken)
    take(input)
  }
  expect(watch.read()).toEqual({ pages: 0, bytes: 0, usage: 0 })
})

test('so may the count of bytes', () => {
  const { output, input, watch, control } = watched()
  // As if four gigabytes had gone through it, less a few bytes.
  output.bytesPublished = 2 ** 32 - 100
  input.bytesTaken = 2 ** 32 - 100
  control[RELEASED_BYTES_WORD] = 2 ** 32 - 100
  for (let i = 0; i < 5; i++) {
    output.write({ i }, 0)
    output.publish()
    take(input)
    output.write({ i }, 0)
    output.publish()
    expect(watch.read().bytes).toBe(output.bytesPublished - input.bytesTaken)
    take(input)
  }
  expect(output.bytesPublished).toBeGreaterThan(2 ** 32)
})
