/**
 * `sluice info`: builds a job's graph as a run would, and prints the plan instead of running it.
 * Main thread.
 */
import type { Job } from '../api/job.ts'
import { bundleJob, loadJob } from '../coordinator/job-artefact.ts'
import { prepareJob } from '../coordinator/prepared-job.ts'
import { explainError } from '../coordinator/source-positions.ts'
import { type Plan, planOf, planText } from '../graph/plan.ts'
import { exitCodes } from './exit-codes.ts'
import { parseJobArguments } from './job-arguments.ts'
import { configFor, type JobFlags, type RunCommand } from './run-flags.ts'

export interface InfoFlags extends JobFlags {
  readonly json: boolean
}

/** Prints the plan to standard output. */
export async function info(path: string, command: RunCommand<InfoFlags>): Promise<number> {
  const artefact = await bundleJob(path)
  const job = await loadJob(artefact)
  const plan = await planFor(job, command).catch((error: unknown) => {
    throw explainError(error, artefact)
  })
  process.stdout.write(command.flags.json ? `${JSON.stringify(plan, null, 2)}\n` : planText(plan))
  return exitCodes.finished
}

async function planFor(job: Job, { flags, own }: RunCommand<InfoFlags>): Promise<Plan> {
  const config = await configFor(flags)
  const prepared = await prepareJob(job, { config, args: parseJobArguments(own) })
  return planOf(prepared.jobGraph)
}
