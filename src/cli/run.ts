/**
 * `sluice run`: one job from its start to its end, with log, progress, results and signals.
 * Main thread.
 */
import { SluiceError } from '../base/errors.ts'
import { lineOf } from '../coordinator/result-readers.ts'
import { runJob } from '../coordinator/run-job.ts'
import type { JobHandle, JobResult } from '../coordinator/run-options.ts'
import { describeError } from './describe-error.ts'
import { exitCodes } from './exit-codes.ts'
import { parseJobArguments } from './job-arguments.ts'
import { createLogger } from './logger.ts'
import { showProgress } from './progress.ts'
import { configFor, type RunCommand, type RunFlags } from './run-flags.ts'
import { onceReaderIsGone, printLine } from './standard-output.ts'
import { showStats } from './stats.ts'
import { StatusLine } from './status-line.ts'
import { stopSignals } from './stop-signals.ts'
import { totalsOf } from './totals.ts'

/** Runs the job and gives the exit code. What goes wrong is printed here. */
export async function run(job: string, command: RunCommand<RunFlags>): Promise<number> {
  const { flags } = command
  const line = new StatusLine(process.stderr)
  const log = await createLogger({ level: flags.logLevel, line })
  const stop = stopSignals({
    first: (name) => log.info({ signal: name }, 'stopping the job; once more ends it at once'),
    second: () => line.end({ keep: true }),
  })
  onceReaderIsGone(() => stop.stop(exitCodes.finished))
  let printed = 0
  const print = (text: string) => {
    printed++
    return line.around(() => printLine(text))
  }
  let code: number = exitCodes.usage
  try {
    const handle = await runJob(job, {
      config: await configFor(flags),
      args: parseJobArguments(command.own),
      overwrite: flags.overwrite,
      signal: stop.signal,
      log,
      onPrint: print,
    })
    code = exitCodes.failed
    const rows = printCollected(handle, print)
    const progress = flags.progress ?? line.interactive
    const result = await watch(handle, { line, progress, stats: flags.stats === true })
    await rows
    const { fields, text } = totalsOf(result, printed)
    log.info(fields, text)
    return stop.exitCode ?? exitCodes.finished
  } catch (error) {
    // Nobody reads on: the failed write is no news.
    if (stop.exitCode === exitCodes.finished) return exitCodes.finished
    if (isFinishedBefore(error)) {
      log.info({ code: error.code }, error.message)
      return exitCodes.finished
    }
    const text = describeError(error, { color: line.interactive })
    line.around(() => process.stderr.write(`${text}\n`))
    return stop.exitCode ?? code
  } finally {
    stop.dispose()
  }
}

/** The job had finished before it was to be restored: what was asked for is there. */
function isFinishedBefore(error: unknown): error is SluiceError {
  return error instanceof SluiceError && error.code === 'JOB_ALREADY_FINISHED'
}

async function watch(
  handle: JobHandle,
  view: { readonly line: StatusLine; readonly progress: boolean; readonly stats: boolean },
): Promise<JobResult> {
  const metrics = () => handle.metrics()
  if (view.stats) return handle.finished.finally(showStats({ metrics, line: view.line }))
  if (!view.progress) return handle.finished
  const end = showProgress({
    metrics,
    checkpoint: () => handle.checkpoints.latestCompleted,
    line: view.line,
  })
  return handle.finished.finally(end)
}

/**
 * The command is the program that reads what a job collects: it prints the rows as `print(name)`
 * would. Never rejects, since `finished` tells the same error.
 */
async function printCollected(
  handle: JobHandle,
  print: (line: string) => Promise<void>,
): Promise<void> {
  const loops = handle.results.map(async (name) => {
    for await (const row of handle.collect(name)) await print(`${name}> ${lineOf(row)}`)
  })
  await Promise.allSettled(loops)
}
