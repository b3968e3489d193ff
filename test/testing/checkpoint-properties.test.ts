/** Random jobs, checkpoints and crashes: a job gives what it gives undisturbed. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { InlineOptions } from '../../src/testing/index.ts'
import {
  crashing,
  disturbed,
  jobsInOrder,
  jobsOfKeys,
  jobsOfSplits,
  named,
  outcome,
  rescaling,
} from './disturbances.ts'
import type { StatefulArgs } from './stateful-job.ts'

const RUNS = Number(process.env.RUNS ?? 60)
const SEED = process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }

test('checkpoints change nothing of what a job gives', async () => {
  const property = fc.asyncProperty(jobsInOrder, disturbed, async (args, options) => {
    const { lines } = await outcome(args, undisturbed(options))
    expect((await outcome(args, options)).lines).toEqual(lines)
  })
  await fc.assert(property, { numRuns: RUNS, ...SEED })
})

test('a job that crashes and goes on gives what it gives undisturbed', async () => {
  const property = fc.asyncProperty(jobsInOrder, crashing, async (args, options) => {
    const { lines } = await outcome(args, undisturbed(options))
    expect((await outcome(args, options)).lines).toEqual(lines)
  })
  await fc.assert(property, { numRuns: RUNS, ...SEED })
})

test('a job that goes on at another parallelism gives what it gives at its own', async () => {
  const property = fc.asyncProperty(jobsOfKeys, rescaling, async (args, options) => {
    const { lines } = await outcome(args, undisturbed(options))
    expect((await outcome(args, options)).lines).toEqual(lines)
  })
  await fc.assert(property, { numRuns: RUNS, ...SEED })
})

test('no record becomes late because fewer subtasks go on with the splits', async () => {
  const property = fc.asyncProperty(jobsOfSplits, rescaling, async (args, options) => {
    const own = { parallelism: args.splits, config: { ...options.config, chaining: true } }
    const { lines } = await outcome(args, own)
    const parallelism = options.crashes?.parallelism ?? []
    const crashes = { afterCheckpoints: parallelism.map((_, k) => 2 * k + 2), parallelism }
    expect((await outcome(args, { ...options, ...own, crashes })).lines).toEqual(lines)
  })
  await fc.assert(property, { numRuns: RUNS, ...SEED })
})

test.each([
  ['in order', jobsInOrder, crashing],
  ['at any parallelism', jobsOfKeys, rescaling],
] as const)('what keys are changes nothing but the keys: jobs %s', async (_, jobs, ways) => {
  const property = fc.asyncProperty(named(jobs), ways, async (args, options) => {
    const numbers: StatefulArgs = { ...args, keyKind: 'numbers' }
    const { lines } = await outcome(numbers, undisturbed(options))
    expect((await outcome(args, options)).lines).toEqual(lines)
  })
  await fc.assert(property, { numRuns: RUNS, ...SEED })
})

/** Where watermarks are made depends on what is chained. */
function undisturbed({ config = {} }: InlineOptions): InlineOptions {
  return { config: { ...config } }
}
