import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseConfig, readConfigFile } from '../../src/cli/config-file.ts'
import { parseOptions } from '../../src/graph/parse-options.ts'

test.each([
  ['parallelism: 4', { parallelism: 4 }],
  ['parallelism.default: 4', { parallelism: 4 }],
  ['checkpoints:\n  interval: 10 s\n  dir: /a', { checkpointIntervalMs: 10_000 }],
  ['checkpoints:\n  interval: 500', { checkpointIntervalMs: 500 }],
  ['execution:\n  checkpointing.mode: AT_LEAST_ONCE', { checkpointMode: 'at-least-once' }],
  ['restart-strategy: off\nrestart-strategy.fixed-delay.attempts: 3', { restartStrategy: 'none' }],
  ['{"parallelism": 4, "chaining": false}', { parallelism: 4, chaining: false }],
  ['bufferTimeout: &t 7 ms\ncheckpoints: {minPause: *t}', { checkpointMinPauseMs: 7 }],
  ['', {}],
  ['# nothing\n', {}],
  ['checkpoints: {}', {}],
])('the file %o is read', (text, expected) => {
  expect(parseOptions(parseConfig(text, 'job.yaml'))).toMatchObject(expected)
})

test.each([
  ['a: 1\nb: [', 'BAD_CONFIG', /^job.yaml:2: /],
  ['parallelism: 1\nchaining: true\nparallelism: 2', 'BAD_CONFIG', /^job.yaml:3: .*unique/],
  ['a.b: 1', 'UNKNOWN_OPTION', "job.yaml:1: there is no option 'a.b'"],
  [
    'checkpoints:\n  dir: a\n  intervall: 5',
    'UNKNOWN_OPTION',
    "job.yaml:3: there is no option 'checkpoints.intervall'",
  ],
  ['\n\nparallelism: many', 'BAD_OPTION', /^job.yaml:3: parallelism = 'many': it must be a whole/],
  ['parallelism:', 'BAD_OPTION', /^job.yaml:1: parallelism = null/],
  ['parallelism: [1, 2]', 'BAD_OPTION', /^job.yaml:1: parallelism = \[1,2\]/],
  ['checkpoints:\n  timeout: 5 parsecs', 'BAD_UNIT', /^job.yaml:2: .*'5 parsecs'/],
  [
    'checkpoints: {retained: 1}\ncheckpoints.retained: 2',
    'BAD_CONFIG',
    "job.yaml:2: 'checkpoints.retained' is given twice",
  ],
  ['parallelism: 1\nparallelism.default: 2', 'BAD_OPTION', /^job.yaml: .*is given twice/],
  [': 5', 'UNKNOWN_OPTION', /^job.yaml:1: there is no option 'null'/],
  ['a: &a {b: *a}', 'UNKNOWN_OPTION', "job.yaml:1: there is no option 'a.b'"],
  ['- parallelism', 'BAD_CONFIG', 'job.yaml:1: the file holds no keys with values'],
  ['just text', 'BAD_CONFIG', 'job.yaml:1: the file holds no keys with values'],
])('the file %o is refused', (text, code, message) => {
  const told = typeof message === 'string' ? message : expect.stringMatching(message)
  expect(() => parseConfig(text, 'job.yaml')).toThrow(
    expect.objectContaining({ code, message: told }),
  )
})

test('a misspelt key is told with the right one', () => {
  expect(() => parseConfig('checkpoints.intervall: 5', 'job.yaml')).toThrow(
    expect.objectContaining({ hint: "did you mean 'checkpoints.interval'?", place: 'job.yaml:1' }),
  )
})

test('a file is read, and one that is not there is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'))
  try {
    const path = join(folder, 'job.yaml')
    writeFileSync(path, 'parallelism: 3')
    expect(await readConfigFile(path)).toEqual({ parallelism: 3 })
    const missing = join(folder, 'missing.yaml')
    await expect(readConfigFile(missing)).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: `${missing}: there is no such file`,
    })
    await expect(readConfigFile(folder)).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: `${folder}: it cannot be read (EISDIR)`,
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
