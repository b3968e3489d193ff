/**
 * The flights job as the demos run it: embedded as in any program, with a progress line, stopped by
 * Ctrl-C. Only the progress line and the text of errors are borrowed from the command line.
 */
import { runJob, SluiceError } from 'sluice'

const { describeError } = await import('../../dist/bundle/cli/describe-error.js')
const { showProgress } = await import('../../dist/bundle/cli/progress.js')

/**
 * Runs the job to its end. `onStart` gets its handle, and a function that gives the checkpoints it
 * has completed, the newest first. What goes wrong is printed here.
 */
export async function runFlights(options, onStart = () => {}) {
  const stop = new AbortController()
  const abort = () => stop.abort()
  process.on('SIGINT', abort)
  try {
    const startedMs = Date.now()
    const flights = new URL('./flights.ts', import.meta.url)
    const job = await runJob(flights, { ...options, signal: stop.signal })
    // The directory may know checkpoints of earlier runs.
    const completed = () =>
      job.checkpoints.history.filter(
        ({ status, triggeredMs }) => status === 'completed' && triggeredMs >= startedMs,
      )
    onStart(job, completed)
    const metrics = () => job.metrics()
    const endProgress = showProgress({ metrics, checkpoint: () => completed()[0] })
    const result = await job.finished.finally(endProgress)
    const exitCode = result.status === 'canceled' ? 130 : 0
    return { exitCode, result, checkpoints: completed() }
  } catch (error) {
    const text = describeError(error, { color: process.stderr.isTTY === true })
    process.stderr.write(`${text}\n`)
    return { exitCode: error instanceof SluiceError ? 1 : 2 }
  } finally {
    process.off('SIGINT', abort)
  }
}
