/** Tasks that fail in every way there is, at random records: a restart makes up for each of them. */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { prng } from '../../src/base/prng.ts'
import type { Trouble } from '../fixtures/jobs/tally.ts'
import { failed, scratchFolder, within } from './support.ts'
import {
  finishTally,
  type LogLine,
  placesIn,
  problemsOf,
  RECORDS,
  rowsIn,
  startTally,
  tallyProblems,
} from './tally.ts'

const folder = scratchFolder()
const RATE = 40_000
const RESTART = { attempts: 100, delay: 1 } as const

function troubleIn(name: string, how: Trouble['how'], at: readonly number[]): Trouble {
  const trouble = { how, at, folder: join(folder, `${name} trouble`) }
  mkdirSync(trouble.folder, { recursive: true })
  return trouble
}

function restartsIn(lines: readonly LogLine[]): readonly LogLine[] {
  return lines.filter(({ message }) => message === 'a task failed: restarting')
}

function completedIn(lines: readonly LogLine[]): number {
  return lines.filter(({ message }) => message === 'checkpoint complete').length
}

const seeds = [1, 2, 3].map((n) => n * (Date.now() % 1_000_000))

test.each(seeds)('a function that throws at random records, seed %i', async (seed) => {
  const { below } = prng(seed)
  const at = Array.from({ length: 5 }, () => below(RECORDS))
  const places = placesIn(join(folder, `throws ${seed}`))
  const trouble = troubleIn(`throws ${seed}`, 'throw', at)
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

describe('a thread that is gone', () => {
  test.each([
    ['exit', 'ended by itself'],
    ['out of memory', 'ran out of memory'],
  ] as const)('%s', async (how, told) => {
    const places = placesIn(join(folder, how))
    const trouble = troubleIn(how, how, [7_001, 14_003])
    const { lines, job } = await finishTally(places, {
      args: { rate: RATE, trouble },
      config: { 'task.heap.size': '40 mb' },
      checkpoints: { interval: 30 },
      restart: RESTART,
    })
    expect(restartsIn(lines)).toMatchObject([
      { error: expect.stringContaining(told) },
      { error: expect.stringContaining(told) },
    ])
    expect(job.checkpoints.latestRestored?.id).toBeGreaterThan(0)
    expect(problemsOf(places)).toEqual([])
  })
})

test('checkpoints in memory serve as well', async () => {
  const output = join(folder, 'memory')
  const { job, lines } = await finishTally(
    { output, checkpoints: '' },
    {
      args: { rate: RATE, trouble: troubleIn('memory', 'throw', [5_001, 12_345]), pad: 100 },
      checkpoints: { interval: 30, inlineThreshold: '1 kb' },
      restart: RESTART,
    },
  )
  expect(restartsIn(lines)).toHaveLength(2)
  expect(job.checkpoints.latestRestored?.id).toBeGreaterThan(0)
  expect(tallyProblems(rowsIn(output))).toEqual([])
  expect(readdirSync(output).filter((name) => name.startsWith('.'))).toEqual([])
})

test('trouble before the first checkpoint begins the job anew', async () => {
  const places = placesIn(join(folder, 'anew'))
  const { job, lines } = await finishTally(places, {
    args: { trouble: troubleIn('anew', 'throw', [10]) },
    restart: RESTART,
  })
  expect(restartsIn(lines)).toHaveLength(1)
  expect(job.checkpoints.latestRestored).toBeUndefined()
  expect(problemsOf(places)).toEqual([])
})

test('trouble that never ends fails the job, and what is complete stays for another start', async () => {
  const places = placesIn(join(folder, 'no end'))
  const at = Array.from({ length: 40 }, (_, n) => 10_000 + 100 * n)
  const trouble = troubleIn('no end', 'throw', at)
  const options = {
    args: { rate: RATE, trouble },
    checkpoints: { interval: 30 },
    restart: { attempts: 2, delay: 1 },
  } as const
  const { job, lines } = await startTally(places, options)
  const { code } = await failed(within('the tally', job.finished))
  expect(code).toBe('OPERATOR_FAILED')
  expect(restartsIn(lines)).toHaveLength(2)
  expect(completedIn(lines)).toBeGreaterThan(0)
  const again = await finishTally(places, {
    ...options,
    restore: 'latest',
    restart: RESTART,
  })
  expect(again.job.checkpoints.latestRestored?.id).toBeGreaterThan(0)
  expect(problemsOf(places)).toEqual([])
})
