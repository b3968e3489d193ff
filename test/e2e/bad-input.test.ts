/** What the world may do wrong, read as a user would. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runJob } from 'sluice'
import { expect, test } from 'vitest'
import { failureOf, fileTree, fixture, scratchFolder, sluice, within } from './support.ts'

const scratch = scratchFolder()
const COLUMNS = fixture('columns.ts')
const LINES = fixture('lines.ts')

test('a missing file is named with what to check, and nothing was started', async () => {
  const output = join(scratch, 'missing')
  const { code, out, err } = await sluice(
    'run',
    COLUMNS,
    '--input',
    'no.parquet',
    '--output',
    output,
  )
  expect(code).toBe(2)
  expect(out).toBe('')
  expect(err).toContain('error FILE_NOT_FOUND: ')
  expect(err).toContain('no.parquet')
  expect(err).toContain('hint: ')
  expect(existsSync(output)).toBe(false)
})

test.each([
  ['text', 'id,name\n1,Ada\n'.repeat(10)],
  ['nothing', ''],
])('a file of %s is no Parquet file', async (name, text) => {
  const input = write(`${name}.parquet`, text)
  const error = await failureOf(COLUMNS, { args: { input, output: join(scratch, 'not') } })
  expect(error.code).toBe('NOT_PARQUET')
  expect(error.message).toContain(input)
  expect(error.hint).toBeDefined()
})

test('a broken JSON line fails the job with its line number and its text', async () => {
  const input = write('some.jsonl', '{"n":1}\n{"n":2}\n{"n":\n{"n":4}\n')
  const { code, err } = await sluice('run', LINES, '--input', input)
  expect(code).toBe(1)
  expect(err).toContain(`error RECORD_UNREADABLE: ${input}:3: `)
  expect(err).toContain('operator: json lines')
  expect(err).toContain('record: {"n":\n')
  expect(err).toContain("hint: set onUnreadable to 'skip'")
})

test('broken JSON lines are counted and dropped by option', async () => {
  const input = write('skip.jsonl', '{"n":1}\nnonsense\n\n{"n":4}\n}')
  const job = await runJob(LINES, { args: { input, broken: 'skip' }, onPrint: () => {} })
  expect(await rowsOf(job.collect('rows'))).toEqual([{ n: 1 }, { n: 4 }])
  const { metrics } = await job.finished
  expect(metrics.subtasks[0]).toMatchObject({ recordsUnreadable: 2, recordsIn: 2 })
})

test('broken JSON lines go to a side output by option, each with its place', async () => {
  const input = write('aside.jsonl', '{"n":1}\nnonsense\n\n{"n":4}\n}')
  const job = await runJob(LINES, { args: { input, broken: 'aside' } })
  const [rows, broken] = await Promise.all([
    rowsOf(job.collect('rows')),
    rowsOf(job.collect<{ place: string; text: string; reason: string }>('broken')),
  ])
  expect(rows).toEqual([{ n: 1 }, { n: 4 }])
  expect(broken.map(({ place, text }) => [place, text])).toEqual([
    [`${input}:2`, 'nonsense'],
    [`${input}:5`, '}'],
  ])
  expect(broken[0]!.reason).toContain('JSON')
  expect((await job.finished).metrics.subtasks[0]!.recordsUnreadable).toBe(2)
})

test.each([
  ['a file in its place', () => write('a-file', 'x')],
  ['a file among its parents', () => join(write('another-file', 'x'), 'below')],
  ['a file system that takes none', () => '/proc/sluice-output'],
])('an output directory that cannot be written: %s', async (_, make) => {
  const output = make()
  const error = await failureOf(COLUMNS, { args: { output } })
  expect(error.code).toBe('OUTPUT_NOT_WRITABLE')
  expect(error.message).toMatch(new RegExp(`^${output} cannot be written to: E[A-Z]+$`))
  expect(error.place).toBe(output)
  expect(error.hint).toContain('directory')
})

test('output that is there is refused, and replaced with --overwrite', async () => {
  const output = join(scratch, 'there')
  const words = ['run', COLUMNS, '--output', output]
  expect(await sluice(...words)).toEqual({ code: 0, out: '', err: '' })
  const before = contentOf(output)
  expect(before).toHaveLength(1)
  const refused = await sluice(...words)
  expect(refused.code).toBe(2)
  expect(refused.err).toContain(`error OUTPUT_EXISTS: ${output} already has output`)
  expect(refused.err).toContain('hint: pass --overwrite')
  expect(contentOf(output)).toEqual(before)
  expect(await sluice(...words, '--overwrite')).toEqual({ code: 0, out: '', err: '' })
  expect(contentOf(output)).toEqual(before)
})

test.each([
  [{ config: { paralelism: 2 } }, 'UNKNOWN_OPTION', "no option 'paralelism'", "'parallelism'"],
  [
    { config: { bufferTimeout: '5 parsecs' } },
    'BAD_UNIT',
    "'5 parsecs' is not a duration",
    "'10 s'",
  ],
  [{ config: { 'task.heap.size': 'much' } }, 'BAD_UNIT', "'much' is not a size", "'64 mb'"],
  [{ parallelism: 0 }, 'BAD_OPTION', 'parallelism = 0', undefined],
  [{ parallelism: 1.5 }, 'BAD_OPTION', 'whole number', undefined],
  [{ parallelism: 5000 }, 'BAD_OPTION', '5000', undefined],
  [{ parallelism: 8, config: { maxParallelism: 4 } }, 'BAD_OPTION', 'max-parallelism', undefined],
  [{ args: { output: () => {} } }, 'OUTPUT_NOT_WRITABLE', 'path of a directory', undefined],
  [{ args: { output: 'x', input: undefined, more: () => {} } }, 'BAD_ARGUMENT', 'threads', 'plain'],
])('the options %o are refused with %s', async (options, code, words, hint) => {
  const error = await failureOf(COLUMNS, { args: { output: join(scratch, 'never') }, ...options })
  expect(error.code).toBe(code)
  expect(error.message).toContain(words)
  if (hint !== undefined) expect(error.hint).toContain(hint)
  expect(fileTree(join(scratch, 'never'))).toEqual([])
})

test.each([
  [['-D', 'paralelism=2'], 'UNKNOWN_OPTION', "did you mean 'parallelism'?"],
  [['-D', 'buffer-timeout=1'], 'UNKNOWN_OPTION', 'hint: '],
  [['-p', '4000'], 'BAD_OPTION', 'parallelism'],
])('on the command line %o ends with code 2 and %s', async (flags, code, words) => {
  const ran = await sluice('run', COLUMNS, '--output', join(scratch, 'never'), ...flags)
  expect(ran.code).toBe(2)
  expect(ran.out).toBe('')
  expect(ran.err).toContain(`error ${code}: `)
  expect(ran.err).toContain(words)
})

function write(name: string, text: string): string {
  const path = join(scratch, name)
  writeFileSync(path, text)
  return path
}

function contentOf(folder: string): readonly string[] {
  return fileTree(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
}

async function rowsOf<T>(rows: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = []
  const read = async () => {
    for await (const row of rows) all.push(row)
  }
  await within('reading rows', read())
  return all
}
