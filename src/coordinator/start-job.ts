/**
 * From a job as plain numbers to a running one: opens its checkpoints, refuses what would lose or
 * double output, starts the threads, and gives the caller a handle.
 * Threads: main.
 */
import { SluiceError } from '../base/errors.ts'
import { silentLogger } from '../base/log.ts'
import { olderNames } from '../graph/parse-options.ts'
import type { Checkpointing } from './checkpointing.ts'
import { openCheckpointing } from './checkpointing.ts'
import { configOf } from './config-of.ts'
import { JobAttempts } from './job-attempts.ts'
import { JobRun } from './job-run.ts'
import { JobSinks } from './job-sinks.ts'
import { discoverSources } from './job-sources.ts'
import type { JobWorld } from './job-world.ts'
import type { PreparedJob } from './prepared-job.ts'
import { adoptKeyGroups, sinksOf } from './prepared-job.ts'
import type { RunOptions } from './run-options.ts'
import { RunningJob } from './running-job.ts'

export interface Startable {
  readonly prepared: PreparedJob
  /** What workers import. */
  readonly jobUrl: string
  readonly explain: Explain
}

/** Makes an error point at the user's own lines. */
export type Explain = (error: unknown) => Error

export interface StartOptions {
  readonly options: RunOptions
  readonly world: JobWorld
}

export async function startJob(
  startable: Startable,
  { options, world }: StartOptions,
): Promise<RunningJob> {
  const { jobUrl, explain } = startable
  const { clock, after } = world
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
    const sources = await explained(explain, () => discoverSources(prepared))
    const sinks = new JobSinks(sinksOf(prepared.jobGraph), {
      lineage,
      overwrite,
      checkpointing: checkpointing.isEnabled,
      restored: checkpointing.restored,
    })
    await checkStart(checkpointing, sinks)
    // A job that is cancelled already must not touch the output of another.
    if (options.signal?.aborted !== true) {
      await explained(explain, () => sinks.start())
      // Only now: a start that the sinks refuse must leave all checkpoints as they were.
      await takeOver(checkpointing, sinks)
    }
    const attempts = new JobAttempts({
      prepared,
      jobUrl,
      explain,
      sources,
      sinks,
      checkpointing,
      onPrint: options.onPrint,
      world,
      log,
    })
    const parts = { attempts, sinks, checkpointing }
    const run = new JobRun({ options: prepared.options, ...parts, after, log })
    const tasks = prepared.execution.tasks.length
    log.info({ job: prepared.job.name, id: lineage, tasks }, 'job starts')
    const { recordsTotal } = sources
    const times = { startedMs, clock }
    const running = new RunningJob({ prepared, run, ...parts, recordsTotal, ...times, log })
    running.cancelOn(options.signal)
    run.start()
    await running.untilStarted()
    return running
  } catch (error) {
    await checkpointing.abandon()
    throw error
  }
}

/** Errors thrown while the job is built or started. */
export async function explained<T>(explain: Explain, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw explain(error)
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
