/**
 * Options of checkpoints changed while a slow job runs: each checkpoint is as it was triggered, and
 * what is restored from each kind goes on exactly.
 */
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type CheckpointOptions, type JobHandle, runJob } from 'sluice'
import { expect, test } from 'vitest'
import type { CrawlingArgs, CrawlingRow } from '../fixtures/jobs/crawling.ts'
import { readRows } from '../reference/compare-flights.ts'
import { failed, fixture, hasRead, scratchFolder, until, within } from './support.ts'

const folder = scratchFolder()
const RECORDS = 20_000
const KEYS = 100

interface Run {
  readonly name: string
  readonly crawlMs: number
  readonly checkpoints?: CheckpointOptions
  readonly failAt?: number
  readonly records?: number
}

function start({
  name,
  crawlMs,
  checkpoints = {},
  failAt,
  records = RECORDS,
}: Run): Promise<JobHandle> {
  const output = join(folder, name, 'rows')
  const marker = join(folder, name, 'failed')
  const fails = failAt === undefined ? {} : { failAt, marker }
  return runJob(fixture('crawling.ts'), {
    parallelism: 2,
    restore: 'latest',
    restart: { delay: 10 },
    // What waits before the slow operator is a second of its work, or less.
    config: { segmentSize: '1 kb', buffersPerChannel: 4 },
    args: { records, keys: KEYS, output, crawlMs, ...fails } satisfies CrawlingArgs,
    checkpoints: { dir: join(folder, name, 'checkpoints'), ...checkpoints },
  })
}

/** Rows that are there a wrong number of times; none for exactly once. */
function problemsOf(name: string, records = RECORDS): readonly string[] {
  const rows = readRows<CrawlingRow>(join(folder, name, 'rows'))
  const seen = new Set(rows.map(({ key, count, again }) => `${key}: ${count} as ${again}`))
  const expected = Array.from({ length: records }, (_, id) => {
    const count = 1 + Math.floor(id / KEYS)
    return `key number ${id % KEYS}: ${count} as ${count}`
  })
  const lost = expected.filter((row) => !seen.has(row))
  return [...lost, ...(rows.length === records ? [] : [`${rows.length} rows`])].slice(0, 10)
}

test('aligned, unaligned, after a timeout, at least once: each is restored', async () => {
  const name = 'kinds'
  const checkpoints = { interval: '1 h', maxConcurrent: 1 } as const
  const job = await start({ name, crawlMs: 2, checkpoints })
  await hasRead(job, 500)
  const taken: Record<string, number> = {}
  const take = async (kind: string) => {
    taken[kind] = await within(kind, job.checkpoints.trigger())
    // Later ones push it out of the directory.
    cpSync(join(folder, name), join(folder, kind), { recursive: true })
    rmSync(join(folder, kind, 'checkpoints', 'lock'))
    return job.checkpoints.latestCompleted
  }
  await job.checkpointing.update({ unaligned: true })
  expect(await take('unaligned')).toMatchObject({ unaligned: true })
  await job.checkpointing.update({ alignedTimeout: '50 ms' })
  const late = await take('late')
  expect(late).toMatchObject({ unaligned: true })
  expect(late!.persistedInFlightBytes).toBeGreaterThan(0)
  const options = await job.checkpointing.update({ unaligned: false })
  expect(options).toMatchObject({ unaligned: false, alignedTimeout: 50, interval: 3_600_000 })
  expect(job.checkpointing.options).toEqual(options)
  expect(await take('aligned')).toMatchObject({ unaligned: false, persistedInFlightBytes: 0 })
  await job.checkpointing.update({ mode: 'at-least-once' })
  expect(await take('counted')).toMatchObject({ unaligned: false, persistedInFlightBytes: 0 })
  await job.cancel()
  for (const kind of ['unaligned', 'late', 'aligned']) {
    const next = await start({ name: kind, crawlMs: 0 })
    expect(next.checkpoints.latestRestored).toMatchObject({ id: taken[kind] })
    await within('the job', next.finished)
    expect(problemsOf(kind), kind).toEqual([])
  }
  const last = await start({ name: 'counted', crawlMs: 0 })
  await within('the job', last.finished)
  const rows = readRows<CrawlingRow>(join(folder, 'counted', 'rows'))
  expect(rows.length).toBeGreaterThanOrEqual(RECORDS)
  expect(new Set(rows.map(({ key, count }) => `${key} ${count}`)).size).toBeGreaterThanOrEqual(
    RECORDS,
  )
}, 120_000)

test('a restart keeps what was changed, in-flight data that is restored included', async () => {
  const name = 'restarts'
  const records = 5_000
  const job = await start({ name, crawlMs: 1, failAt: 600, records })
  await job.checkpointing.update({ unaligned: true, interval: 50, maxConcurrent: 3 })
  await until('a restart', () => job.checkpoints.counts.restored > 0)
  expect(job.checkpointing.options).toMatchObject({ unaligned: true, interval: 50 })
  const { id } = job.checkpoints.latestRestored!
  const isNew = () => job.checkpoints.latestCompleted!.id > id + 1
  await until('a checkpoint of the second attempt', isNew)
  expect(job.checkpoints.latestCompleted).toMatchObject({ unaligned: true })
  // While what was restored is still on its way, and others are.
  await job.checkpointing.update({ unaligned: false, interval: null })
  await within('an aligned one', job.checkpoints.trigger())
  await job.checkpointing.update({ unaligned: true, interval: 100 })
  await within('the job', job.finished)
  expect(problemsOf(name, records)).toEqual([])
}, 120_000)

test('what cannot be is refused with a reason, and changes nothing', async () => {
  const job = await start({ name: 'refused', crawlMs: 2 })
  const before = job.checkpointing.options
  const { update } = { update: (change: object) => job.checkpointing.update(change) }
  const wrong = { interval: '50 ms', alignedTimeout: 'soon' }
  expect(await failed(update(wrong))).toMatchObject({ code: 'BAD_UNIT', place: 'alignedTimeout' })
  expect(await failed(update({ dir: '/tmp/other' }))).toMatchObject({ code: 'OPTION_FIXED' })
  expect(await failed(update({ intervall: 5 }))).toMatchObject({
    code: 'UNKNOWN_OPTION',
    hint: "did you mean 'interval'?",
  })
  expect(job.checkpointing.options).toEqual(before)
  // Turned on: until now they came only when asked for.
  await update({ interval: '20 ms', unaligned: true })
  await until('a periodic one', () => job.checkpoints.counts.completed > 0)
  expect(job.checkpoints.latestCompleted).toMatchObject({ kind: 'periodic', unaligned: true })
  await update({ retention: 'delete-on-cancellation' })
  await job.cancel()
  const left = readdirSync(join(folder, 'refused', 'checkpoints'))
  expect(left.filter((name) => name.startsWith('chk-'))).toEqual([])
  expect(await failed(update({ interval: '1 s' }))).toMatchObject({ code: 'JOB_ENDED' })
})

test('a checkpoint that takes too long names what it waited for', async () => {
  const job = await start({ name: 'long', crawlMs: 400 })
  await hasRead(job, 100)
  await job.checkpointing.update({ timeout: '1500 ms' })
  const asked = failed(job.checkpoints.trigger())
  const slow = () => {
    const [underWay] = job.metrics().checkpointsUnderWay ?? []
    return underWay?.waitingFor.find(({ reason }) => reason === 'call')
  }
  await until('a subtask in a call', () => slow() !== undefined)
  expect(job.checkpoints.history[0]).toMatchObject({ status: 'in-progress' })
  expect(job.checkpoints.history[0]!.waitingFor!.length).toBeGreaterThan(0)
  expect(await asked).toMatchObject({
    code: 'CHECKPOINT_FAILED',
    message: expect.stringMatching(
      /within 1500 ms: keyed process.* \([01]\) (is in a call of|has reached)/,
    ),
  })
  expect(job.checkpoints.latestFailed!.message).toContain('keyed process')
  expect(job.metrics().checkpointsUnderWay).toBeUndefined()
  await job.cancel()
})

test('a job that was started without checkpoints goes on without', async () => {
  const output = join(folder, 'none', 'rows')
  const args = { records: 1_000, keys: KEYS, output, crawlMs: 1 } satisfies CrawlingArgs
  const job = await runJob(fixture('crawling.ts'), { args })
  expect(job.checkpointing.options).toMatchObject({ interval: undefined, dir: undefined })
  expect(await failed(job.checkpointing.update({ interval: '1 s' }))).toMatchObject({
    code: 'CHECKPOINTS_DISABLED',
    hint: expect.stringContaining('{ dir }'),
  })
  await job.cancel()
})
