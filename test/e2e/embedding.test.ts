/** Jobs inside another program: handles, results with backpressure, several at once. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type JobHandle, runJob, SluiceError } from 'sluice'
import { expect, test } from 'vitest'
import { fixture, hasRead, scratchFolder, until, within, writeJob } from './support.ts'

const folder = scratchFolder()

const numbersJob = writeJob(
  folder,
  'numbers.ts',
  `import { defineJob } from 'sluice'
import { generator } from 'sluice/generator'

let built = 0

export default defineJob('numbers', (env, args: { count?: number; from?: number }) => {
  built++
  const from = args.from ?? 0
  const { count } = args
  env
    .from(generator({ ...(count === undefined ? {} : { count }), make: (i) => ({ n: from + i }) }))
    .rebalance()
    .map(({ n }) => ({ n, built }))
    .collect('numbers')
})
`,
)

interface Numbered {
  readonly n: number
  readonly built: number
}

test('rows come in order, with metrics, and then the job is finished', async () => {
  const job = await runJob(pathToFileURL(numbersJob), { args: { count: 10_000 } })
  expect(job).toMatchObject({ name: 'numbers', status: 'running' })
  const rows = await rowsOf(job)
  expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 10_000 }, (_, i) => i))
  const { status, metrics } = await within('finishing', job.finished)
  expect(status).toBe('finished')
  expect(job.status).toBe('finished')
  expect(metrics).toMatchObject({ recordsRead: 10_000, recordsTotal: 10_000 })
  expect(metrics.subtasks.map(({ recordsIn }) => recordsIn)).toEqual([10_000, 10_000])
})

test('a slow reader holds the whole job back, and a fast one gets all', async () => {
  const job = await runJob(numbersJob, { args: { count: 3_000_000 } })
  await hasRead(job)
  const held = await standstill(job)
  expect(held).toBeLessThan(1_500_000)
  const rows = job.collect<Numbered>('numbers')[Symbol.asyncIterator]()
  for (let i = 0; i < 100; i++) expect((await rows.next()).value?.n).toBe(i)
  expect(await standstill(job)).toBeLessThan(held + 100_000)
  let next = 100
  for (let row = await rows.next(); row.done !== true; row = await rows.next()) {
    if (row.value.n !== next++) throw new Error(`${row.value.n} instead of ${next - 1}`)
  }
  expect(next).toBe(3_000_000)
  await within('finishing', job.finished)
})

test('a loop over rows that are always there lets the rest of the program live', async () => {
  const job = await runJob(numbersJob, { args: { count: 100_000 } })
  let turns = 0
  let ticking = setImmediate(function tick() {
    turns++
    ticking = setImmediate(tick)
  })
  await rowsOf(job)
  clearImmediate(ticking)
  expect(turns).toBeGreaterThan(100)
})

test('leaving the loop early lets the job go on to its end', async () => {
  const job = await runJob(numbersJob, { args: { count: 500_000 } })
  for await (const row of job.collect<Numbered>('numbers')) if (row.n === 10) break
  const { status, metrics } = await within('finishing', job.finished)
  expect(status).toBe('finished')
  expect(metrics.recordsRead).toBe(500_000)
  await expect(rowsOf(job)).rejects.toMatchObject({ code: 'RESULT_READ_TWICE' })
})

test('cancel ends an endless job, its loop too, and may be called again', async () => {
  const job = await runJob(numbersJob, { parallelism: 2 })
  let read = 0
  const reading = (async () => {
    for await (const _ of job.collect('numbers')) read++
  })()
  await until('reading rows', () => read > 1_000)
  await within('cancelling', Promise.all([job.cancel(), job.cancel()]))
  expect(job.status).toBe('canceled')
  expect((await job.finished).status).toBe('canceled')
  await within('the loop', reading)
  await job.cancel()
})

test('a signal cancels, also one that was given too early', async () => {
  const controller = new AbortController()
  const job = await runJob(fixture('endless.ts'), { signal: controller.signal })
  await hasRead(job)
  controller.abort()
  expect((await within('cancelling', job.finished)).status).toBe('canceled')
  const aborted = await runJob(fixture('endless.ts'), { signal: AbortSignal.abort() })
  expect((await within('cancelling', aborted.finished)).status).toBe('canceled')
})

test('a failure reaches both the loop and finished', async () => {
  const failing = writeJob(
    folder,
    'fails.ts',
    `import { defineJob } from 'sluice'
import { collection } from 'sluice/generator'
const fail = (n: number) => {
  if (n === 2) throw new Error('no twos')
  return { n }
}
export default defineJob('fails', (env) => {
  env.from(collection([1, 2, 3])).map(fail).name('twos').collect('rows')
})
`,
  )
  const job = await runJob(failing)
  const told = { code: 'OPERATOR_FAILED', operator: 'twos', record: '2', place: `${failing}:4:22` }
  await expect(within('the loop', rowsOf(job, 'rows'))).rejects.toMatchObject(told)
  await expect(job.finished).rejects.toMatchObject(told)
  await expect(job.finished).rejects.toBeInstanceOf(SluiceError)
  expect(job.status).toBe('failed')
})

test('several jobs run at once, and the same one twice, each on its own', async () => {
  const froms = [0, 1_000, 2_000]
  const jobs = await Promise.all([
    ...froms.map((from) => runJob(numbersJob, { parallelism: 2, args: { from, count: 500 } })),
    runJob(fixture('words.ts'), { onPrint: () => {} }),
  ])
  expect(new Set(jobs.map(({ id }) => id)).size).toBe(4)
  const results = await Promise.all(jobs.slice(0, 3).map((job) => rowsOf(job)))
  for (const [k, rows] of results.entries()) {
    const numbers = rows.map(({ n }) => n).sort((a, b) => a - b)
    expect(numbers).toEqual(Array.from({ length: 500 }, (_, i) => froms[k]! + i))
    // Every thread has a module of its own.
    expect(new Set(rows.map(({ built }) => built))).toEqual(new Set([1]))
  }
  await within('finishing', Promise.all(jobs.map((job) => job.finished)))
})

test('a job may import its own files, Node and packages, and know where it lies', async () => {
  const project = join(folder, 'project')
  mkdirSync(join(project, 'node_modules/tiny-package'), { recursive: true })
  mkdirSync(join(project, 'shared'))
  const write = (name: string, text: string) => writeFileSync(join(project, name), text)
  write('node_modules/tiny-package/package.json', '{"name":"tiny-package","main":"main.cjs"}')
  write('node_modules/tiny-package/main.cjs', 'exports.shout = (text) => text.toUpperCase()')
  write('shared/levels.ts', "export enum Level { Low = 'low', High = 'high' }")
  write('greeting.txt', 'hello')
  write(
    'job.ts',
    `import { readFileSync } from 'node:fs'
import { basename } from 'path'
import { shout } from 'tiny-package'
import { defineJob } from 'sluice'
import { collection } from 'sluice/generator'
import { Level } from './shared/levels.ts'

const limitSchema = {
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate(given: unknown) {
      const limit = Number((given as { limit?: unknown }).limit)
      if (limit > 0) return { value: { limit } }
      return { issues: [{ message: 'must be more than 0', path: ['limit'] }] }
    },
  },
}

const definition = { args: limitSchema as never }
export default defineJob('imports', definition, (env, args: { limit: number }) => {
  env
    .from(collection([1, 5, 9]))
    .map((n) => ({
      n,
      level: n > args.limit ? Level.High : Level.Low,
      text: shout(readFileSync(new URL('./greeting.txt', import.meta.url), 'utf8')),
      file: basename(import.meta.filename ?? ''),
    }))
    .collect('rows')
})
`,
  )
  const job = await runJob(join(project, 'job.ts'), { args: { limit: '4' } })
  const rest = { text: 'HELLO', file: 'job.ts' }
  expect(await rowsOf(job, 'rows')).toEqual([
    { n: 1, level: 'low', ...rest },
    { n: 5, level: 'high', ...rest },
    { n: 9, level: 'high', ...rest },
  ])
  const refused = runJob(join(project, 'job.ts'), { args: { limit: 0 } })
  await expect(refused).rejects.toMatchObject({
    code: 'BAD_ARGUMENT',
    message: "job 'imports': argument 'limit': must be more than 0",
  })
})

test('what is printed goes to the program line by line, with its label', async () => {
  const printing = writeJob(
    folder,
    'prints.ts',
    `import { defineJob, print } from 'sluice'
import { collection } from 'sluice/generator'
export default defineJob('prints', (env) => {
  const big = env.from(collection([1, 2])).map((n) => ({ n: BigInt(n) }))
  big.to(print('big'))
  big.map(({ n }) => 'number ' + n).to(print())
})
`,
  )
  const lines: string[] = []
  const onPrint = async (line: string) => {
    await new Promise((resolve) => setImmediate(resolve))
    lines.push(line)
  }
  const job = await runJob(printing, { onPrint })
  await within('printing', job.finished)
  expect(lines.sort()).toEqual(['big> {"n":"1"}', 'big> {"n":"2"}', 'number 1', 'number 2'])
})

test('collect refuses a name that the job does not have, and tells those it has', async () => {
  const job = await runJob(numbersJob, { args: { count: 1 } })
  expect(() => job.collect('rows')).toThrow(
    expect.objectContaining({ code: 'NO_SUCH_RESULT', hint: 'it has: numbers' }),
  )
  await rowsOf(job)
  await job.finished
})

async function rowsOf(job: JobHandle, name = 'numbers'): Promise<readonly Numbered[]> {
  const rows: Numbered[] = []
  const reading = async () => {
    for await (const row of job.collect<Numbered>(name)) rows.push(row)
  }
  await within('collecting', reading())
  return rows
}

/** Records read when nothing moves any more. */
async function standstill(job: JobHandle): Promise<number> {
  let before = -1
  await until('standing still', () => {
    const last = before
    before = job.metrics().recordsRead
    return before === last
  })
  for (let k = 0; k < 10; k++) await new Promise((resolve) => setTimeout(resolve, 20))
  return job.metrics().recordsRead
}
