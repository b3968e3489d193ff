/** `sluice run` as a shell sees it: output, exit codes, signals, pipes. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const COMMAND = fileURLToPath(new URL('../../src/cli/sluice.mjs', import.meta.url))
const JOBS = fileURLToPath(new URL('../fixtures/jobs/', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

test('results go to standard output, and the log to standard error as JSON lines', async () => {
  const { code, out, err } = await ended(start('words.ts', '--text', 'to be or not to be'))
  expect(err).not.toContain('error')
  expect(code).toBe(0)
  const counts = linesOf(out).map((line) => JSON.parse(line))
  expect(counts).toHaveLength(6)
  expect(counts).toContainEqual({ word: 'be', count: 2 })
  const log = linesOf(err).map((line) => JSON.parse(line))
  expect(log.at(-1)).toMatchObject({ recordsRead: 6 })
})

test('rows that the job collects are printed under their names', async () => {
  const { code, out, err } = await ended(start('collecting.ts'))
  expect(code).toBe(0)
  const lines = linesOf(out)
  expect(lines).toHaveLength(75_000)
  expect(lines).toContain('evens> {"index":49998}')
  expect(lines).toContain('texts> number 49999')
  expect(JSON.parse(linesOf(err).at(-1)!)).toMatchObject({ recordsPrinted: 75_000 })
})

test('the log level silences the log', async () => {
  expect((await ended(start('words.ts', '--log-level', 'silent'))).err).toBe('')
})

test('with --progress and no terminal, progress is a plain line', async () => {
  const words = ['words.ts', '--progress', '--log-level', 'silent']
  const { err } = await ended(start(...words))
  expect(err).toMatch(/^100 % {2}6 of 6 records {2}[\d,]+\/s\n$/)
})

test('with --stats and no terminal, tables are plain lines, the last one of the end', async () => {
  const { out, err } = await ended(start('words.ts', '--stats', '--log-level', 'silent'))
  expect(linesOf(out)).not.toHaveLength(0)
  const lines = linesOf(err)
  const titles = lines.findLastIndex((line) => line.startsWith('task '))
  expect(lines[titles]).toMatch(/in\/s +out\/s +busy% +idle% +soft% +hard% +level +queue/)
  expect(lines[titles + 1]).toMatch(/^\S.* \(0\) +[\d,]+ +[\d,]+ +\d+ +\d+ +0 +0 +ok +0 B/)
  expect(lines.at(-1)).toBe('no bottleneck: no task is held back; 0 B in flight')
  expect(err).not.toContain('\x1b')
})

test("a job that fails ends with code 1, operator, record and the user's own line", async () => {
  const { code, out, err } = await ended(start('failing.ts', '--log-level', 'silent'))
  expect(code).toBe(1)
  expect(out).toBe('')
  expect(err).toContain('error OPERATOR_FAILED')
  expect(err).toContain('operator: sum up')
  expect(err).toContain('place: failing.ts:12:')
  expect(err).toContain('record: {}')
  expect(err).toContain('cause: TypeError')
  expect(err).not.toContain('base64')
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s stops the job cleanly with code %d', async (signal, expected) => {
  const child = start('endless.ts')
  await said(child, 'job starts')
  child.kill(signal)
  const { code, err } = await ended(child)
  expect(err).toContain('once more ends it at once')
  expect(err).toContain('job canceled')
  expect(code).toBe(expected)
})

test('when the reader of the output goes away the job ends quietly', async () => {
  const child = start('endless.ts', '--print', '--log-level', 'silent')
  await Promise.race([once(child.stdout!, 'data'), once(child, 'close')])
  child.stdout!.destroy()
  const { code, err } = await ended(child)
  expect(err).toBe('')
  expect(code).toBe(0)
})

test('the command works in a shell pipe', async () => {
  const pipe = `"${process.execPath}" "${COMMAND}" run endless.ts --print | head -n 2`
  const { stdout } = await promisify(execFile)('sh', ['-c', pipe], { cwd: JOBS })
  expect(linesOf(stdout)).toEqual(['{"index":0}', '{"index":1}'])
})

test.each(['--help', 'run --help', 'info words.ts'])(
  'nobody is told when the reader of %s goes away',
  async (words) => {
    const pipe = `"${process.execPath}" "${COMMAND}" ${words} | true`
    expect((await promisify(execFile)('sh', ['-c', pipe], { cwd: JOBS })).stderr).toBe('')
  },
)

function start(...words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [COMMAND, 'run', ...words], { cwd: JOBS })
}

async function ended(child: ChildProcess): Promise<Ended> {
  let out = ''
  let err = ''
  child.stdout!.on('data', (chunk) => (out += chunk))
  child.stderr!.on('data', (chunk) => (err += chunk))
  const [code] = await once(child, 'close')
  return { code, out, err }
}

async function said(child: ChildProcess, words: string): Promise<void> {
  for await (const chunk of child.stderr!.iterator({ destroyOnReturn: false })) {
    if (String(chunk).includes(words)) return
  }
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}
