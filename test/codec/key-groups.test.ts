import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  defaultMaxParallelism,
  keyGroupOf,
  keyGroupRange,
  subtaskOfKeyGroup,
} from '../../src/codec/key-groups.ts'

test('the ranges of all subtasks cover every key group once, and agree with its owner', () => {
  const parallelism = fc.integer({ min: 1, max: 1024 })
  fc.assert(
    fc.property(parallelism, fc.integer({ min: 0, max: 4000 }), (subtasks, more) => {
      const maxParallelism = subtasks + more
      let next = 0
      for (let subtask = 0; subtask < subtasks; subtask++) {
        const [from, to] = keyGroupRange(subtask, maxParallelism, subtasks)
        expect(from).toBe(next)
        for (let group = from; group < to; group++) {
          expect(subtaskOfKeyGroup(group, maxParallelism, subtasks)).toBe(subtask)
        }
        next = to
      }
      expect(next).toBe(maxParallelism)
    }),
    { numRuns: 50 },
  )
})

test('the default maximum parallelism leaves room for half as much again', () => {
  const expected = [
    [1, 128],
    [85, 128],
    [86, 256],
    [128, 256],
    [170, 256],
    [171, 256],
    [172, 512],
    [1024, 2048],
    [20_000, 32_768],
    [40_000, 32_768],
  ]
  for (const [parallelism, max] of expected) expect(defaultMaxParallelism(parallelism!)).toBe(max)
})

test('any int32 hash has a key group', () => {
  for (const hash of [0, 1, -1, 2147483647, -2147483647, -2147483648]) {
    const group = keyGroupOf(hash, 127)
    expect(group).toBeGreaterThanOrEqual(0)
    expect(group).toBeLessThan(127)
    expect(Object.is(group, -0)).toBe(false)
  }
  expect(keyGroupOf(-5, 128)).toBe(5)
})

test('powers of two are no exception', () => {
  const power = fc.integer({ min: 0, max: 15 }).map((n) => 2 ** n)
  fc.assert(
    fc.property(fc.oneof(fc.integer(), fc.constant(-(2 ** 31))), power, (hash, groups) => {
      expect(keyGroupOf(hash, groups)).toBe(hash === -(2 ** 31) ? 0 : Math.abs(hash) % groups)
    }),
  )
})
