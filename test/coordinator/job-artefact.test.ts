import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { errorToData, SluiceError } from '../../src/base/errors.ts'
import { bundleJob, loadJob } from '../../src/coordinator/job-artefact.ts'
import { mapStack } from '../../src/coordinator/source-positions.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-artefact-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a job with relative imports is one module that workers can import from its URL', async () => {
  write('lib/double.ts', 'export enum Kind { A = 21 }\nexport const double = (x: number) => x * 2')
  const job = write(
    'job.ts',
    "import { double, Kind } from './lib/double.ts'\nexport default { name: 'n' + double(Kind.A) }",
  )
  expect((await load(job)).name).toBe('n42')
})

test('TypeScript written as ./x.js is found, and text beyond ASCII stays what it is', async () => {
  write('lib.mts', "export const text = 'Überfluß 漢字 🌊 \\u2028'")
  const job = write('job.mjs', "import { text } from './lib.mts'\nexport default { name: text }")
  expect((await load(job)).name).toBe('Überfluß 漢字 🌊 \u2028')
})

test('the same source gives the same hash, another source another one', async () => {
  const job = write('job.ts', "export default { name: 'a' }")
  const first = await bundleJob(job)
  const again = await bundleJob(pathToFileURL(job))
  write('job.ts', "export default { name: 'b' }")
  const other = await bundleJob(job)
  expect(again).toEqual(first)
  expect(other.hash).not.toBe(first.hash)
  expect(first.hash).toMatch(/^[0-9a-f]{64}$/)
})

test('jobs may be bundled at the same time', async () => {
  const jobs = ['a', 'b', 'c', 'd'].map((name) =>
    write(`${name}.ts`, `export default { name: '${name}' }`),
  )
  const loaded = await Promise.all(jobs.map(load))
  expect(loaded.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd'])
})

test('import.meta of each file means that file', async () => {
  write('lib/where.ts', 'export const where = [import.meta.url, import.meta.dirname]')
  const job = write(
    'job.ts',
    "import { where } from './lib/where.ts'\n" +
      "export default { name: 'm', where, own: [import.meta.filename, import.meta.url] }",
  )
  const loaded = await load(job)
  expect(loaded.where).toEqual([
    pathToFileURL(join(folder, 'lib/where.ts')).href,
    join(folder, 'lib'),
  ])
  expect(loaded.own).toEqual([job, pathToFileURL(job).href])
})

test('a package is imported from where the job lies, CommonJS and ES modules alike', async () => {
  write('node_modules/esm-one/package.json', '{"name":"esm-one","exports":{"import":"./x.mjs"}}')
  write('node_modules/esm-one/x.mjs', 'export const here = import.meta.url')
  write('node_modules/cjs-one/index.js', 'exports.kind = typeof require')
  const job = write(
    'job.ts',
    "import { here } from 'esm-one'\nimport { kind } from 'cjs-one'\nimport fs from 'fs'\n" +
      "const late = (await import('esm-one')).here\n" +
      "export default { name: 'p', here, late, kind, fs: typeof fs.readFileSync }",
  )
  const here = pathToFileURL(join(folder, 'node_modules/esm-one/x.mjs')).href
  expect(await load(job)).toEqual({ name: 'p', here, late: here, kind: 'function', fs: 'function' })
})

test('a CommonJS file beside the job may require builtins and packages', async () => {
  write('node_modules/cjs-one/index.js', 'exports.kind = 7')
  write('old.cjs', "exports.sum = require('cjs-one').kind + require('path').sep.length")
  const job = write(
    'job.ts',
    "import old from './old.cjs'\nexport default { name: String(old.sum) }",
  )
  expect((await load(job)).name).toBe('8')
})

test('a tsconfig path leads to source that is bundled too', async () => {
  write('tsconfig.json', '{"compilerOptions":{"paths":{"@lib/*":["./lib/*"]}}}')
  write('lib/a.ts', 'export const a: string = "aliased"')
  const job = write('job.ts', "import { a } from '@lib/a.ts'\nexport default { name: a }")
  expect((await load(job)).name).toBe('aliased')
})

test('the package sluice is this very package wherever the job lies', async () => {
  write('node_modules/sluice/package.json', '{"name":"sluice","exports":"./wrong.js"}')
  write('node_modules/sluice/wrong.js', 'export const wrong = true')
  const job = write('job.ts', "import own from 'sluice/package.json' with { type: 'json' }\nown")
  const { url } = await bundleJob(job)
  const code = Buffer.from(url.slice(url.indexOf(',') + 1), 'base64').toString()
  expect(code).toContain(new URL('../../package.json', import.meta.url).href)
})

test('an unknown subpath of sluice is refused with the nearest one', async () => {
  const job = write('job.ts', "import { x } from 'sluice/files'\nexport default x")
  const error = await failure(bundleJob(job))
  expect(error.code).toBe('JOB_IMPORT_NOT_FOUND')
  expect(error.message).toContain('did you mean sluice/file?')
  expect(error.place).toBe(`${job}:1:19`)
})

test('a missing file is named with its absolute path', async () => {
  const error = await failure(bundleJob('no/such/job.ts'))
  expect(error.code).toBe('JOB_NOT_FOUND')
  expect(error.message).toBe(`there is no file ${join(process.cwd(), 'no/such/job.ts')}`)
  expect(error.hint).toContain('working directory')
})

test.each([
  ['a directory', '', 'is a directory'],
  ['a file that is no module', 'data.json', 'is no module'],
])('%s is not a job module', async (_, name, words) => {
  write('data.json', '{}')
  const error = await failure(bundleJob(join(folder, name)))
  expect(error.code).toBe('JOB_NOT_FOUND')
  expect(error.message).toContain(words)
})

test('a syntax error shows the line with a caret', async () => {
  const job = write('job.ts', "const ü = 'ä'; const x = = 1\nexport default x")
  const error = await failure(bundleJob(job))
  expect(error.code).toBe('JOB_SYNTAX')
  expect(error.place).toBe(`${job}:1:26`)
  expect(error.message).toBe(
    `${job}:1:26: Unexpected "="\n` +
      "  1 | const ü = 'ä'; const x = = 1\n" +
      '    |                          ^',
  )
})

test.each([
  ['a package', 'no-such-package', 18],
  ['a file', './no-such-file.ts', 18],
])('%s that cannot be found is named with the line that imports it', async (_, name, column) => {
  write('lib.ts', `\nimport { x } from '${name}'\nexport const y = x`)
  const job = write('job.ts', "export { y as default } from './lib.ts'")
  const error = await failure(bundleJob(job))
  expect(error.code).toBe('JOB_IMPORT_NOT_FOUND')
  expect(error.place).toBe(`${join(folder, 'lib.ts')}:2:${column + 1}`)
  expect(error.message).toContain(name)
})

test.each([
  ['no default export', 'export const job = 1', 'it is missing'],
  ['a function', 'export default () => 1', 'it is a function'],
  ['another object', 'export default {}', 'it is an object of another kind'],
])('a module with %s is told how to export a job', async (_, text, words) => {
  const error = await failure(loadStrictly(write('job.ts', text)))
  expect(error.code).toBe('JOB_WITHOUT_DEFAULT_EXPORT')
  expect(error.message).toContain(words)
  expect(error.hint).toContain('export default defineJob(')
})

test('a default export with a name and a build function is a job', async () => {
  const text = "export default { name: 'a job', argsSchema: undefined, build() {} }"
  expect(await loadStrictly(write('job.js', text))).toMatchObject({ name: 'a job' })
})

test("a module that throws while it is imported gives the user's own line", async () => {
  write(
    'lib.ts',
    'interface A { a: 1 }\n\nexport function bad(): A {\n  throw new Error("no a")\n}',
  )
  const job = write('job.ts', "import { bad } from './lib.ts'\n\nexport default bad()")
  const error = await failure(loadStrictly(job))
  expect(error.code).toBe('JOB_IMPORT_FAILED')
  expect(error.message).toContain('no a')
  expect(error.place).toBe(`${join(folder, 'lib.ts')}:4:9`)
  expect(error.stack).toContain(`${job}:3:16`)
  expect(error.stack).not.toContain('sluice-job:')
})

test('a package without the imported name fails the import without quoting it', async () => {
  write('node_modules/esm-one/package.json', '{"type":"module","exports":"./x.js"}')
  write('node_modules/esm-one/x.js', 'export const a = 1')
  const job = write('job.ts', "import { b } from 'esm-one'\nexport default b")
  const error = await failure(loadStrictly(job))
  expect(error.code).toBe('JOB_IMPORT_FAILED')
  expect(error.message).toBe(`${job}: 'esm-one' has no export 'b'`)
  expect(error.hint).toBe("did you mean 'a'?")
  expect(error.message).not.toContain('base64')
  expect(error.stack).not.toContain('base64')
})

test('a stack of the running job is mapped frame by frame, odd names included', async () => {
  const job = write(
    'my job (1).ts',
    'type T = string\nconst later: T = ""\n\n\nexport default { name: later, boom() { null!.x } }',
  )
  const artefact = await bundleJob(job)
  const loaded = (await import(artefact.url)).default
  const stack = thrownBy(loaded.boom).stack!
  const mapped = mapStack(stack, artefact)
  expect(mapped.place).toBe(`${job}:5:46`)
  expect(mapped.stack).toContain(`(${job}:5:46)`)
  expect(mapped.stack.split('\n')).toHaveLength(stack.split('\n').length)
})

test('a stack without a frame of the job stays as it is and has no place', async () => {
  const artefact = await bundleJob(write('job.ts', 'export default 1'))
  expect(mapStack('Error: x\n    at y (file:///z.js:1:1)', artefact)).toEqual({
    stack: 'Error: x\n    at y (file:///z.js:1:1)',
  })
})

function write(name: string, text: string): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

/** The default export, job or not. */
async function load(path: string): Promise<Record<string, unknown>> {
  const { url } = await bundleJob(path)
  return (await import(url)).default
}

async function loadStrictly(path: string): Promise<unknown> {
  return loadJob(await bundleJob(path))
}

async function failure(promise: Promise<unknown>): Promise<SluiceError> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(thrown instanceof SluiceError)) {
    throw new Error(`expected a SluiceError: ${JSON.stringify(errorToData(thrown))}`)
  }
  return thrown
}

function thrownBy(action: () => void): Error {
  try {
    action()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
