/**
 * `sluice info`: builds a job's graph as a run would, and prints the plan instead of running it.
 * Main thread.
 */
import type { Job } from '../api/job.ts'
import { bundleJob, loadJob } from '../coordinator/job-artefact.ts'
import type { PreparedJob } from '../coordinator/prepared-job.ts'
import { prepareJob } from '../coordinator/prepared-job.ts'
import { explainError } from '../coordinator/source-positions.ts'
import { planOf, planText } from '../graph/plan.ts'
import { chainListings, chainListingText } from '../task/chain-listing.ts'
import { exitCodes } from './exit-codes.ts'
import { parseJobArguments } from './job-arguments.ts'
import { configFor, type JobFlags, type RunCommand } from './run-flags.ts'

export interface InfoFlags extends JobFlags {
  readonly json: boolean
  /** The code of each chain, too. */
  readonly chains: boolean
}

/** Prints the plan to standard output. */
export async function info(path: string, command: RunCommand<InfoFlags>): Promise<number> {
  const artefact = await bundleJob(path)
  const job = await loadJob(artefact)
  const prepared = await prepareFor(job, command).catch((error: unknown) => {
    throw explainError(error, artefact)
  })
  const { json, chains } = command.flags
  const plan = planOf(prepared.jobGraph)
  const listings = chains ? chainListings(prepared.jobGraph, prepared.options) : undefined
  const text = json
    ? `${JSON.stringify({ ...plan, ...(listings && { chains: listings }) }, null, 2)}\n`
    : planText(plan) + chainListingText(listings ?? [])
  process.stdout.write(text)
  return exitCodes.finished
}

async function prepareFor(job: Job, command: RunCommand<InfoFlags>): Promise<PreparedJob> {
  const { flags, own } = command
  const config = await configFor(flags)
  return prepareJob(job, { config, args: parseJobArguments(own) })
}
