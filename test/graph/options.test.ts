import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { optionTable } from '../../src/graph/options.ts'
import {
  checkOption,
  olderNames,
  overlayOptions,
  parseDefinition,
  parseOptions,
} from '../../src/graph/parse-options.ts'

const defaults = {
  parallelism: 1,
  maxParallelism: undefined,
  chaining: true,
  autoWatermarkIntervalMs: 20,
  bufferTimeoutMs: 5,
  segmentBytes: undefined,
  segmentsPerChannel: undefined,
  recordBytesMax: limits.recordBytesMax,
  overdraftBytesMax: limits.overdraftBytesMax,
  heapBytes: undefined,
  cancellationTimeoutMs: 3_000,
  development: false,
  debloat: false,
  debloatTargetMs: 1_000,
  debloatPeriodMs: 200,
  debloatSamples: 20,
  debloatThresholdPercent: 5,
  checkpointIntervalMs: undefined,
  checkpointMode: 'exactly-once',
  checkpointUnaligned: false,
  checkpointAlignedTimeoutMs: 0,
  checkpointChannelStateBytesMax: 256 * 1024 ** 2,
  checkpointTimeoutMs: 600_000,
  checkpointMinPauseMs: 0,
  checkpointsConcurrentMax: 1,
  checkpointFailuresTolerated: undefined,
  checkpointRetention: 'retain-on-cancellation',
  checkpointsRetained: 2,
  checkpointDirectory: undefined,
  checkpointCompression: false,
  checkpointInlineBytesMax: 20_480,
  checkpointHistorySize: 100,
  restore: undefined,
  ignoreUnclaimedState: false,
  acceptDuplicates: false,
  restartStrategy: undefined,
  restartAttempts: 10,
  restartDelayMs: 100,
}

test('without options the defaults hold, frozen', () => {
  const options = parseOptions({})
  expect(options).toEqual(defaults)
  expect(Object.isFrozen(options)).toBe(true)
})

test.each([
  [{ parallelism: 4 }, { parallelism: 4 }],
  [{ 'parallelism.default': '4' }, { parallelism: 4 }],
  [{ bufferTimeout: '0 ms' }, { bufferTimeoutMs: 0 }],
  [{ 'execution.buffer-timeout.interval': '100ms' }, { bufferTimeoutMs: 100 }],
  [{ 'execution.buffer-timeout': 100 }, { bufferTimeoutMs: 100 }],
  [{ 'pipeline.operator-chaining.enabled': 'false' }, { chaining: false }],
  [{ development: true }, { development: true }],
  [{ heapSize: '1 gb' }, { heapBytes: 2 ** 30 }],
  [
    { segmentSize: '32kb', buffersPerChannel: 8 },
    { segmentBytes: 32_768, segmentsPerChannel: 8 },
  ],
  [{ pipeline: { 'max-parallelism': 256 } }, { maxParallelism: 256 }],
  [{ parallelism: undefined }, {}],
  [{ parallelism: 2, 'parallelism.default': 2 }, {}],
  [{ checkpoints: { interval: '10 ms' } }, { checkpointIntervalMs: 10 }],
  [{ 'execution.checkpointing.interval': '2 h' }, { checkpointIntervalMs: 7_200_000 }],
  [{ 'execution.checkpointing.mode': 'AT_LEAST_ONCE' }, { checkpointMode: 'at-least-once' }],
  [{ checkpoints: { mode: 'Exactly-Once' } }, { checkpointMode: 'exactly-once' }],
  [
    { checkpoints: { retention: 'DELETE_ON_CANCELLATION', retained: 5 } },
    { checkpointRetention: 'delete-on-cancellation', checkpointsRetained: 5 },
  ],
  [
    { checkpoints: { unaligned: true, alignedTimeout: '2 s' } },
    { checkpointUnaligned: true, checkpointAlignedTimeoutMs: 2_000 },
  ],
  [{ 'execution.checkpointing.unaligned': 'true' }, { checkpointUnaligned: true }],
  [{ checkpoints: { minPause: '1 s', maxConcurrent: limits.barrierSlots } }, {}],
  [{ 'checkpoints.tolerableFailures': '0' }, { checkpointFailuresTolerated: 0 }],
  [{ 'state.checkpoints.dir': 'a/b' }, { checkpointDirectory: resolve('a/b') }],
  [{ checkpoints: { dir: 'file:///a/b%20c' } }, { checkpointDirectory: '/a/b c' }],
  [{ checkpoints: { dir: pathToFileURL('/a/b') } }, { checkpointDirectory: '/a/b' }],
  [{ 'state.storage.fs.memory-threshold': '1 mb' }, { checkpointInlineBytesMax: 2 ** 20 }],
  [{ restore: 'none' }, { restore: 'none' }],
  [{ restore: 'latest', checkpoints: { dir: '/a' } }, { restore: 'latest' }],
  [{ restore: './latest' }, { restore: resolve('latest') }],
  [{ 'execution.savepoint.path': 'file:///a' }, { restore: '/a' }],
  [{ 'restart-strategy': 'fixeddelay' }, { restartStrategy: 'fixed-delay' }],
  [{ 'restart-strategy.type': 'off' }, { restartStrategy: 'none' }],
  [{ restart: { strategy: 'disable', attempts: 3, delay: '1 s' } }, { restartAttempts: 3 }],
])('%o is read', (given, expected) => {
  expect(parseOptions(given)).toMatchObject(expected)
})

test.each([
  [
    { paralelism: 4 },
    'UNKNOWN_OPTION',
    "there is no option 'paralelism'",
    "did you mean 'parallelism'?",
  ],
  [
    { 'execution.buffer-timeout.intervall': 4 },
    'UNKNOWN_OPTION',
    "there is no option 'execution.buffer-timeout.intervall'",
    "did you mean 'execution.buffer-timeout.interval'?",
  ],
  [{ xyzzyxyzzyxyzzyxyzzy: 1 }, 'UNKNOWN_OPTION', /xyzzy/, 'docs/options.md lists all options'],
  [
    { bufferTimeout: '5 parsecs' },
    'BAD_UNIT',
    /bufferTimeout: '5 parsecs' is not a duration/,
    /'10 s'/,
  ],
  [{ heapSize: '1 tb' }, 'BAD_UNIT', /heapSize: '1 tb' is not a size/, /'64 mb'/],
  [
    { parallelism: 0 },
    'BAD_OPTION',
    'parallelism = 0: it must lie between 1 and 1024',
    "left out, it is '1'",
  ],
  [
    { parallelism: 2.5 },
    'BAD_OPTION',
    'parallelism = 2.5: it must be a whole number',
    "left out, it is '1'",
  ],
  [{ maxParallelism: 0 }, 'BAD_OPTION', /it must lie between 1/, /^left out, it is 1.5 times/],
  [
    { parallelism: 'two' },
    'BAD_OPTION',
    "parallelism = 'two': it must be a whole number",
    undefined,
  ],
  [{ parallelism: [] }, 'BAD_OPTION', 'parallelism = []: it must be a number or text', undefined],
  [{ chaining: 'yes' }, 'BAD_OPTION', "chaining = 'yes': it must be 'true' or 'false'", undefined],
  [{ segmentSize: '1 b' }, 'BAD_OPTION', /between 256 and 1048576 bytes/, undefined],
  [
    { parallelism: 2, 'parallelism.default': 3 },
    'BAD_OPTION',
    'parallelism.default is given twice: parallelism = 2 and parallelism.default = 3',
    'keep one of them',
  ],
  [
    { checkpoints: { unaligned: true, mode: 'at-least-once' } },
    'BAD_OPTION',
    /unaligned.enabled = true: execution.checkpointing.mode must be exactly-once/,
    /leave one of the two out/,
  ],
  [
    { parallelism: 8, maxParallelism: 4 },
    'BAD_OPTION',
    /must not exceed pipeline.max-par/,
    undefined,
  ],
  [
    { checkpoints: { interval: '9 ms' } },
    'BAD_OPTION',
    /interval = '9 ms': it must lie between 10/,
    undefined,
  ],
  [{ checkpoints: { interval: '25 d' } }, 'BAD_OPTION', /it must lie between/, undefined],
  [{ checkpoints: { timeout: 9 } }, 'BAD_OPTION', /timeout = 9: it must lie/, undefined],
  [{ checkpoints: { retained: 0 } }, 'BAD_OPTION', /retained = 0: it must lie/, undefined],
  [
    { checkpoints: { maxConcurrent: limits.barrierSlots + 1 } },
    'BAD_OPTION',
    /it must lie between 1 and 8$/,
    undefined,
  ],
  [
    { checkpoints: { mode: 'once' } },
    'BAD_OPTION',
    "checkpoints.mode = 'once': it must be 'exactly-once' or 'at-least-once'",
    "left out, it is 'exactly-once'",
  ],
  [
    { checkpoints: { mode: 'exactly_onse' } },
    'BAD_OPTION',
    /must be/,
    "did you mean 'exactly-once'?",
  ],
  [
    { 'restart-strategy.type': 'failure-rate' },
    'BAD_OPTION',
    /: Sluice does not have it yet; it must be 'none' or 'fixed-delay'$/,
    undefined,
  ],
  [{ checkpoints: { dir: ' ' } }, 'BAD_OPTION', /it must not be empty/, undefined],
  [{ checkpoints: { dir: 5 } }, 'BAD_OPTION', 'checkpoints.dir = 5: it must be text', undefined],
  [{ 'checkpoints.dir': 's3://bucket/x' }, 'BAD_OPTION', /a path or a file: URL/, undefined],
  [{ 'checkpoints.dir': 'file://elsewhere/x' }, 'BAD_OPTION', /no path of this/, undefined],
  [{ restore: 'latest' }, 'BAD_OPTION', /there is no directory/, /--checkpoint-dir/],
  [
    { checkpoints: { intervall: 5 } },
    'UNKNOWN_OPTION',
    "there is no option 'checkpoints.intervall'",
    "did you mean 'checkpoints.interval'?",
  ],
  [
    { 'execution.checkpointing.unaligned.forced': true },
    'UNKNOWN_OPTION',
    /unaligned.forced/,
    'Flink has it; Sluice does not have it yet',
  ],
  [{ 'state.backend.type': 'rocksdb' }, 'UNKNOWN_OPTION', /state.backend.type/, /not have it yet/],
  [{ 'execution.checkpointing.storage': 'x' }, 'UNKNOWN_OPTION', /storage/, /checkpoints.dir/],
  [{ recordBytesMax: '65 mb' }, 'BAD_OPTION', /must not exceed pipeline.overdraft/, undefined],
])('%o is refused', (given, code, message, hint) => {
  const expected: Record<string, unknown> = { code, message: expectedText(message) }
  if (hint !== undefined) expected.hint = expectedText(hint)
  expect(() => parseOptions(given)).toThrow(expect.objectContaining(expected))
})

function expectedText(text: string | RegExp): unknown {
  return typeof text === 'string' ? text : expect.stringMatching(text)
}

test('of several places the later one counts, by whatever name', () => {
  const layers = [
    { parallelism: 2, chaining: false, checkpoints: { interval: 5, dir: '/a' } },
    { 'parallelism.default': 4, 'execution.checkpointing.interval': '1 s' },
    { parallelism: undefined },
  ]
  expect(overlayOptions(layers)).toEqual({
    chaining: false,
    'checkpoints.dir': '/a',
    'parallelism.default': 4,
    'execution.checkpointing.interval': '1 s',
  })
  expect(() => overlayOptions([{}, { nonsense: 1 }])).toThrow('nonsense')
})

test('one option is checked by itself', () => {
  expect(() => checkOption('restore', 'latest')).not.toThrow()
  expect(() => checkOption('parallelism', 0)).toThrow('parallelism = 0: it must lie')
  expect(() => checkOption('paralelism', 1)).toThrow("there is no option 'paralelism'")
})

test('-D key=value is split at the first =', () => {
  expect(parseDefinition('a.b=c=d')).toEqual(['a.b', 'c=d'])
  expect(() => parseDefinition('parallelism')).toThrow(
    expect.objectContaining({ code: 'BAD_OPTION' }),
  )
})

test('no two options share a key, a path, an alias or a field', () => {
  const names = optionTable.flatMap((entry) => [
    ...new Set([entry.key, entry.path]),
    ...entry.aliases,
  ])
  expect(new Set(names).size).toBe(names.length)
  expect(optionTable.map((entry) => entry.field).sort()).toEqual(Object.keys(defaults).sort())
})

test('docs/options.md says what the table says', () => {
  const page = readFileSync(new URL('../../docs/options.md', import.meta.url), 'utf8')
  const rows = page.split('\n').filter((line) => /^\| `(\S+)` \| `/.test(line))
  const expected = optionTable.map((entry) => {
    const { key, path, description } = entry
    const kind = entry.choices?.map((one) => `\`${one}\``).join(', ') ?? entry.kind
    const value = entry.defaultText ?? `\`${entry.default}\``
    return `| \`${key}\` | \`${path}\` | ${kind} | ${value} | ${description} |`
  })
  expect(rows).toEqual(expected)
  for (const alias of optionTable.flatMap((entry) => entry.aliases)) {
    expect(page).toContain(`\`${alias}\``)
  }
})

test('who uses an older name can be told the one that it has now', () => {
  const given = { parallelism: 2, state: { checkpoints: { dir: '/tmp/job' } } }
  expect(olderNames(given)).toEqual([
    { as: 'state.checkpoints.dir', key: 'execution.checkpointing.dir' },
  ])
})
