/**
 * Restoring into a job that has changed: another parallelism, operators more or less, a state or
 * an operator gone.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type JobHandle, type RunOptions, runJob, SluiceError } from 'sluice'
import { expect, test } from 'vitest'
import { readRows } from '../reference/compare-flights.ts'
import { failed, fixture, scratchFolder, until, within } from './support.ts'

const folder = scratchFolder()
const COUNT = 20_000

interface Row {
  readonly key: number
  readonly count: number
  readonly thousands: number
}

interface Run {
  readonly name: string
  readonly version: string
  readonly parallelism: number
  readonly rate?: number
  readonly options?: RunOptions
}

function run({ name, version, parallelism, rate = 1e9, options }: Run): Promise<JobHandle> {
  return runJob(fixture('evolving.ts'), {
    parallelism,
    args: { output: join(folder, name), count: COUNT, rate, version },
    checkpoints: { dir: join(folder, name, 'checkpoints') },
    ...options,
  })
}

/** A job that was cancelled behind a checkpoint, in the middle of its input. */
async function cancelled(name: string, parallelism: number): Promise<void> {
  const job = await run({ name, version: 'plain', parallelism, rate: 10_000 })
  await until('reading', () => job.metrics().recordsRead > 2_000)
  await within('a checkpoint', job.checkpoints.trigger())
  const { recordsRead } = job.metrics()
  expect(recordsRead).toBeLessThan(COUNT)
  await job.cancel()
}

const latest: RunOptions = { restore: 'latest' }

function rowsOf(name: string): readonly Row[] {
  return readRows<Row>(join(folder, name, 'counts')).toSorted((a, b) => a.key - b.key)
}

const expected = Array.from({ length: 10 }, (_, key) => ({
  key,
  count: COUNT / 10,
  thousands: COUNT / 1_000,
}))

test.each([
  ['the same job', 2, 'plain', 2],
  ['fewer subtasks', 3, 'plain', 1],
  ['more subtasks', 1, 'plain', 4],
  ['operators more', 2, 'more', 3],
])('%s goes on from a checkpoint', async (name, before, version, after) => {
  await cancelled(name, before)
  const job = await run({ name, version, parallelism: after, options: latest })
  expect(job.checkpoints.latestRestored).toMatchObject({ id: 1 })
  await within('the restored job', job.finished)
  expect(rowsOf(name)).toEqual(expected)
  expect(readdirSync(join(folder, name, 'checkpoints')).toSorted()).toEqual([
    'history.jsonl',
    'job.json',
  ])
})

test.each([
  ['a state that is gone', 'less', "'thousands'"],
  ['an operator that is gone', 'none', "uid 'counter'"],
])('%s is refused, and left out where that is allowed', async (name, version, told) => {
  await cancelled(name, 2)
  const started = run({ name, version, parallelism: 2, options: latest })
  const error = await failed(started.then((job) => job.finished))
  expect(error).toMatchObject({ code: 'STATE_UNCLAIMED' })
  expect(error.message).toContain(told)
  expect(error.hint).toContain('ignore-unclaimed-state')
  const options = { ...latest, config: { ignoreUnclaimedState: true } }
  const job = await run({ name, version, parallelism: 2, options })
  await within('the restored job', job.finished)
})

test('a checkpoint of elsewhere starts a job with a directory of its own', async () => {
  await cancelled('elsewhere', 2)
  const restore = join(folder, 'elsewhere/checkpoints/chk-1')
  const job = await run({ name: 'fork', version: 'plain', parallelism: 2, options: { restore } })
  expect(job.checkpoints.latestRestored).toMatchObject({ id: 1 })
  await within('the restored job', job.finished)
  expect(rowsOf('fork')).toEqual(expected)
  expect(readdirSync(join(folder, 'elsewhere/checkpoints'))).toContain('chk-1')
})

test('the number of key groups is the checkpoint’s unless somebody sets another', async () => {
  await cancelled('groups', 2)
  const config = { maxParallelism: 64 }
  const other = run({
    name: 'groups',
    version: 'plain',
    parallelism: 2,
    options: { ...latest, config },
  })
  const error = await failed(other.then((job) => job.finished))
  expect(error).toMatchObject({ code: 'RESTORE_MAX_PARALLELISM' })
  expect(error.hint).toContain('pipeline.max-parallelism=128')
})

test('a job that begins anew does not lose checkpoints unasked', async () => {
  await cancelled('anew', 1)
  const error = await failed(run({ name: 'anew', version: 'plain', parallelism: 1 }))
  expect(error).toBeInstanceOf(SluiceError)
  expect(error.code).toBe('CHECKPOINTS_EXIST')
  const options = { overwrite: true }
  const job = await run({ name: 'anew', version: 'plain', parallelism: 1, options })
  await within('the new job', job.finished)
  expect(rowsOf('anew')).toEqual(expected)
})
