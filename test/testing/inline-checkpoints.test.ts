/** Checkpoints, crashes and restores of jobs that run in the test's own thread. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { defineJob, type Emit, list, type Sink, value } from '../../src/api/index.ts'
import { jsonLines } from '../../src/connector/file/json-lines.ts'
import { collection, generator } from '../../src/connector/generator/index.ts'
import { type InlineOptions, runInline } from '../../src/testing/index.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-inline-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const numbers = (n: number) => Array.from({ length: n }, (_, i) => i)

/** Numbers each record of a key, from 1 on: a record lost or taken twice shows. */
function numbering(records = 300) {
  return defineJob('numbering', (env) => {
    env
      .from(generator({ count: records, make: (i) => ({ i, key: i % 7 }), splits: 2 }))
      .keyBy('key')
      .process({
        state: { seen: value(0) },
        process({ key }, { state }, emit: Emit<{ key: number; nth: number }>) {
          state.seen.set(state.seen.get() + 1)
          emit({ key, nth: state.seen.get() })
        },
      })
      .collect('rows')
  })
}

async function rowsOf(options: InlineOptions): Promise<readonly string[]> {
  const { rows } = await runInline(numbering(), options)
  return rows('rows')
    .map((row) => JSON.stringify(row))
    .sort()
}

test('a job that crashes gives what it gives undisturbed', async () => {
  const expected = await rowsOf({})
  for (const parallelism of [1, 2, 3]) {
    const crashes = { afterRecords: [100, 250, 251, 600] }
    const checkpoints = { everyRecords: 30 }
    expect(await rowsOf({ parallelism, checkpoints, crashes })).toEqual(expected)
    for (const seed of numbers(5)) {
      expect(await rowsOf({ parallelism, checkpoints, crashes, seed })).toEqual(expected)
    }
  }
})

test('a job goes on at another parallelism', async () => {
  const crashes = { afterRecords: [100, 250, 300], parallelism: [3, 1, 2] }
  const options = { parallelism: 2, checkpoints: { everyRecords: 30, maxConcurrent: 3 }, crashes }
  const result = await runInline(numbering(), { ...options, seed: 1 })
  expect(result.restarts).toBe(3)
  expect(result.metrics.subtasks.filter(({ subtask }) => subtask === 1)).toHaveLength(2)
  expect(result.checkpoints[0]).toMatchObject({ kind: 'final', status: 'completed' })
  expect(await rowsOf({ ...options, seed: 1 })).toEqual(await rowsOf({}))
})

test('a crash before the first checkpoint starts the job anew', async () => {
  const { rows, restarts } = await runInline(numbering(), { crashes: { afterRecords: [50] } })
  expect(restarts).toBe(1)
  expect(rows('rows')).toHaveLength(300)
})

test('checkpoints come by the clock', async () => {
  const job = defineJob('ticks', (env) => {
    env.from(generator({ count: 51, rate: 10, make: (i) => ({ i }) })).collect('ticks')
  })
  const { checkpoints, clock } = await runInline(job, { checkpoints: { interval: '1 s' } })
  expect(clock.nowMs()).toBe(5_000)
  expect(checkpoints.map(({ triggeredMs }) => triggeredMs)).toEqual([
    5_000, 5_000, 4_000, 3_000, 2_000, 1_000,
  ])
})

test('what is read between a checkpoint and a crash is read again', async () => {
  const seen: number[] = []
  const job = defineJob('seen', (env) => {
    env
      .from(collection(numbers(10)))
      .map((n) => {
        seen.push(n)
        return n
      })
      .collect('rows')
  })
  const checkpoints = { everyRecords: 4 }
  const { rows } = await runInline(job, { checkpoints, crashes: { afterRecords: [7] } })
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 4, 5, 6, 7, 8, 9])
  expect(rows('rows')).toEqual(numbers(10))
})

test('files hold each record once, whatever crashes', async () => {
  const job = defineJob('files', (env) => {
    env.from(collection(numbers(500).map((n) => ({ n })))).to(jsonLines(folder))
  })
  const crashes = { afterRecords: [120, 333, 334, 700] }
  await runInline(job, { checkpoints: { everyRecords: 50 }, crashes })
  const lines = readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'),
  )
  expect(lines.map((line) => JSON.parse(line).n).sort((a, b) => a - b)).toEqual(numbers(500))
})

test('what a sink cannot commit ends the job with its error', async () => {
  const sink: Sink<number> = {
    kind: 'refusing',
    name: 'refusing',
    options: {},
    writer: () => ({
      write() {},
      ready: () => true,
      prepareCommit: () => ['something'],
      close() {},
    }),
    committer: () => ({ commit: () => Promise.reject(new Error('no room')) }),
  }
  const job = defineJob('refused', (env) => void env.from(collection(numbers(10))).to(sink))
  const run = runInline(job, { checkpoints: { everyRecords: 5 } })
  await expect(run).rejects.toMatchObject({ code: 'OUTPUT_FAILED', operator: 'refusing' })
})

test('numbers that can never come are refused', async () => {
  for (const count of [0, -1, 1.5, Number.NaN]) {
    const run = runInline(numbering(), { checkpoints: { everyRecords: count } })
    await expect(run).rejects.toMatchObject({ code: 'BAD_OPTION' })
  }
})

test('a list that cannot be encoded fails its checkpoint and not the job', async () => {
  const job = defineJob('unencodable', (env) => {
    env
      .from(generator({ count: 50, make: (i) => ({ i }) }))
      .process({
        state: { seen: list<{ i: unknown }>() },
        process({ i }, { state }, emit: Emit<{ i: number }>) {
          if (i === 20) state.seen.add({ i: i as unknown })
          if (i === 21) for (const one of state.seen) one.i = () => i
          if (i === 30) state.seen.clear()
          emit({ i })
        },
      })
      .collect('rows')
  })
  const { rows, checkpoints } = await runInline(job, { checkpoints: { everyRecords: 5 } })
  expect(rows('rows')).toHaveLength(50)
  expect(new Set(checkpoints.map(({ status }) => status))).toEqual(new Set(['completed', 'failed']))
})
