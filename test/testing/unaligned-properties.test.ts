/** Random jobs, unaligned checkpoints and crashes: a job gives what it gives undisturbed. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { InlineOptions } from '../../src/testing/index.ts'
import {
  crashing,
  disturbed,
  jobsInOrder,
  jobsOfKeys,
  named,
  outcome,
  rescaling,
} from './disturbances.ts'

const RUNS = Number(process.env.RUNS ?? 30)
const SEED = process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }

/** A forward exchange says where a record goes: those on their way cannot be dealt out. */
const withoutForward = named(jobsOfKeys).map((args) => ({
  ...args,
  stages: args.stages.filter(({ kind }) => kind !== 'rebalance' && kind !== 'sides'),
}))

test.each([
  ['in order', jobsInOrder, crashing],
  ['without crashes', jobsInOrder, disturbed],
  ['at any parallelism', withoutForward, rescaling],
] as const)(
  'unaligned checkpoints change nothing of what a job gives: %s',
  async (_, jobs, ways) => {
    let bytes = 0
    const property = fc.asyncProperty(jobs, ways, fc.boolean(), async (args, options, isLate) => {
      const { lines } = await outcome(args, { config: { ...options.config } })
      const found = await outcome(args, unaligned(options, isLate))
      expect(found.lines).toEqual(lines)
      for (const one of found.result.checkpoints) bytes += one.persistedInFlightBytes ?? 0
    })
    await fc.assert(property, { numRuns: RUNS, ...SEED })
    expect(bytes).toBeGreaterThan(0)
  },
)

function unaligned(options: InlineOptions, isLate: boolean): InlineOptions {
  const alignedTimeout = isLate ? '5 ms' : '0 ms'
  const config = { 'checkpoints.unaligned': true, 'checkpoints.alignedTimeout': alignedTimeout }
  const chaining = options.crashes?.parallelism === undefined ? {} : { chaining: true }
  return { ...options, config: { ...options.config, ...config, ...chaining } }
}
