/** The command line as its users meet it: the real program in a process of its own. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const COMMAND = fileURLToPath(new URL('../../src/cli/sluice.mjs', import.meta.url))
const JOBS = fileURLToPath(new URL('../fixtures/jobs/', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function sluice(...words: readonly string[]): Ended {
  const ran = spawnSync(process.execPath, [COMMAND, ...words], { cwd: JOBS, encoding: 'utf8' })
  return { code: ran.status, out: ran.stdout, err: ran.stderr }
}

test('--help names the commands and the exit codes', () => {
  const { code, out } = sluice('--help')
  expect(code).toBe(0)
  for (const word of ['run', 'info', 'checkpoints', 'Exit codes', '130', '143'])
    expect(out).toContain(word)
})

test('run --help says how the job gets its own arguments', () => {
  const { code, out } = sluice('run', '--help')
  expect(code).toBe(0)
  const words = ['--parallelism', '--define', '--overwrite', '--checkpoint-dir', 'args.someName']
  for (const word of words) {
    expect(out).toContain(word)
  }
})

test('--version is the version of the package', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  expect(sluice('--version')).toEqual({ code: 0, out: `${JSON.parse(text).version}\n`, err: '' })
})

test.each([
  [['rum', 'job.ts'], 'Did you mean run?'],
  [['run'], "missing required argument 'job'"],
  [['run', 'x.ts', '-p', 'many'], 'It must be a whole number from 1 on.'],
  [['run', 'x.ts', '-p', '0'], 'It must be a whole number from 1 on.'],
  [['run', 'x.ts', '-D', 'novalue'], 'write -D key=value'],
  [['run', 'x.ts', '--log-level', 'loud'], 'Allowed choices are'],
  [['run', 'words.ts', '--paralellism', '2'], 'did you mean --parallelism?'],
  [['run', 'missing.ts'], 'JOB_NOT_FOUND: there is no file'],
  [['info', 'missing.ts'], 'JOB_NOT_FOUND: there is no file'],
  [['info', 'words.ts', '-D', 'paralelism=2'], "did you mean 'parallelism'?"],
  [['run', 'x.ts', '--interval', '5 parsecs'], "'5 parsecs' is not a duration"],
  [['run', 'x.ts', '--checkpoint-dir', 's3://a'], 'it must be a path or a file: URL'],
  [['run', 'words.ts', '--restore', 'latest'], 'on the command line with --checkpoint-dir'],
  [['run', 'words.ts', '--config', 'missing.yaml'], 'missing.yaml: there is no such file'],
  [['checkpoints', 'list', 'missing'], 'CHECKPOINT_NOT_FOUND: there is no directory missing'],
  [['checkpoints', 'verify', 'missing'], 'CHECKPOINT_NOT_FOUND: there is no directory missing'],
  [['checkpoints', 'verify', '.', '--id', 'x'], 'It must be a whole number.'],
  [['checkpoints', 'lst', '.'], 'Did you mean list?'],
  [['info', 'words.ts', '--restore', 'none'], '--restore is an option of another command'],
])('bad usage %o ends with code 2 and a sentence on standard error', (words, sentence) => {
  const { code, out, err } = sluice(...words)
  expect(err).toContain(sentence)
  expect(code).toBe(2)
  expect(out).toBe('')
})

test('info prints the plan as text and as JSON', () => {
  const text = sluice('info', 'words.ts', '-p', '2')
  expect(text.err).toBe('')
  expect(text.out).toContain('job words:')
  const json = JSON.parse(sluice('info', 'words.ts', '--json', '-p', '2').out)
  expect(json.job).toBe('words')
  expect(json.vertices.length).toBeGreaterThan(1)
})

test('info --chains prints the code of every chain behind the plan', () => {
  const text = sluice('info', 'words.ts', '--chains')
  expect(text.err).toBe('')
  expect(text.out).toContain('job words:')
  const json = JSON.parse(sluice('info', 'words.ts', '--chains', '--json').out)
  expect(json.chains).toHaveLength(json.vertices.length)
  for (const [index, chain] of json.chains.entries()) {
    expect(chain.id).toBe(json.vertices[index].id)
    expect(text.out).toContain(`chain ${index + 1}  ${chain.name}: `)
    expect(chain.code).toContain('function head(v0, t) {')
    for (const name of chain.operators) expect(chain.code).toContain(JSON.stringify(name))
  }
  expect(sluice('info', 'words.ts').out).not.toContain('function head')
})
