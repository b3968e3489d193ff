/** Which options may change while a job runs, and what a change is refused for. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { changeableNames, changeOptions } from '../../src/graph/change-options.ts'
import { optionTable } from '../../src/graph/options.ts'
import { parseOptions } from '../../src/graph/parse-options.ts'

const before = parseOptions({ checkpoints: { interval: '1 s', tolerableFailures: 3, dir: '/a' } })

test.each([
  [{}, {}, []],
  [{ interval: undefined }, {}, []],
  [{ interval: '1 s' }, {}, []],
  [{ interval: 5_000 }, { checkpointIntervalMs: 5_000 }, ['interval']],
  [{ interval: null }, { checkpointIntervalMs: undefined }, ['interval']],
  [{ timeout: null }, {}, []],
  [
    { mode: 'AT_LEAST_ONCE', minPause: '2 s' },
    { checkpointMode: 'at-least-once', checkpointMinPauseMs: 2_000 },
    ['mode', 'min-pause'],
  ],
  [
    { unaligned: true, alignedTimeout: '3 s', channelStateBytesMax: '1 mb' },
    {
      checkpointUnaligned: true,
      checkpointAlignedTimeoutMs: 3_000,
      checkpointChannelStateBytesMax: 2 ** 20,
    },
    ['unaligned.enabled', 'aligned-checkpoint-timeout', 'unaligned.channel-state-bytes-max'],
  ],
  [
    { 'execution.checkpointing.max-concurrent-checkpoints': '4', 'checkpoints.timeout': '1 h' },
    { checkpointsConcurrentMax: 4, checkpointTimeoutMs: 3_600_000 },
    ['max-concurrent-checkpoints', 'timeout'],
  ],
  [
    { tolerableFailures: 0, retained: 9, retention: 'DELETE_ON_CANCELLATION' },
    {
      checkpointFailuresTolerated: 0,
      checkpointsRetained: 9,
      checkpointRetention: 'delete-on-cancellation',
    },
    ['tolerable-failed-checkpoints', 'num-retained', 'externalized-checkpoint-retention'],
  ],
])('%o', (change, different, keys) => {
  const { options, changed } = changeOptions(before, change)
  expect(options).toEqual({ ...before, ...different })
  expect(changed).toEqual(keys.map((key) => `execution.checkpointing.${key}`))
  expect(Object.isFrozen(options)).toBe(true)
})

test.each([
  [{ intervall: 5 }, 'UNKNOWN_OPTION', /no option 'intervall'/, "did you mean 'interval'?"],
  [{ checkpoints: { interval: 5 } }, 'UNKNOWN_OPTION', /no option 'checkpoints'/, /may change/],
  [{ 'unaligned.forced': true }, 'UNKNOWN_OPTION', /forced/, undefined],
  [{ dir: '/b' }, 'OPTION_FIXED', /^dir = '\/b': .*checkpointing.dir cannot change/, /restore/],
  [{ compression: true }, 'OPTION_FIXED', /snapshot-compression/, undefined],
  [{ inlineThreshold: 0 }, 'OPTION_FIXED', /data-inline-threshold/, undefined],
  [{ history: 5 }, 'OPTION_FIXED', /web.checkpoints.history/, undefined],
  [{ parallelism: 3 }, 'OPTION_FIXED', /parallelism = 3: parallelism.default cannot/, undefined],
  [{ 'restart.attempts': 3 }, 'OPTION_FIXED', /restart.attempts = 3/, undefined],
  [{ interval: '5 parsecs' }, 'BAD_UNIT', /interval: '5 parsecs'/, undefined],
  [{ interval: 9 }, 'BAD_OPTION', /^interval = 9: it must lie between 10/, undefined],
  [{ mode: 'once' }, 'BAD_OPTION', /mode = 'once': it must be 'exactly-once' or/, undefined],
  [{ unaligned: 'yes' }, 'BAD_OPTION', /unaligned = 'yes': it must be 'true'/, undefined],
  [{ maxConcurrent: 9 }, 'BAD_OPTION', /maxConcurrent = 9: it must lie between 1 and 8/, undefined],
  [
    { unaligned: true, mode: 'at-least-once' },
    'BAD_OPTION',
    /mode must be exactly-once/,
    /turn unaligned off/,
  ],
  [
    { timeout: '1 s', 'checkpoints.timeout': '2 s' },
    'BAD_OPTION',
    /is given twice/,
    'keep one of them',
  ],
  [null, 'BAD_OPTION', /it must be an object/, /update\(/],
  [[], 'BAD_OPTION', /it must be an object/, undefined],
  ['interval=5', 'BAD_OPTION', /it must be an object/, undefined],
])('%o is refused', (change, code, message, hint) => {
  const expected: Record<string, unknown> = { code, message: expect.stringMatching(message) }
  if (hint !== undefined) expected.hint = expect.stringMatching(hint)
  expect(() => changeOptions(before, change)).toThrow(expect.objectContaining(expected))
})

test('what fits the options of now may be wrong among those of then', () => {
  const unaligned = changeOptions(before, { unaligned: true }).options
  expect(() => changeOptions(unaligned, { mode: 'at-least-once' })).toThrow(/must be exactly-once/)
  const change = { mode: 'at-least-once', unaligned: false }
  expect(changeOptions(unaligned, change).options).toMatchObject({
    checkpointMode: 'at-least-once',
    checkpointUnaligned: false,
  })
})

test('docs/options.md names what may change', () => {
  const page = readFileSync(new URL('../../docs/options.md', import.meta.url), 'utf8')
  const names = changeableNames.map((name) => `\`${name}\``)
  const text = page.replaceAll(/\s+/g, ' ')
  expect(text).toContain(`${names.slice(0, -1).join(', ')} and ${names.at(-1)}`)
  expect(optionTable.filter(({ changes }) => changes)).toHaveLength(names.length)
})
