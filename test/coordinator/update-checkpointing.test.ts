import { expect, test } from 'vitest'
import { decideUpdate } from '../../src/coordinator/update-checkpointing.ts'
import { parseOptions } from '../../src/graph/parse-options.ts'

const options = parseOptions({})

test.each([
  [{ isOver: false, isEnabled: true }, undefined],
  [{ isOver: true, isEnabled: true }, 'JOB_ENDED'],
  [{ isOver: true, isEnabled: false }, 'JOB_ENDED'],
  [{ isOver: false, isEnabled: false }, 'CHECKPOINTS_DISABLED'],
])('%o', (facts, code) => {
  const decide = () => decideUpdate({ ...facts, options, change: { interval: '1 s' } })
  if (code !== undefined) return expect(decide).toThrow(expect.objectContaining({ code }))
  expect(decide().options).toEqual({ ...options, checkpointIntervalMs: 1_000 })
})

test('what is wrong with the change is told by itself', () => {
  const facts = { isOver: false, isEnabled: true, options }
  expect(() => decideUpdate({ ...facts, change: { dir: '/a' } })).toThrow(
    expect.objectContaining({ code: 'OPTION_FIXED', place: 'dir' }),
  )
})
