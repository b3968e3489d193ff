/**
 * The process that demo-kill.mjs starts: runs the flights job and, if it is told to, kills itself
 * in the middle, as a crash would. Argument: options of `runJob` and `kill`, as JSON.
 */
import { runFlights } from './demo-job.mjs'

const CHECKPOINTS_MIN = 2
const LOOK_EVERY_MS = 10

const { kill, ...options } = JSON.parse(process.argv[2])
let timer

const { exitCode } = await runFlights(options, (job, completed) => {
  const { recordsRead } = job.metrics()
  process.send({ type: 'started', restored: job.checkpoints.latestRestored?.id, recordsRead })
  if (kill) timer = setInterval(() => killInTheMiddle(job, completed()), LOOK_EVERY_MS)
})
clearInterval(timer)
process.exitCode = exitCode
process.disconnect()

/** Half of the flights are read, and two checkpoints are complete. */
function killInTheMiddle(job, completed) {
  const { recordsRead, recordsTotal } = job.metrics()
  if (recordsRead < recordsTotal / 2 || completed.length < CHECKPOINTS_MIN) return
  clearInterval(timer)
  const message = { type: 'killed', recordsRead, recordsTotal, checkpoint: completed[0].id }
  process.send(message, () => process.kill(process.pid, 'SIGKILL'))
}
