import { expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { checkRingSize, ringBytes, ringOf, ringSize } from '../../src/channel/ring-layout.ts'

const KIB = 1024

test.each([
  [1, 8, 64 * KIB, 6],
  [2, 8, 64 * KIB, 6],
  [3, 8, 32 * KIB, 6],
  [4, 8, 32 * KIB, 6],
  [8, 4, 32 * KIB, 3],
  [16, 4, 16 * KIB, 3],
  [32, 4, 16 * KIB, 3],
  [33, 4, 8 * KIB, 3],
  [256, 4, 2 * KIB, 3],
  [1024, 4, KIB / 2, 3],
])('a gate of %i channels has rings of %i x %i bytes', (channels, segments, bytes, credit) => {
  expect(ringSize(channels)).toEqual({ segments, segmentBytes: bytes, creditSegments: credit })
})

test('every gate stays within its bytes, with rings that work', () => {
  for (let channels = 1; channels <= limits.parallelismMax; channels++) {
    const size = ringSize(channels)
    checkRingSize(size)
    const bytes = channels * size.segments * size.segmentBytes
    expect(bytes).toBeLessThanOrEqual(channels > 16 ? limits.gateBytesMax : limits.gateBytes)
  }
})

test('a ring keeps at least one segment for overdraft', () => {
  expect(ringOf(2, 256).creditSegments).toBe(1)
  expect(ringOf(4, 256).creditSegments).toBe(3)
  expect(ringOf(256, 256).creditSegments).toBe(192)
})

test.each([
  [{ segments: 3, segmentBytes: 256, creditSegments: 2 }, /power of two/],
  [{ segments: 1, segmentBytes: 256, creditSegments: 1 }, /too few/],
  [{ segments: 4, segmentBytes: 260, creditSegments: 3 }, /multiple of 8/],
  [{ segments: 4, segmentBytes: 128, creditSegments: 3 }, /too small/],
  [{ segments: 4, segmentBytes: 256, creditSegments: 4 }, /no overdraft/],
  [{ segments: 4, segmentBytes: 256, creditSegments: 0 }, /nothing could ever start/],
])('a ring of %j is refused', (size, message) => {
  expect(() => checkRingSize(size)).toThrow(message)
})

test('a ring has its control words, its segments and slack', () => {
  expect(ringBytes(ringOf(4, 256))).toBe(640 + 4 * 256 + 64)
})
