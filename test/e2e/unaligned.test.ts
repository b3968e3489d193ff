/** A job that crawls: its checkpoints take what is on its way along, and nobody waits for it. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type JobHandle, type RunOptions, runJob } from 'sluice'
import { expect, test } from 'vitest'
import type { CrawlingArgs, CrawlingRow } from '../fixtures/jobs/crawling.ts'
import { runChild } from '../kill/start-child.ts'
import { readRows } from '../reference/compare-flights.ts'
import { ended, fixture, hasRead, scratchFolder, startSluice, within } from './support.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = scratchFolder()
const RECORDS = 20_000
const KEYS = 100

interface Run {
  readonly name: string
  readonly crawlMs: number
  readonly options?: Omit<RunOptions, 'args'>
}

function optionsOf({ name, crawlMs, options = {} }: Run) {
  const args = { records: RECORDS, keys: KEYS, output: join(folder, name, 'rows'), crawlMs }
  return {
    parallelism: 2,
    restore: 'latest' as const,
    ...options,
    args: args satisfies CrawlingArgs,
    checkpoints: {
      dir: join(folder, name, 'checkpoints'),
      unaligned: true,
      ...options.checkpoints,
    },
  }
}

function start(run: Run): Promise<JobHandle> {
  return runJob(fixture('crawling.ts'), optionsOf(run))
}

function problemsOf(name: string): readonly string[] {
  const rows = readRows<CrawlingRow>(join(folder, name, 'rows'))
  const times = new Map<string, number>()
  for (const { key, count, again } of rows) {
    const row = `${key}: ${count} counted as ${again}`
    times.set(row, (times.get(row) ?? 0) + 1)
  }
  const expected = Array.from({ length: RECORDS }, (_, id) => {
    const count = 1 + Math.floor(id / KEYS)
    return `key number ${id % KEYS}: ${count} counted as ${count}`
  })
  const lost = expected.flatMap((row) =>
    times.get(row) === 1 ? [] : [`${row}: ${times.get(row)}`],
  )
  return [...lost, ...(rows.length === RECORDS ? [] : [`${rows.length} rows`])].slice(0, 10)
}

test.each([
  ['at the same parallelism', 2],
  ['by more subtasks', 3],
  ['by fewer', 1],
])('what was on its way is processed once: %s', async (name, parallelism) => {
  const job = await start({ name, crawlMs: 20 })
  // At 20 ms a record the second operator has hardly begun.
  await hasRead(job, 5_000)
  await within('a checkpoint', job.checkpoints.trigger())
  const { latestCompleted } = job.checkpoints
  expect(latestCompleted).toMatchObject({ unaligned: true })
  expect(latestCompleted!.persistedInFlightBytes).toBeGreaterThan(10_000)
  await job.cancel()
  const verified = await ended(
    startSluice('checkpoints', 'verify', join(folder, name, 'checkpoints')),
  )
  expect(verified.code, verified.err).toBe(0)
  const next = await start({ name, crawlMs: 0, options: { parallelism } })
  await within('the job', next.finished)
  expect(problemsOf(name)).toEqual([])
})

test('a process that is killed goes on with what was on its way', async () => {
  const name = 'killed'
  const slow = optionsOf({ name, crawlMs: 1, options: { checkpoints: { interval: 100 } } })
  for (const nth of [2, 3]) {
    const killAt = { message: 'checkpoint complete', nth, delayMs: 20 }
    const order = { job: fixture('crawling.ts'), options: toPlain(slow), killAt }
    expect((await runChild({ root, order })).how).toBe('killed')
  }
  expect(readdirSync(join(folder, name, 'checkpoints'))).toContain('lock')
  const last = await start({ name, crawlMs: 0, options: { checkpoints: { interval: 100 } } })
  expect(last.checkpoints.latestRestored).toBeDefined()
  await within('the job', last.finished)
  expect(problemsOf(name)).toEqual([])
})

function toPlain(options: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(options))
}
