// What `job.metrics()` tells of a job without end, window after window: the rates in each reading
// are those since the one before, as long as windows last a second at least.
import { runJob } from 'sluice'
import { sleep } from '../measure.mjs'

/**
 * Returns a reading of the metrics for each window, and with it what `beside` gives at its end. If
 * the job fails, that is what is told.
 */
export async function readingsOf(url, { warmup, seconds, windows, beside, ...options }) {
  const job = await runJob(new URL(url), options)
  const read = async () => {
    await sleep(warmup * 1e3)
    const look = () => undisturbed(() => ({ ...beside?.(), metrics: job.metrics() }))
    const readings = [look()]
    for (let i = 0; i < windows; i++) {
      await sleep(seconds * 1e3)
      readings.push(look())
    }
    return readings.slice(1).map((reading, i) => ({ ...reading, before: readings[i] }))
  }
  const readings = await Promise.race([read(), job.finished])
  if (!Array.isArray(readings)) throw new Error(`${url} ended by itself: ${readings.status}`)
  await job.cancel()
  return readings
}

/** A look in the middle of which this thread lost its processor is no look at one moment. */
const LOOK_MS_MAX = 1
const LOOKS_MAX = 50

function undisturbed(read) {
  let quickest
  for (let k = 0; k < LOOKS_MAX; k++) {
    const atMs = performance.now()
    const what = read()
    const tookMs = performance.now() - atMs
    if (quickest === undefined || tookMs < quickest.tookMs) quickest = { atMs, tookMs, ...what }
    if (tookMs <= LOOK_MS_MAX) break
  }
  return quickest
}

const TIMES = ['busyMs', 'idleMs', 'softBackpressuredMs', 'hardBackpressuredMs']

/**
 * How far the times of a subtask have grown from what has passed meanwhile, in ms: the farthest of
 * all subtasks and readings. What is counted twice or not at all would show here.
 */
export function unaccountedMs(readings) {
  const sums = ({ metrics }) =>
    metrics.subtasks.map((one) => TIMES.reduce((sum, kind) => sum + one[kind], 0))
  const differences = readings.flatMap((reading) => {
    const before = sums(reading.before)
    const passedMs = reading.atMs - reading.before.atMs
    return sums(reading).map((ms, task) => Math.abs(ms - before[task] - passedMs))
  })
  return Math.max(...differences)
}
