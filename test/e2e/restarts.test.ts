/** Tasks that fail in every way there is: a restart makes up for each of them. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JobHandle } from 'sluice'
import { expect, test } from 'vitest'
import { prng } from '../../src/base/prng.ts'
import { failed, hasRead, scratchFolder, until, within } from './support.ts'
import {
  finishTally,
  type LogLine,
  type Places,
  placesIn,
  problemsOf,
  RECORDS,
  rowsIn,
  type Started,
  startTally,
  tallyProblems,
} from './tally.ts'

const folder = scratchFolder()
const RATE = 20_000
const RESTART = { attempts: 100, delay: 1 } as const

function troubleFolder(name: string): string {
  const path = join(folder, name, 'trouble')
  mkdirSync(path, { recursive: true })
  return path
}

function restartsIn(lines: readonly LogLine[]): readonly LogLine[] {
  return lines.filter(({ message }) => message === 'a task failed: restarting')
}

const seeds = [1, 2, 3].map((n) => n * (Date.now() % 1_000_000))

test.each(seeds)('a function throws at random records, seed %i', async (seed) => {
  const { below } = prng(seed)
  const at = Array.from({ length: 5 }, () => below(RECORDS))
  const places = placesIn(join(folder, String(seed)))
  const trouble = { how: 'throw', at, folder: troubleFolder(String(seed)) } as const
  const { result, lines } = await finishTally(places, {
    parallelism: [1, 2, 4][below(3)]!,
    args: { rate: RATE, trouble },
    checkpoints: { interval: 30 },
    restart: RESTART,
  })
  expect(result.status).toBe('finished')
  // Two subtasks may have trouble before the job ends them both.
  expect(readdirSync(trouble.folder)).toHaveLength(new Set(at).size)
  expect(restartsIn(lines).length).toBeGreaterThan(0)
  expect(restartsIn(lines).length).toBeLessThanOrEqual(at.length)
  expect(problemsOf(places)).toEqual([])
})

/** Has trouble twice, each time behind a new checkpoint. */
async function havingTrouble({ job, lines }: Started, trouble: string): Promise<void> {
  for (const round of [1, 2]) {
    await hasRead(job, 100)
    await checkpointed(job)
    writeFileSync(join(trouble, 'once'), '')
    await until('a restart', () => restartsIn(lines).length === round)
    await until('running again', () => job.status === 'running')
  }
  await within('the tally', job.finished)
}

/** None is taken before all tasks run. */
async function checkpointed(job: JobHandle): Promise<number> {
  for (;;) {
    const id = await within(
      'a checkpoint',
      job.checkpoints.trigger().catch(() => undefined),
    )
    if (id !== undefined) return id
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test.each([
  ['throw', 'trouble at'],
  ['exit', 'ended by itself'],
  ['out of memory', 'ran out of memory'],
] as const)('the job goes on from its latest checkpoint after: %s', async (how, told) => {
  const places = placesIn(join(folder, how))
  const trouble = { how, folder: troubleFolder(how) }
  const started = await startTally(places, {
    args: { rate: 3_000, trouble },
    config: { 'task.heap.size': '40 mb' },
    restart: RESTART,
  })
  await havingTrouble(started, trouble.folder)
  expect(restartsIn(started.lines)).toMatchObject([
    { error: expect.stringContaining(told) },
    { error: expect.stringContaining(told) },
  ])
  expect(restoredIn(started)).toEqual([1, 2])
  expect(problemsOf(places)).toEqual([])
})

function restoredIn({ lines }: Started): readonly unknown[] {
  return lines
    .filter(({ message }) => message === 'going on from a checkpoint')
    .map(({ checkpoint }) => checkpoint)
}

test('checkpoints in memory serve as well', async () => {
  const output = join(folder, 'memory', 'output')
  const places: Places = { output, checkpoints: '' }
  const trouble = { how: 'throw', folder: troubleFolder('memory') } as const
  const started = await startTally(places, {
    args: { rate: 3_000, trouble, pad: 100 },
    checkpoints: { interval: '1 h', inlineThreshold: '1 kb' },
    restart: RESTART,
  })
  await havingTrouble(started, trouble.folder)
  expect(restoredIn(started)).toEqual([1, 2])
  expect(tallyProblems(rowsIn(output))).toEqual([])
  expect(readdirSync(output).filter((name) => name.startsWith('.'))).toEqual([])
})

test('a job that fails before its first checkpoint begins anew', async () => {
  const places = placesIn(join(folder, 'anew'))
  const { job, lines } = await finishTally(places, {
    args: { trouble: { how: 'throw', at: [10], folder: troubleFolder('anew') } },
    restart: RESTART,
  })
  expect(restartsIn(lines)).toHaveLength(1)
  expect(job.checkpoints.latestRestored).toBeUndefined()
  expect(problemsOf(places)).toEqual([])
})

test('trouble without end fails the job; another start goes on from its checkpoint', async () => {
  const places = placesIn(join(folder, 'no end'))
  const trouble = { how: 'throw', folder: troubleFolder('no end') } as const
  const options = { args: { rate: 3_000, trouble }, restart: { attempts: 2, delay: 1 } }
  const { job, lines } = await startTally(places, options)
  await hasRead(job, 100)
  await checkpointed(job)
  writeFileSync(join(trouble.folder, 'always'), '')
  const { code } = await failed(job.finished)
  expect(code).toBe('OPERATOR_FAILED')
  expect(restartsIn(lines)).toHaveLength(2)
  rmSync(join(trouble.folder, 'always'))
  const again = await finishTally(places, { ...options, restore: 'latest' })
  expect(again.job.checkpoints.latestRestored?.id).toBe(1)
  expect(problemsOf(places)).toEqual([])
})
