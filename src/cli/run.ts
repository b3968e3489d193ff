/**
 * `sluice run`: one job from its start to its end, with log, progress, results and signals.
 * Main thread.
 */
import { once } from 'node:events'
import type { Logger } from '../base/log.ts'
import { runJob } from '../coordinator/run-job.ts'
import type { JobHandle, JobResult } from '../coordinator/run-options.ts'
import { describeError } from './describe-error.ts'
import { exitCodes } from './exit-codes.ts'
import { parseJobArguments } from './job-arguments.ts'
import { createLogger } from './logger.ts'
import { showProgress } from './progress.ts'
import { configOf, type RunCommand, type RunFlags } from './run-flags.ts'
import { StatusLine } from './status-line.ts'
import { type StopSignals, stopSignals } from './stop-signals.ts'

/** Runs the job and gives the exit code. What goes wrong is printed here. */
export async function run(job: string, command: RunCommand<RunFlags>): Promise<number> {
  const { flags } = command
  const line = new StatusLine(process.stderr)
  const log = await createLogger({ level: flags.logLevel, line })
  const stop = stopSignals((name) => {
    log.info({ signal: name }, 'stopping the job; once more ends it at once')
  })
  endQuietlyWithoutReader(stop)
  let code: number = exitCodes.usage
  try {
    const handle = await runJob(job, {
      ...configOf(flags),
      args: parseJobArguments(command.own),
      overwrite: flags.overwrite,
      signal: stop.signal,
      log,
      onPrint: (text: string) => line.around(() => printLine(text)),
    })
    code = exitCodes.failed
    const result = await watch(handle, { line, progress: flags.progress ?? line.interactive })
    logTotals(result, log)
    return stop.exitCode ?? exitCodes.finished
  } catch (error) {
    // Nobody reads on: the failed write is no news.
    if (stop.exitCode === exitCodes.finished) return exitCodes.finished
    const text = describeError(error, { color: line.interactive })
    line.around(() => process.stderr.write(`${text}\n`))
    return stop.exitCode ?? code
  } finally {
    stop.dispose()
  }
}

async function watch(
  handle: JobHandle,
  view: { readonly line: StatusLine; readonly progress: boolean },
): Promise<JobResult> {
  if (!view.progress) return handle.finished
  const end = showProgress({ metrics: () => handle.metrics(), line: view.line })
  return handle.finished.finally(end)
}

function logTotals({ durationMs, metrics }: JobResult, log: Logger): void {
  const { recordsRead, recordsWritten } = metrics
  const seconds = Math.round(durationMs) / 1000
  const fields = { recordsRead, recordsWritten, seconds }
  log.info(fields, `${recordsRead} records read, ${recordsWritten} written in ${seconds} s`)
}

/** Waits while the reader of the pipe is behind, so that a slow one holds the job back. */
async function printLine(text: string): Promise<void> {
  if (!process.stdout.write(`${text}\n`)) await once(process.stdout, 'drain')
}

/** `sluice run job.ts | head` ends when head has seen enough. */
function endQuietlyWithoutReader(stop: StopSignals): void {
  process.stdout.on('error', (error: Error & { readonly code?: string }) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
    stop.stop(exitCodes.finished)
  })
}
