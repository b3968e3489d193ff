import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { decideRestart, isWorthRestart, type RestartFacts } from '../../src/checkpoint/restart.ts'

const facts: RestartFacts = {
  strategy: 'fixed-delay',
  attemptsMax: 2,
  delayMs: 500,
  restarts: 0,
}

test.each<readonly [string, Partial<RestartFacts>, number | 'fail']>([
  ['a failed job restarts after the delay', {}, 500],
  ['the last restart is the one allowed', { restarts: 1 }, 500],
  ['then it fails', { restarts: 2 }, 'fail'],
  ['it may restart for ever', { restarts: 1e9, attemptsMax: Number.POSITIVE_INFINITY }, 500],
  ['no restart is allowed', { attemptsMax: 0 }, 'fail'],
  ['there is no strategy', { strategy: 'none' }, 'fail'],
  ['user code threw', { code: 'OPERATOR_FAILED' }, 500],
  ['the output is there already', { code: 'OUTPUT_EXISTS' }, 'fail'],
])('%s', (_what, change, expected) => {
  const decision = decideRestart({ ...facts, ...change })
  expect(decision).toEqual(
    expected === 'fail' ? { kind: 'fail' } : { kind: 'restart', delayMs: expected },
  )
})

const sections = new Map(
  readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
    .split(/^## /m)
    .map((text): [string, string[]] => [
      text.slice(0, text.indexOf('\n')),
      [...text.matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map((match) => match[1]!),
    ]),
)

test.each(['The job module', 'Building the graph', 'Options and arguments'])(
  'no error of "%s" is worth a restart',
  (section) => {
    const codes = sections.get(section)!
    expect(codes.length).toBeGreaterThan(0)
    expect(codes.filter(isWorthRestart)).toEqual([])
  },
)

test.each([
  'FILE_NOT_FOUND',
  'NO_INPUT',
  'NOT_PARQUET',
  'PARQUET_DAMAGED',
  'UNKNOWN_COLUMN',
  'RECORD_UNREADABLE',
  'OUTPUT_NOT_WRITABLE',
  'BLOB_MISSING',
  'CHECKPOINT_DAMAGED',
  'RESTORE_IN_FLIGHT',
  'RESTORE_KEY',
  'RESTORE_MAX_PARALLELISM',
  'STATE_INCOMPATIBLE',
  'STATE_UNCLAIMED',
])('%s comes again at every start', (code) => {
  expect(isWorthRestart(code)).toBe(false)
})

test.each([
  undefined,
  'BAD_EVENT_TIME',
  'FILE_NOT_READABLE',
  'INTERNAL',
  'OUTPUT_FAILED',
  'OVERDRAFT_EXCEEDED',
  'STORAGE_FAILED',
  'TASK_EXITED',
  'TASK_FAILED',
  'TASK_OUT_OF_MEMORY',
])('%s may not come again', (code) => {
  expect(isWorthRestart(code)).toBe(true)
})
