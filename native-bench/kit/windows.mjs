// A job without end, warmed up and then measured in windows of time: in this process, or in one of
// its own (`inChild`), which can be kept on some of the machine's cores.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { runJob } from 'sluice'
import { busyCores, sleep } from '../measure.mjs'
import { inFolder } from './folder.mjs'

const POLL_MS = 5
const THIS_FILE = fileURLToPath(import.meta.url)

/** What most scenarios take: seconds before the first window, seconds of a window, windows. */
export const timesOf = (smoke) =>
  smoke ? { warmup: 0.2, seconds: 0.2, windows: 1 } : { warmup: 10, seconds: 2, windows: 3 }

/**
 * Runs the job of the module at `url` with `args` at `parallelism`, and cancels it in the end.
 * `checkpoints` is their interval, if there are to be any. The warm-up begins when `known` records
 * have been counted, so that each key may have state. `counted` is the metric that counts them.
 *
 * Returns { windows, others, peakRssBytes, stalls }: a window has records, seconds, cpuSeconds of
 * the process and the checkpoints completed in it; `others` is the number of cores that the rest of
 * the machine used meanwhile, where it can be told. `stalls`, with `watch`, has two lists, of
 * the time `before` the warm-up and of that `within` the windows: the longest time for which each
 * subtask was seen to get no further, and its longest step, in ms.
 */
export async function windowsOf(url, options) {
  return inFolder((dir) => windowsIn(dir, url, options))
}

async function windowsIn(dir, url, options) {
  const { args, parallelism, checkpoints, known = 1, counted = 'recordsWritten' } = options
  const peak = peakRss()
  try {
    const job = await runJob(new URL(url), {
      parallelism,
      args,
      ...(checkpoints === undefined ? {} : { checkpoints: { dir, interval: checkpoints } }),
    })
    // If the job fails meanwhile, that is what is told.
    const run = await Promise.race([measured(job, { ...options, known, counted }), job.finished])
    if (run.windows === undefined) throw new Error(`${url} ended by itself: ${run.status}`)
    await job.cancel()
    return { ...run, peakRssBytes: peak.stop() }
  } finally {
    peak.stop()
  }
}

/** The same in a new process, on the cores of `cores` ('0', '0,1') only, if that is given. */
export async function inChild(url, { cores, ...options }) {
  const program = [process.execPath, THIS_FILE, String(url), JSON.stringify(options)]
  const words = cores === undefined ? program : ['taskset', '-c', cores, ...program]
  const child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] })
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  const [printed, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'close')])
  process.off('exit', end)
  if (code !== 0) throw new Error(`a process for ${url} ended with ${code ?? signal}`)
  return JSON.parse(printed)
}

async function measured(job, { known, counted, warmup, seconds, windows: count, watch }) {
  const arriving = watch ? watchSubtasks(job) : undefined
  while (job.metrics()[counted] < known) await sleep(POLL_MS)
  const before = arriving?.stop()
  await sleep(warmup * 1e3)
  const busy = busyCores()
  const running = watch ? watchSubtasks(job) : undefined
  const windows = []
  for (let i = 0; i < count; i++) windows.push(await measureWindow(job, counted, seconds))
  const own = sumOf(windows, 'cpuSeconds') / sumOf(windows, 'seconds')
  const machine = busy()
  const others = machine === undefined ? undefined : Math.max(0, machine - own)
  const within = running?.stop()
  return { windows, others, ...(watch ? { stalls: { before, within } } : {}) }
}

async function measureWindow(job, counted, seconds) {
  const look = () => ({
    ms: performance.now(),
    records: job.metrics()[counted],
    checkpoints: job.checkpoints.counts.completed,
  })
  const cpu = process.cpuUsage()
  const before = look()
  await sleep(seconds * 1e3)
  const after = look()
  const { user, system } = process.cpuUsage(cpu)
  return {
    records: after.records - before.records,
    seconds: (after.ms - before.ms) / 1e3,
    cpuSeconds: (user + system) / 1e6,
    checkpoints: after.checkpoints - before.checkpoints,
  }
}

/** Looks at every subtask's count of records as often as timers allow. */
function watchSubtasks(job) {
  const startMs = performance.now()
  const seen = job.metrics().subtasks.map(({ vertex, subtask, recordsIn, busyMs }) => {
    const name = `${vertex} ${subtask}`
    return { subtask: name, recordsIn, busyMs, sinceMs: startMs, longestMs: 0, stepMs: 0 }
  })
  let lookedMs = startMs
  let blindMs = 0
  const timer = setInterval(() => {
    const nowMs = performance.now()
    blindMs = Math.max(blindMs, nowMs - lookedMs)
    lookedMs = nowMs
    for (const [index, { recordsIn, busyMs }] of job.metrics().subtasks.entries()) {
      const one = seen[index]
      // What comes before the first record is no stall.
      if (one.recordsIn > 0) one.longestMs = Math.max(one.longestMs, nowMs - one.sinceMs)
      if (recordsIn === one.recordsIn) continue
      // A step counts when it ends; if several ended between two looks, this is their sum.
      one.stepMs = Math.max(one.stepMs, busyMs - one.busyMs)
      Object.assign(one, { recordsIn, busyMs, sinceMs: nowMs })
    }
  }, 1)
  const stop = () => {
    clearInterval(timer)
    const longest = seen.map(({ subtask, longestMs, stepMs }) => ({ subtask, longestMs, stepMs }))
    // No stall can be told from a look that came late.
    return [...longest, { subtask: 'the looks themselves', longestMs: blindMs }]
  }
  return { stop }
}

function peakRss() {
  let bytes = process.memoryUsage.rss()
  const look = () => {
    bytes = Math.max(bytes, process.memoryUsage.rss())
    return bytes
  }
  const timer = setInterval(look, POLL_MS)
  const stop = () => {
    clearInterval(timer)
    return look()
  }
  return { stop }
}

const sumOf = (list, field) => list.reduce((sum, one) => sum + one[field], 0)

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [url, options] = process.argv.slice(2)
  console.log(JSON.stringify(await windowsOf(url, JSON.parse(options))))
}
