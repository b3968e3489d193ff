import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteReader, ByteWriter } from '../../src/codec/byte-stream.ts'
import { StateValues } from '../../src/state/state-values.ts'
import { anyValue } from '../codec/arbitraries.ts'
import { isSame } from '../codec/same.ts'

test('any value comes back as it was', () => {
  const values = new StateValues()
  fc.assert(
    fc.property(fc.array(anyValue), (given) => {
      const out = new ByteWriter()
      for (const value of given) values.write(out, value, 'state')
      const from = new ByteReader(out.take())
      for (const value of given) expect(isSame(values.read(from), value)).toBe(true)
      expect(from.isAtEnd).toBe(true)
    }),
  )
})

test('what cannot be written names its state', () => {
  const values = new StateValues()
  expect(() => values.write(new ByteWriter(), { call() {} }, 'calls')).toThrow(
    expect.objectContaining({
      code: 'STATE_NOT_ENCODABLE',
      message: expect.stringContaining("'calls'"),
    }),
  )
})

test.each([[[0]], [[99]], [[7, 1, 5]], [[7, 2, 0, 0x92]]])('bytes %j are damaged', (bytes) => {
  const from = new ByteReader(Uint8Array.from(bytes))
  const damaged = expect.objectContaining({ code: 'CHECKPOINT_DAMAGED' })
  expect(() => new StateValues().read(from)).toThrow(damaged)
})
