import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configFor, type Definition } from '../../src/cli/run-flags.ts'
import { parseOptions } from '../../src/graph/parse-options.ts'

let folder: string
let config: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-flags-'))
  config = join(folder, 'job.yaml')
  writeFileSync(config, 'parallelism: 2\ncheckpoints: {interval: 1 s, dir: /file, retained: 3}\n')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('flags come before definitions, and definitions before the file', async () => {
  const define: readonly Definition[] = [
    ['execution.checkpointing.interval', '2 s'],
    ['execution.checkpointing.dir', '/defined'],
    ['restart.attempts', '1'],
  ]
  const flags = { define, config, checkpointDir: '/flag', restore: 'latest', parallelism: 4 }
  expect(parseOptions(await configFor(flags))).toMatchObject({
    checkpointDirectory: '/flag',
    checkpointIntervalMs: 2_000,
    checkpointsRetained: 3,
    parallelism: 4,
    restartAttempts: 1,
    restore: 'latest',
  })
})

test('a key that is defined twice counts as the last says, but not under two names', async () => {
  const twice: readonly Definition[] = [
    ['parallelism', '2'],
    ['parallelism', '3'],
  ]
  expect(await configFor({ define: twice })).toEqual({ parallelism: '3' })
  const named = configFor({ define: [...twice, ['parallelism.default', '4']] })
  await expect(named).rejects.toMatchObject({ code: 'BAD_OPTION' })
})
