/** Runs the schedules of the seeds that it is sent, and sends back what came of each. */
import { parentPort, workerData } from 'node:worker_threads'

const { runSchedule } = await import(workerData.url)

parentPort.on('message', async ({ from, to }) => {
  const outcomes = []
  for (let seed = from; seed < to; seed++) outcomes.push(summary(await runSchedule(seed)))
  parentPort.postMessage(outcomes)
})
parentPort.postMessage([])

function summary({ trace, ...outcome }) {
  return outcome.error === undefined ? outcome : { ...outcome, trace }
}
