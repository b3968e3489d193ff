/**
 * Programs of users, in a folder of their own with the packed package: plain JavaScript, and
 * TypeScript compiled against the package's types. Nothing is fetched: what the package depends on
 * is linked.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { scratchFolder } from './support.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const folder = scratchFolder()

const JOB = `import { count, defineJob, type Emit, value } from 'sluice'
import { generator } from 'sluice/generator'
import { keyOf, Parity } from './keys.js'

export interface Args {
  readonly records: number
}

export const job = defineJob('parities', (env, args: Args) => {
  const numbers = env.from(generator({ count: args.records, make: (n) => ({ n }) }))
  numbers
    .keyBy(({ n }) => keyOf(n))
    .process({
      state: { sum: value(0) },
      process({ n }, ctx) {
        ctx.state.sum.set(ctx.state.sum.get() + n)
        ctx.timers.onEventTime(Number.POSITIVE_INFINITY)
      },
      onTimer(_time, ctx, emit: Emit<{ parity: Parity; sum: number }>) {
        emit({ parity: ctx.key, sum: ctx.state.sum.get() })
      },
    })
    .collect('sums')
  numbers.keyBy(() => 'all').aggregate({ seen: count() }).collect('seen')
})

export default job
`

const KEYS = `export enum Parity {
  Even = 'even',
  Odd = 'odd',
}

export function keyOf(n: number): Parity {
  return n % 2 === 0 ? Parity.Even : Parity.Odd
}
`

/** `JOB_FILE` is what each test runs. */
const PROGRAM = `import { runJob } from 'sluice'

const stop = new AbortController()
const job = await runJob(new URL('JOB_FILE', import.meta.url), {
  parallelism: 2,
  args: { records: 1000 },
  signal: stop.signal,
})
let seen = 0
const counting = (async () => {
  for await (const row of job.collect('seen')) seen += row === undefined ? 0 : 1
})()
const sums = []
for await (const row of job.collect('sums')) sums.push(row)
await counting
const { status, metrics } = await job.finished
console.log(JSON.stringify({ status, read: metrics.recordsRead, seen, sums }))
`

const TYPED_PROGRAM = `import { type JobHandle, runJob, SluiceError } from 'sluice'

interface Sum {
  readonly parity: 'even' | 'odd'
  readonly sum: number
}

const job: JobHandle = await runJob(new URL('./job.js', import.meta.url), { args: { records: 10 } })
const dropping = (async () => {
  for await (const _ of job.collect('seen')) break
})()
const sums: Sum[] = []
for await (const row of job.collect<Sum>('sums')) sums.push(row)
await dropping
const { status } = await job.finished
const code = await runJob('nowhere.ts').catch((error: SluiceError) => error.code)
console.log(JSON.stringify({ status, sums, code }))
`

const TEST = `import assert from 'node:assert/strict'
import { defineJob, type Emit, type Stream } from 'sluice'
import { collection } from 'sluice/generator'
import { checkSource, ManualClock, operatorHarness, runInline } from 'sluice/testing'
import { job } from './job.js'

const { rows } = await runInline(job, { args: { records: 5 }, clock: new ManualClock(1) })
assert.deepEqual(rows<{ parity: string; sum: number }>('sums').map(({ sum }) => sum), [6, 4])

const seen: string[] = []
const closure = defineJob('closure', (env) => {
  env.from(collection(['a'])).map((word) => seen.push(word)).collect('rows')
})
await runInline(closure)
assert.deepEqual(seen, ['a'])

const doubled = await operatorHarness((n: Stream<number>) =>
  n.process((one, _ctx, emit: Emit<number>) => emit(one * 2)),
)
doubled.push(4)
const output: readonly number[] = doubled.output
assert.deepEqual(output, [8])
// @ts-expect-error a string is no number
assert.throws(() => doubled.push(Symbol('s')))
assert.deepEqual(await checkSource(collection([1, 2])), [1, 2])
console.log('tested')
`

/** Programs and tests in documents: whatever begins with an import is complete. */
const documented = ['README.md', 'docs/embedding.md', 'docs/checkpoints.md', 'docs/testing-jobs.md']
const documents = documented.flatMap((document) => {
  const text = readFileSync(join(ROOT, document), 'utf8')
  const blocks = [...text.matchAll(/```(js|ts)\n(import [\s\S]*?)```/g)]
  return blocks
    .map(([, language, code], index) => ({
      name: `${document} ${index + 1}`,
      language,
      code: code!,
    }))
    .filter(({ code }) => !code.includes('export default'))
})
const programs = documents.filter(({ language }) => language === 'js')
const tests = documents.filter(({ language }) => language === 'ts')

/** The jobs that the programs in documents run. */
const DOCUMENTED_JOBS = {
  'job.ts': `env.from(fromJsonLines<{ n: number }>(args.input))
    .filter(({ n }) => n > 1).collect('alerts')`,
  'two-results.ts': `const numbers = env.from(collection([1, 2, 3]))
  numbers.filter((n) => n % 2 === 0).collect('evens')
  numbers.filter((n) => n % 2 === 1).collect('odds')`,
  'endless.ts': `env.from(generator({ rate: 100, make: (n) => n })).to(blackhole())`,
  'numbers.ts': `env.from(generator({ count: 10, make: (n) => n })).to(blackhole())`,
  'failing.ts': `const halve = (n: number) => {
    if (n % 2 === 1) throw new Error('odd')
    return n / 2
  }
  env.from(collection([2, 3])).map(halve).name('halve').to(blackhole())`,
}

const DOCUMENTED_OUTPUT: Readonly<Record<string, RegExp>> = {
  'README.md 2': /^\{ n: 2 \}\n\{ n: 3 \}\n$/,
  'docs/embedding.md 1': /^\{ n: 2 \}\n\{ n: 3 \}\nfinished: 3 records\n$/,
  'docs/embedding.md 2': /evens 2\n/,
  'docs/embedding.md 3': /^1 completed, the last one final\n$/,
  'docs/embedding.md 4': /^canceled\n$/,
  'docs/embedding.md 5': /^OPERATOR_FAILED halve 3\n$/,
  'docs/checkpoints.md 1': /^checkpoint 1: \d+ bytes in \d+ ms\n$/,
  'docs/checkpoints.md 2': /^10000\n$/,
}

beforeAll(() => {
  install()
  mkdirSync(join(folder, 'src'))
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  mkdirSync(join(folder, 'documents'))
  for (const [name, code] of Object.entries(DOCUMENTED_JOBS)) {
    write(`documents/${name}`, documentedJob(code))
  }
  write('documents/events.jsonl', '{"n":1}\n{"n":2}\n{"n":3}\n')
  programs.forEach(({ code }, k) => write(`documents/program-${k}.mjs`, code))
  tests.forEach(({ code }, k) => write(`src/documented-${k}.ts`, code))
  write('package.json', '{"name":"consumer","private":true,"type":"module"}')
  write('src/keys.ts', KEYS)
  write('src/job.ts', JOB)
  write('src/program.ts', TYPED_PROGRAM)
  write('src/job-test.ts', TEST)
  write('program.mjs', PROGRAM.replace('JOB_FILE', './src/job.ts'))
  write('compiled.mjs', PROGRAM.replace('JOB_FILE', './out/job.js'))
  write(
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: {
        target: 'es2023',
        lib: ['es2023', 'esnext.disposable'],
        module: 'nodenext',
        rootDir: 'src',
        outDir: 'out',
        strict: true,
        noUncheckedIndexedAccess: true,
        types: ['node'],
      },
      include: ['src'],
    }),
  )
})

test('a plain JavaScript program runs a job in TypeScript', () => {
  expect(JSON.parse(node('program.mjs'))).toEqual({
    status: 'finished',
    read: 1000,
    seen: 1000,
    sums: expect.arrayContaining([
      { parity: 'even', sum: 249_500 },
      { parity: 'odd', sum: 250_000 },
    ]),
  })
})

test('a program, a job and its tests compile against the types of the package, and run', () => {
  const compiler = join(ROOT, 'node_modules/typescript/lib/tsc.js')
  expect(node(compiler, '-p', '.')).toBe('')
  expect(JSON.parse(node('out/program.js'))).toEqual({
    status: 'finished',
    sums: expect.arrayContaining([{ parity: 'even', sum: 20 }]),
    code: 'JOB_NOT_FOUND',
  })
  expect(JSON.parse(node('compiled.mjs'))).toMatchObject({ status: 'finished', seen: 1000 })
  expect(node('out/job-test.js')).toBe('tested\n')
})

test.each(programs.map((program, k) => [program.name, k] as const))(
  'the program of %s runs',
  (name, k) => {
    const path = join(folder, `documents/program-${k}.mjs`)
    expect(run(process.execPath, [path], dirname(path))).toMatch(DOCUMENTED_OUTPUT[name]!)
  },
)

test.each(tests.map((one, k) => [one.name, k] as const))('the test of %s holds', (_, k) => {
  node(`out/documented-${k}.js`)
})

test('the documents have the programs and tests that are run here', () => {
  expect(programs.map(({ name }) => name)).toEqual(Object.keys(DOCUMENTED_OUTPUT))
  expect(tests).toHaveLength(7)
})

function documentedJob(code: string): string {
  return `import { blackhole, defineJob } from 'sluice'
import { fromJsonLines } from 'sluice/file'
import { collection, generator } from 'sluice/generator'
export default defineJob('documented', (env, args: { input: string }) => {
  ${code}
})
`
}

/** As npm would, but with links to what is here already. */
function install(): void {
  const packed = run('npm', ['pack', '--silent', '--pack-destination', folder], ROOT).trim()
  run('tar', ['xzf', packed], folder)
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
  run('mv', ['package', 'node_modules/sluice'], folder)
  const manifest = readFileSync(join(folder, 'node_modules/sluice/package.json'), 'utf8')
  const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> }
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), link)
  }
}

function node(...words: readonly string[]): string {
  return run(process.execPath, words, folder)
}

function run(command: string, words: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, words, { cwd, encoding: 'utf8' })
  if (status === 0) return stdout
  throw new Error(`${command} ${words.join(' ')} ended with ${status}\n${stdout}${stderr}`)
}
