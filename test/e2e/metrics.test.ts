/** What `job.metrics()` tells of a job in threads. */
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type JobMetrics, runJob } from 'sluice'
import { expect, test } from 'vitest'
import { scratchFolder, until, within, writeJob } from './support.ts'

const folder = scratchFolder()

const JOB = `
import { count, defineJob } from 'sluice'
import { fromJsonLines, jsonLines } from 'sluice/file'

export default defineJob('sizes', (env, { input, output }) => {
  env
    .from(fromJsonLines(input))
    .name('lines')
    .filter(({ n }) => n % 2 === 0)
    .name('even')
    .flatMap((record) => [record, record])
    .name('twice')
    .keyBy('key')
    .aggregate({ n: count() })
    .name('counts')
    .to(jsonLines(output))
    .name('out')
})
`

const LINES = 20_000

function inputFile(): string {
  const path = join(folder, 'in.jsonl')
  const line = (n: number) => JSON.stringify({ n, key: `key ${n % 100}` })
  writeFileSync(path, Array.from({ length: LINES }, (_, n) => `${line(n)}\n`).join(''))
  return path
}

test('records and bytes are counted from the input file to the output files', async () => {
  const input = inputFile()
  const output = join(folder, 'out')
  const job = await runJob(writeJob(folder, 'sizes.js', JOB), { args: { input, output } })
  const { metrics } = await within('the job', job.finished)
  const [reading, counting] = metrics.subtasks
  expect(reading!.operators).toEqual([
    { name: 'lines', recordsIn: LINES, recordsOut: LINES },
    { name: 'even', recordsIn: LINES, recordsOut: LINES / 2 },
    { name: 'twice', recordsIn: LINES / 2, recordsOut: LINES },
  ])
  expect(counting!.operators).toEqual([
    { name: 'counts', recordsIn: LINES, recordsOut: LINES },
    { name: 'out', recordsIn: LINES, recordsOut: 0 },
  ])
  expect(reading).toMatchObject({ recordsIn: LINES, recordsOut: LINES })
  expect(reading!.bytesIn).toBe(statSync(input).size)
  expect(counting!.bytesIn).toBe(reading!.bytesOut)
  const files = readdirSync(output).filter((name) => name.startsWith('part-'))
  const bytes = files.reduce((sum, name) => sum + statSync(join(output, name)).size, 0)
  expect(bytes).toBeGreaterThan(LINES)
  expect(counting!.bytesOut).toBe(bytes)
})

const SLOW = `
import { blackhole, defineJob } from 'sluice'
import { generator } from 'sluice/generator'

export default defineJob('slow', (env) => {
  env
    .from(generator({ make: (i) => ({ i, text: 'x'.repeat(1000) }) }))
    .rebalance()
    .map((record) => {
      const until = performance.now() + 0.2
      while (performance.now() < until);
      return record
    })
    .to(blackhole())
  env
    .from(generator({ rate: 10, make: (i) => ({ i }) }))
    .to(blackhole())
})
`

test('busy, idle and backpressured time add up to no more than has passed', async () => {
  const startMs = performance.now()
  const job = await runJob(writeJob(folder, 'slow.js', SLOW))
  const seen: JobMetrics[] = []
  // The slow one holds back the first of the sources; the last one waits for its time.
  await until('each kind of time', () => {
    seen.push(job.metrics())
    const [held, slow, paced] = seen.at(-1)!.subtasks.map(timesOf)
    return seen.length > 100 && Math.min(held![2]!, slow![0]!, paced![1]!) > 0
  })
  await within('cancelling', job.cancel())
  const passedMs = performance.now() - startMs
  seen.push(job.metrics())
  const times = seen.map(({ subtasks }) => subtasks.map(timesOf))
  for (const [look, subtasks] of times.entries()) {
    for (const [k, one] of subtasks.entries()) {
      const before = times[look - 1]?.[k] ?? [0, 0, 0, 0]
      one.forEach((ms, kind) => expect(ms).toBeGreaterThanOrEqual(before[kind]!))
    }
  }
  for (const one of times.at(-1)!) {
    const sum = one.reduce((total, ms) => total + ms, 0)
    expect(sum).toBeGreaterThan(0)
    expect(sum).toBeLessThanOrEqual(passedMs)
  }
})

function timesOf(one: JobMetrics['subtasks'][number]): readonly number[] {
  return [one.busyMs, one.idleMs, one.softBackpressuredMs, one.hardBackpressuredMs]
}

const FANNING = `
import { blackhole, defineJob } from 'sluice'
import { generator } from 'sluice/generator'

export default defineJob('fanning', (env) => {
  env
    .from(generator({ make: (i) => ({ i, text: 'x'.repeat(1000) }) }))
    .flatMap((record) => Array.from({ length: 100_000 }, () => record))
    .name('fan out')
    .rebalance()
    .map((record) => {
      const until = performance.now() + 0.1
      while (performance.now() < until);
      return record
    })
    .name('slow')
    .to(blackhole())
})
`

test('a record that blocks in its middle is told meanwhile, and what it waits for', async () => {
  const config = { overdraftBytesMax: '1 mb', recordBytesMax: '1 mb' }
  const job = await runJob(writeJob(folder, 'fanning.js', FANNING), { config })
  // One record takes the receiver ten seconds: no call of user code ends meanwhile.
  let metrics = job.metrics()
  await until('a record blocks', () => {
    metrics = job.metrics()
    return metrics.subtasks[0]!.hardBackpressuredMs > 200 && metrics.bottlenecks.length > 0
  })
  const { subtasks, bytesInFlight, bottlenecks } = metrics
  await within('cancelling', job.cancel())
  const [fanning, slow] = subtasks
  expect(fanning!.recordsIn).toBe(0)
  expect(fanning!.recordsOut).toBeGreaterThan(0)
  expect(fanning!.queues.outPoolUsage).toBeGreaterThan(1)
  expect(fanning!.queues.outputBytes).toBe(bytesInFlight)
  expect(slow!.queues.inPoolUsage).toBe(fanning!.queues.outPoolUsage)
  // Each page holds one of the records at least, whatever its size is.
  expect(bytesInFlight).toBeGreaterThan(fanning!.queues.outputPages * 1000)
  expect(bottlenecks.map(({ vertex, cause }) => `${vertex}, ${cause}`)).toEqual([
    'slow -> blackhole, task',
  ])
})

const THROWING = `
import { blackhole, defineJob } from 'sluice'
import { generator } from 'sluice/generator'

export default defineJob('throwing', (env) => {
  env
    .from(generator({ rate: 2000, make: (i) => ({ i }) }))
    .filter(({ i }) => i % 2 === 0)
    .name('even')
    .flatMap((record) => {
      if (record.i === 1000) throw new Error('a thousand')
      return [record, record]
    })
    .name('twice')
    .to(blackhole())
})
`

test('where user code throws, what was told before stays as it is', async () => {
  const job = await runJob(writeJob(folder, 'throwing.js', THROWING))
  await expect(within('the job', job.finished)).rejects.toMatchObject({ operator: 'twice' })
  const [source, even, twice, sink] = job.metrics().subtasks[0]!.operators
  expect(source!.recordsOut).toBeGreaterThan(0)
  expect(even!.recordsIn).toBe(source!.recordsOut)
  expect(even!.recordsOut).toBe(Math.ceil(even!.recordsIn / 2))
  expect(twice).toMatchObject({
    recordsIn: even!.recordsOut,
    recordsOut: 2 * even!.recordsOut,
  })
  expect(sink).toMatchObject({ recordsIn: twice!.recordsOut, recordsOut: 0 })
})
