/**
 * `npm run demo` with checkpoints: `--kill` shows exactly once, and a demo that was killed can be
 * run again. What they print is what a person sees.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { fileTree, scratchFolder, until, within } from './support.ts'

const EXAMPLES = new URL('../../docs/examples/', import.meta.url)
const DEMO = fileURLToPath(new URL('demo.mjs', EXAMPLES))
const { differencesOf } = await import(new URL('demo-compare.mjs', EXAMPLES).href)
/** On machines that do much else at the same time. */
const LONG_MS = 110_000
const timeout = LONG_MS + 10_000
const folder = scratchFolder()

test('the job that is killed and started again writes what an undisturbed run writes', {
  timeout,
}, async () => {
  const { code, out, err } = await endOf(startDemo('--kill'))
  expect(code, out + err).toBe(0)
  expect(out).toMatch(/Killed \(SIGKILL\) at [\d.]+ %, after checkpoint \d+\./)
  expect(out).toMatch(/Going on from checkpoint \d+: [\d,]+ of those rows are withdrawn/)
  expect(out).toMatch(/Checkpoint \d+ stands at [1-9][\d.]* %: about [\d,]+ flights are read/)
  expect(out).toMatch(/daily\/: 39,952 rows, undisturbed 39,952\n/)
  expect(out).toMatch(/Equal: yes\n$/)
  // The same files, to be sure that the comparison can say no.
  const undisturbed = join(folder, 'undisturbed')
  const altered = join(folder, 'altered')
  cpSync(undisturbed, altered, { recursive: true })
  expect(differencesOf(altered, undisturbed)).toEqual([])
  const [name] = readdirSync(join(altered, 'daily'))
  writeFileSync(join(altered, 'daily', name!), '')
  expect(differencesOf(altered, undisturbed)).toHaveLength(10)
})

test('a demo that was killed starts from scratch', { timeout }, async () => {
  const killed = startDemo()
  const published = join(folder, 'checkpoints/chk-1/_metadata')
  await until('the first checkpoint', () => existsSync(published) || killed.exitCode !== null)
  killed.kill('SIGKILL')
  await once(killed, 'close')
  const { code, out, err } = await endOf(startDemo())
  expect(code, out + err).toBe(0)
  expect(out).toMatch(/\n3,000,000 flights in .*, 43,067 rows written\n/)
  expect(out).toMatch(/\n\d+ checkpoints? completed, in [\d,]+ ms \(median\)\n/)
  expect(err).toMatch(/100 % .* checkpoint \d+, [\d,]+ ms, [\d.]+ kB\n$/)
  expect(readdirSync(join(folder, 'checkpoints')).sort()).toEqual(['history.jsonl', 'job.json'])
  const hidden = fileTree(join(folder, 'daily')).filter((file) => file.startsWith('.'))
  expect(hidden).toEqual([])
})

test.each([
  ['a missing row', 'totals', ['{"destination":"A","flights":1000}'], 'A counts 1000 instead of'],
  [
    'a row twice',
    'daily',
    ['{"day":1}', '{"day":2}', '{"day":2}'],
    'daily: {"day":2} is one too many',
  ],
  ['another row', 'daily', ['{"day":1}', '{"day":3}'], 'daily: {"day":3} is one too many'],
  [
    'another last row',
    'totals',
    ['{"destination":"A","flights":1000}', '{"destination":"A","flights":1200,"delayTotal":1}'],
    'totals: {"destination":"A","flights":1200,"delayTotal":1} instead of',
  ],
])('%s is a difference', (what, part, rows, sentence) => {
  const expected = outputOf(`expected ${what}`, {})
  const found = outputOf(what, { [part]: rows })
  expect(differencesOf(expected, expected)).toEqual([])
  expect(differencesOf(found, expected).join()).toContain(sentence)
})

test('a file in progress that is left behind is a difference', () => {
  const expected = outputOf('clean', {})
  const found = outputOf('left', {})
  writeFileSync(join(found, 'daily/.part-1-0-1-1.inprogress'), '')
  expect(differencesOf(found, expected)).toEqual(['daily/.part-1-0-1-1.inprogress was left behind'])
})

const ROWS: Readonly<Record<string, readonly string[]>> = {
  daily: ['{"day":1}', '{"day":2}'],
  totals: ['{"destination":"A","flights":1000}', '{"destination":"A","flights":1200}'],
}

function outputOf(name: string, rows: Readonly<Record<string, readonly string[]>>): string {
  const output = join(folder, name)
  for (const [part, lines] of Object.entries({ ...ROWS, ...rows })) {
    mkdirSync(join(output, part), { recursive: true })
    const text = lines.map((line) => `${line}\n`).join('')
    writeFileSync(join(output, part, 'part-0-1.jsonl'), text)
  }
  return output
}

function startDemo(...words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [DEMO, ...words, '--folder', folder])
}

async function endOf(child: ChildProcess) {
  let out = ''
  let err = ''
  child.stdout!.on('data', (chunk) => (out += chunk))
  child.stderr!.on('data', (chunk) => (err += chunk))
  const [code] = await within('the demo', once(child, 'close'), LONG_MS)
  return { code, out, err }
}
