import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { optionTable } from '../../src/graph/options.ts'
import { parseDefinition, parseOptions } from '../../src/graph/parse-options.ts'

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
  [{ parallelism: 0 }, 'BAD_OPTION', 'parallelism = 0: it must lie between 1 and 1024', undefined],
  [{ parallelism: 2.5 }, 'BAD_OPTION', 'parallelism = 2.5: it must be a whole number', undefined],
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
    { parallelism: 8, maxParallelism: 4 },
    'BAD_OPTION',
    /must not exceed pipeline.max-par/,
    undefined,
  ],
  [{ recordBytesMax: '65 mb' }, 'BAD_OPTION', /must not exceed pipeline.overdraft/, undefined],
])('%o is refused', (given, code, message, hint) => {
  const expected: Record<string, unknown> = { code, message: expectedText(message) }
  if (hint !== undefined) expected.hint = expectedText(hint)
  expect(() => parseOptions(given)).toThrow(expect.objectContaining(expected))
})

function expectedText(text: string | RegExp): unknown {
  return typeof text === 'string' ? text : expect.stringMatching(text)
}

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
    const { key, path, kind, description } = entry
    const value = entry.defaultText ?? `\`${entry.default}\``
    return `| \`${key}\` | \`${path}\` | ${kind} | ${value} | ${description} |`
  })
  expect(rows).toEqual(expected)
  for (const alias of optionTable.flatMap((entry) => entry.aliases)) {
    expect(page).toContain(`\`${alias}\``)
  }
})
