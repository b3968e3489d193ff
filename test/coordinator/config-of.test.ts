import { expect, expectTypeOf, test } from 'vitest'
import type { CheckpointOptions, RestartOptions } from '../../src/coordinator/checkpoint-options.ts'
import { configOf } from '../../src/coordinator/config-of.ts'
import type { JobOptions } from '../../src/graph/options.ts'
import { optionTable } from '../../src/graph/options.ts'
import { parseOptions } from '../../src/graph/parse-options.ts'

/** With every field, so that a new one is not forgotten here. */
const checkpoints: Required<CheckpointOptions> = {
  interval: '1 s',
  mode: 'at-least-once',
  // Not together with that mode.
  unaligned: false,
  alignedTimeout: '3 s',
  channelStateBytesMax: '1 mb',
  timeout: '1 min',
  minPause: '2 s',
  maxConcurrent: 3,
  tolerableFailures: 4,
  retention: 'no-externalized-checkpoints',
  retained: 5,
  dir: new URL('file:///checkpoints'),
  compression: true,
  inlineThreshold: '1 kb',
  history: 6,
}
const restart: Required<RestartOptions> = { strategy: 'fixed-delay', attempts: 7, delay: '8 s' }

test('every typed field reaches its option', () => {
  const given = { parallelism: 2, checkpoints, restart, restore: 'latest' }
  expect(parseOptions(configOf(given))).toMatchObject({
    parallelism: 2,
    checkpointIntervalMs: 1_000,
    checkpointMode: 'at-least-once',
    checkpointAlignedTimeoutMs: 3_000,
    checkpointChannelStateBytesMax: 1_048_576,
    checkpointTimeoutMs: 60_000,
    checkpointMinPauseMs: 2_000,
    checkpointsConcurrentMax: 3,
    checkpointFailuresTolerated: 4,
    checkpointRetention: 'no-externalized-checkpoints',
    checkpointsRetained: 5,
    checkpointDirectory: '/checkpoints',
    checkpointCompression: true,
    checkpointInlineBytesMax: 1_024,
    checkpointHistorySize: 6,
    restore: 'latest',
    restartStrategy: 'fixed-delay',
    restartAttempts: 7,
    restartDelayMs: 8_000,
  })
})

test('checkpoints may be unaligned', () => {
  const options = parseOptions(configOf({ checkpoints: { unaligned: true } }))
  expect(options.checkpointUnaligned).toBe(true)
})

test('every option of checkpoints and restarts has a typed field', () => {
  const pathsBelow = (prefix: string) =>
    optionTable
      .map(({ path }) => path)
      .filter((path) => path.startsWith(`${prefix}.`))
      .map((path) => path.slice(prefix.length + 1))
  expect(Object.keys(checkpoints).sort()).toEqual(pathsBelow('checkpoints').sort())
  expect(Object.keys(restart).sort()).toEqual(pathsBelow('restart').sort())
  expectTypeOf<NonNullable<CheckpointOptions['mode']>>().toEqualTypeOf<
    JobOptions['checkpointMode']
  >()
})

test('the typed fields come before config, by whatever name it has them', () => {
  const config = {
    'execution.checkpointing.interval': '5 s',
    checkpoints: { retained: 9 },
    'parallelism.default': 3,
    parallelism: 3,
  }
  const options = parseOptions(
    configOf({ config, parallelism: 2, checkpoints: { interval: '1 s' } }),
  )
  expect(options).toMatchObject({
    parallelism: 2,
    checkpointIntervalMs: 1_000,
    checkpointsRetained: 9,
  })
})

test('a field that is undefined is as if not given', () => {
  expect(configOf({ config: { parallelism: 3 }, parallelism: undefined })).toEqual({
    parallelism: 3,
  })
  expect(configOf({})).toEqual({})
})
