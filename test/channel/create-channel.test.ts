import { expect, test } from 'vitest'
import { createChannel } from '../../src/channel/create-channel.ts'
import { Doorbell } from '../../src/channel/doorbell.ts'
import { R_WORD, ringBytes, ringOf, W_WORD } from '../../src/channel/ring-layout.ts'

const size = ringOf(4, 256)

test('both ends know the ring, and each the doorbell of the other', () => {
  const producerDoorbell = Doorbell.allocate()
  const consumerDoorbell = Doorbell.allocate()
  const { input, output } = createChannel({ size, producerDoorbell, consumerDoorbell })
  expect(input.ring).toBe(output.ring)
  expect(input.ring.byteLength).toBe(ringBytes(size))
  expect(input.doorbell).toBe(producerDoorbell)
  expect(output.doorbell).toBe(consumerDoorbell)
})

test('the first page may have any number', () => {
  const doorbell = Doorbell.allocate()
  const bells = { producerDoorbell: doorbell, consumerDoorbell: doorbell }
  const { input } = createChannel({ size, ...bells, firstSeq: 2 ** 31 - 100 })
  const control = new Int32Array(input.ring)
  expect([control[W_WORD], control[R_WORD]]).toEqual([2 ** 31 - 100, 2 ** 31 - 100])
})

test('a ring that cannot work is refused', () => {
  const doorbell = Doorbell.allocate()
  const bells = { producerDoorbell: doorbell, consumerDoorbell: doorbell }
  expect(() => createChannel({ ...bells, size: { ...size, segments: 5 } })).toThrow(/power of two/)
})
