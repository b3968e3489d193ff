/**
 * `runJob`: from a module to a running job. Bundles it, refuses what can be refused of it, and
 * starts it.
 * Threads: main.
 */
import type { Job } from '../api/job.ts'
import { SluiceError } from '../base/errors.ts'
import { bundleJob, loadJob } from './job-artefact.ts'
import { systemWorld } from './job-world.ts'
import type { PreparedJob } from './prepared-job.ts'
import { prepareJob } from './prepared-job.ts'
import type { JobHandle, RunOptions } from './run-options.ts'
import { explainError } from './source-positions.ts'
import { explained, startJob } from './start-job.ts'

export async function runJob(module: URL | string, options: RunOptions = {}): Promise<JobHandle> {
  const artefact = await bundleJob(module)
  const job = await loadJob(artefact)
  const explain = (error: unknown) => explainError(error, artefact)
  const prepared = await explained(explain, () => prepare(job, options))
  return startJob({ prepared, jobUrl: artefact.url, explain }, { options, world: systemWorld })
}

async function prepare(job: Job, options: RunOptions): Promise<PreparedJob> {
  const prepared = await prepareJob(job, options)
  checkSendable(prepared)
  return prepared
}

/** Every worker gets the arguments: functions and the like cannot go there. */
function checkSendable({ args, job }: PreparedJob): void {
  try {
    structuredClone(args)
  } catch (cause) {
    const message = `job '${job.name}': its arguments cannot be sent to threads: ${String(cause)}`
    const hint = 'pass plain data; what is made of it belongs into the job module'
    throw new SluiceError('BAD_ARGUMENT', message, { hint, cause })
  }
}
