/**
 * `runJob`: from a module to a running job. Bundles it, refuses what can be refused, starts the
 * threads, and gives the caller a handle.
 * Threads: main.
 */
import { randomUUID } from 'node:crypto'
import type { Job } from '../api/job.ts'
import { systemClock } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import { silentLogger } from '../base/log.ts'
import { compareFingerprints } from '../graph/fingerprint.ts'
import type { JobArtefact } from './job-artefact.ts'
import { bundleJob, loadJob } from './job-artefact.ts'
import { JobExecution } from './job-execution.ts'
import { JobSinks } from './job-sinks.ts'
import { discoverSources } from './job-sources.ts'
import type { PreparedJob } from './prepared-job.ts'
import { prepareJob, sinksOf } from './prepared-job.ts'
import type { JobHandle, RunOptions } from './run-options.ts'
import { RunningJob } from './running-job.ts'
import { explainError } from './source-positions.ts'
import { deployTasks, planDeployment } from './task-deployment.ts'

/** The attempt's number; a restart within the process counts on. */
const FIRST_ATTEMPT = 1

export async function runJob(module: URL | string, options: RunOptions = {}): Promise<JobHandle> {
  const artefact = await bundleJob(module)
  const job = await loadJob(artefact)
  return start(
    { artefact, prepared: await explained(artefact, () => prepare(job, options)) },
    options,
  )
}

async function prepare(job: Job, options: RunOptions): Promise<PreparedJob> {
  const { args, config, parallelism } = options
  const prepared = await prepareJob(job, { args, config, parallelism })
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

/** Errors thrown while the job is built point at the user's own lines. */
async function explained<T>(artefact: JobArtefact, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw explainError(error, artefact)
  }
}

interface Startable {
  readonly artefact: JobArtefact
  readonly prepared: PreparedJob
}

async function start({ artefact, prepared }: Startable, options: RunOptions): Promise<JobHandle> {
  const clock = systemClock
  const startedMs = clock.monotonicMs()
  const log = options.log ?? silentLogger
  const id = randomUUID().replaceAll('-', '')
  const sinks = new JobSinks(sinksOf(prepared.jobGraph), {
    lineage: id,
    overwrite: options.overwrite === true,
    checkpointing: false,
  })
  const sources = await explained(artefact, () => discoverSources(prepared))
  // A job that is cancelled already must not touch the output of another.
  if (options.signal?.aborted !== true) await explained(artefact, () => sinks.start())
  const plan = planDeployment({
    prepared,
    attempt: FIRST_ATTEMPT,
    lineage: id,
    jobUrl: artefact.url,
    onPrint: options.onPrint,
  })
  const execution = new JobExecution({
    attempt: FIRST_ATTEMPT,
    deploy: (events) => deployTasks(plan, events),
    assigners: sources.assigners,
    sinks,
    results: plan.results,
    compareFingerprint: (built) => compareFingerprints(prepared.fingerprint, built),
    explain: (error) => explainError(error, artefact),
    cancellationTimeoutMs: prepared.options.cancellationTimeoutMs,
    clock,
    log,
  })
  log.info({ job: prepared.job.name, id, tasks: plan.deployments.length }, 'job starts')
  const running = new RunningJob({
    id,
    prepared,
    execution,
    plan,
    recordsTotal: sources.recordsTotal,
    startedMs,
    clock,
    log,
  })
  running.cancelOn(options.signal)
  execution.start()
  await running.untilStarted()
  return running
}
