/** Jobs that cannot be loaded, built or agreed upon, and records that cannot be sent. */
import { expect, test } from 'vitest'
import { failureOf, lineEnding, scratchFolder, sluice, writeJob } from './support.ts'

const scratch = scratchFolder()

test('a module without a default export is told how to export a job', async () => {
  const path = job('no-default', 'export const job = 1\n')
  const { code, err } = await sluice('run', path)
  expect(code).toBe(2)
  expect(err).toContain(`error JOB_WITHOUT_DEFAULT_EXPORT: ${path}: the default export must be`)
  expect(err).toContain("hint: write export default defineJob('name'")
})

test('a syntax error shows file, line, column and the line itself', async () => {
  const path = job('syntax', 'const fine = 1\nconst broken = = 2\nexport default fine\n')
  const { code, err } = await sluice('run', path)
  expect(code).toBe(2)
  expect(err).toContain(`error JOB_SYNTAX: ${path}:2:16: Unexpected "="`)
  expect(err).toContain('  2 | const broken = = 2\n    |                ^')
})

test("a job that throws while it is built gives the user's own line of TypeScript", async () => {
  const path = job(
    'throws',
    `import { defineJob } from 'sluice'
interface Args { readonly n?: number }
export default defineJob('throws', (_env, args: Args) => {
  const n: number = args.n!.valueOf() // here
  if (n > 1) return
})
`,
  )
  const { code, err } = await sluice('run', path)
  expect(code).toBe(2)
  expect(err).toContain("error JOB_BUILD_FAILED: job 'throws' failed while it was built: Cannot")
  expect(err).toContain(`place: ${lineEnding(path, '// here')}:29`)
  expect(err).toContain('cause: TypeError')
})

test.each([
  ['import', "throw new Error('not today') // here", 'JOB_IMPORT_FAILED', 'not today'],
  ['import of nothing', "import './not-there.ts' // here", 'JOB_IMPORT_NOT_FOUND', 'not-there'],
])('a job that fails at its %s names its line', async (name, text, code, words) => {
  const path = job(name, `\n${text}\nexport default 1\n`)
  const error = await failureOf(path)
  expect(error.code).toBe(code)
  expect(error.message).toContain(words)
  expect(error.place).toContain(`${lineEnding(path, '// here')}:`)
})

test.each([
  ['the thread', "rows.pick(isMainThread ? 'a' : 'b').name('differing')"],
  ['randomness', "rows.pick('f' + Math.random()).name('differing')"],
  ['the clock', "rows.pick('f' + performance.now()).name('differing')"],
  ['the thread, in its shape', "isMainThread ? rows.map((row) => row).name('differing') : rows"],
])('a job that depends on %s is refused with the operator that differs', async (what, stream) => {
  const error = await failureOf(
    simpleJob(`differs by ${what}`, `const end = ${stream}\n  end.to(blackhole())`),
  )
  expect(error.code).toBe('JOB_NOT_DETERMINISTIC')
  expect(error.message).toContain("'differing' is not the same in both")
  expect(error.operator).toBe('differing')
  expect(error.hint).toContain('clock')
})

test('a job that cannot be built in a worker alone gives its own error and line', async () => {
  const text = "if (!isMainThread) throw new Error('only here') // here"
  const path = simpleJob('worker', `${text}\n  rows.to(blackhole())`)
  const error = await failureOf(path)
  expect(error.code).toBe('JOB_BUILD_FAILED')
  expect(error.message).toContain('only here')
  expect(error.place).toContain(`${lineEnding(path, '// here')}:`)
})

test('a module that cannot be imported in a worker alone names its line too', async () => {
  const text = "if (!isMainThread) throw new Error('only here') // here"
  const path = simpleJob('import', 'rows.to(blackhole())', text)
  const error = await failureOf(path)
  expect(error.code).toBe('TASK_FAILED')
  expect(error.message).toContain('only here')
  expect(error.place).toContain(`${lineEnding(path, '// here')}:`)
})

test('a record too large is told with its size and the option', async () => {
  const path = simpleJob('large', "rows.map(() => ({ text: 'x'.repeat(100_000) })).collect('rows')")
  const error = await failureOf(path, { config: { 'pipeline.record-bytes-max': '64 kb' } })
  expect(error.code).toBe('RECORD_TOO_LARGE')
  expect(error.message).toMatch(
    /^a record needs 100\d\d\d bytes; pipeline.record-bytes-max is 65536$/,
  )
  expect(error.operator).toBe('collect rows')
  expect(error.record).toContain('a: 1')
  expect(error.hint).toContain('raise pipeline.record-bytes-max')
})

test.each([
  ['a function', '() => 1'],
  ['a symbol', "Symbol('odd')"],
  ['a Map', 'new Map([[1, 2]])'],
  ['an object that holds a function', '({ f: () => 1 })'],
])('a key that is %s is refused with the operator and the record', async (what, key) => {
  const path = simpleJob(
    `key ${what}`,
    `rows.keyBy(() => ${key}).reduce((_, row) => row).name('latest').to(blackhole())`,
  )
  for (const parallelism of [1, 2]) {
    const error = await failureOf(path, { parallelism })
    expect(error.code).toBe('KEY_NOT_ENCODABLE')
    expect(error.message).toContain(what.split(' ').at(-1))
    expect(error.record).toContain('a: 1')
    expect(error.hint).toBeDefined()
  }
})

test.each([
  ['a function', '() => 1'],
  ['a symbol', "Symbol('odd')"],
])('a record that holds %s cannot be sent on', async (what, field) => {
  const path = simpleJob(`field ${what}`, `rows.map(() => ({ f: ${field} })).collect('rows')`)
  const error = await failureOf(path)
  expect(error.code).toBe('RECORD_NOT_ENCODABLE')
  expect(error.operator).toBe('collect rows')
  expect(error.hint).toBeDefined()
})

test('a job that JSON cannot express is told by its sink', async () => {
  const path = simpleJob(
    'cycle',
    `rows.map((row) => ({ ...row, own: () => 1 })).to(jsonLines(args.output)).name('files')`,
  )
  const error = await failureOf(path, { args: { output: `${scratch}/cycle` } })
  expect(error.code).toBe('RECORD_NOT_WRITABLE')
  expect(error.operator).toBe('files')
  expect(error.message).toContain('function')
})

/** A job over one record, in the variable `rows`. */
function simpleJob(name: string, body: string, before = ''): string {
  return job(
    name,
    `import { isMainThread } from 'node:worker_threads'
import { blackhole, defineJob, tumbling } from 'sluice'
import { jsonLines } from 'sluice/file'
import { collection } from 'sluice/generator'
${before}
export default defineJob('${name}', (env, args) => {
  const rows = env.from(collection([{ a: 1, b: 2 }]))
  ${body}
})
`,
  )
}

function job(name: string, text: string): string {
  return writeJob(scratch, `${name}.ts`, text)
}
