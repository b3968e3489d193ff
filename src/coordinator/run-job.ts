/**
 * `runJob`: from a module to a running job. Bundles it, refuses what can be refused, starts the
 * threads, and gives the caller a handle.
 * Threads: main.
 */
import type { Job } from '../api/job.ts'
import { systemClock } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import { silentLogger } from '../base/log.ts'
import { olderNames } from '../graph/parse-options.ts'
import type { Checkpointing } from './checkpointing.ts'
import { openCheckpointing } from './checkpointing.ts'
import { configOf } from './config-of.ts'
import type { JobArtefact } from './job-artefact.ts'
import { bundleJob, loadJob } from './job-artefact.ts'
import { JobAttempts } from './job-attempts.ts'
import { JobRun } from './job-run.ts'
import { JobSinks } from './job-sinks.ts'
import { discoverSources } from './job-sources.ts'
import type { PreparedJob } from './prepared-job.ts'
import { adoptKeyGroups, prepareJob, sinksOf } from './prepared-job.ts'
import type { JobHandle, RunOptions } from './run-options.ts'
import { RunningJob } from './running-job.ts'
import { explainError } from './source-positions.ts'

export async function runJob(module: URL | string, options: RunOptions = {}): Promise<JobHandle> {
  const artefact = await bundleJob(module)
  const job = await loadJob(artefact)
  return start(
    { artefact, prepared: await explained(artefact, () => prepare(job, options)) },
    options,
  )
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

async function start(startable: Startable, options: RunOptions): Promise<JobHandle> {
  const { artefact } = startable
  const clock = systemClock
  const startedMs = clock.monotonicMs()
  const log = options.log ?? silentLogger
  for (const { as, key } of olderNames(configOf(options))) {
    log.warn({ option: as, now: key }, 'an option has another name now')
  }
  const overwrite = options.overwrite === true
  const checkpointing = await openCheckpointing(startable.prepared, { clock, log, overwrite })
  try {
    const { lineage, start } = checkpointing
    const prepared =
      start.checkpoint === undefined
        ? startable.prepared
        : adoptKeyGroups(startable.prepared, start.checkpoint)
    const sources = await explained(artefact, () => discoverSources(prepared))
    const sinks = new JobSinks(sinksOf(prepared.jobGraph), {
      lineage,
      overwrite,
      checkpointing: checkpointing.isEnabled,
      restored: checkpointing.restored,
    })
    await checkStart(checkpointing, sinks)
    // A job that is cancelled already must not touch the output of another.
    if (options.signal?.aborted !== true) {
      await explained(artefact, () => sinks.start())
      // Only now: a start that the sinks refuse must leave all checkpoints as they were.
      await takeOver(checkpointing, sinks)
    }
    const attempts = new JobAttempts({
      prepared,
      jobUrl: artefact.url,
      explain: (error) => explainError(error, artefact),
      sources,
      sinks,
      checkpointing,
      onPrint: options.onPrint,
      log,
    })
    const run = new JobRun({ options: prepared.options, attempts, sinks, checkpointing, log })
    const tasks = prepared.execution.tasks.length
    log.info({ job: prepared.job.name, id: lineage, tasks }, 'job starts')
    const { recordsTotal } = sources
    const running = new RunningJob({ prepared, run, attempts, recordsTotal, startedMs, clock, log })
    running.cancelOn(options.signal)
    run.start()
    await running.untilStarted()
    return running
  } catch (error) {
    await checkpointing.abandon()
    throw error
  }
}

/** Throws where there is nothing to do any more, or where going on would double output. */
async function checkStart(checkpointing: Checkpointing, sinks: JobSinks): Promise<void> {
  if (checkpointing.start.isFinished) {
    await sinks.finishUnstarted()
    await checkpointing.release({ status: 'finished' })
    throw new SluiceError('JOB_ALREADY_FINISHED', 'the job of this checkpoint directory is done', {
      hint: "restore 'none' to run it again",
    })
  }
  if (!checkpointing.givesUp) return
  if (!sinks.withdrawable && !checkpointing.acceptsDuplicates)
    throw duplicating(checkpointing, sinks)
}

async function takeOver(checkpointing: Checkpointing, sinks: JobSinks): Promise<void> {
  try {
    await checkpointing.takeOver()
  } catch (error) {
    // Nobody runs who would close them.
    await Promise.allSettled([sinks.close()])
    throw error
  }
}

function duplicating({ start }: Checkpointing, sinks: JobSinks): SluiceError {
  const [newest] = start.damage
  const names = sinks.notWithdrawable.map((name) => `'${name}'`).join(', ')
  const why = newest === undefined ? '' : `; the newest checkpoint is damaged: ${newest.message}`
  return new SluiceError(
    'RESTORE_WOULD_DUPLICATE',
    `${names} cannot withdraw what came after checkpoint ${start.checkpoint!.checkpointId}${why}`,
    {
      hint:
        'pass --accept-duplicates (execution.state-recovery.accept-duplicates) to have what was ' +
        'written since then once more',
      cause: newest,
    },
  )
}
