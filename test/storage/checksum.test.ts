import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { checksumOf } from '../../src/storage/checksum.ts'

test('the checksum of parts is that of the whole, empty parts or not', () => {
  const whole = Uint8Array.from({ length: 20 }, (_, i) => i)
  const parts = [new Uint8Array(0), whole.slice(0, 3), new Uint8Array(0), whole.slice(3)]
  expect(checksumOf([...parts, new Uint8Array(0)])).toBe(crc32(whole))
  expect(checksumOf([])).toBe(0)
})
