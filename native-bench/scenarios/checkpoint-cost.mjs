import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runJob } from 'sluice'
import { inFolder } from '../kit/folder.mjs'
import { median, medianLowerBound, quantile, round, sleep } from '../measure.mjs'

const JOBS = new URL('../jobs/', import.meta.url)
const EXAMPLES = new URL('../../docs/examples/', import.meta.url)
const DATA = '../../node_modules/vega-datasets/data/flights-3m.parquet'
const FLIGHTS = fileURLToPath(new URL(DATA, import.meta.url))
const INTERVAL_MS = 1_000
const POLL_MS = 5
const JOBS_A_CASE = 5
/** Before the first that counts: what is compiled and sized once is no part of the cost. */
const WARM_UP_SECONDS = 2

const cases = [
  { what: 'flights demo, parallelism 2', lossMax: 0.05, pairs: demoPairs },
  { what: 'keyed count, 10 k keys', lossMax: 0.05, keys: 10_000, pairs: seconds },
  { what: 'keyed count, 1 M keys', lossMax: 0.15, keys: 1_000_000, pairs: seconds },
]

export default {
  name: 'checkpoint-cost',
  what: 'records a CPU second with a checkpoint a second, to a directory, against none; in pairs',
  bar: 'at most 5 % less for the demo and with 10 k keys, 15 % with 1 M keys',
  /** Pairs. Fewer would say little, since they differ by a few per cent each. */
  repeat: 90,

  async run({ smoke, repeat, only }) {
    const results = []
    const chosen = cases.filter(({ what }) => what.includes(only))
    for (const { what, lossMax, keys, pairs } of chosen) {
      results.push({ what, lossMax, pairs: await pairs({ smoke, repeat, keys }) })
    }
    const figures = Object.fromEntries(results.map(({ what, pairs }) => [what, lossOf(pairs)]))
    return { rows: results.map(rowOf), figures, cases: results }
  },
}

/** Whole runs of the demo. The two of a pair change places from pair to pair. */
function demoPairs({ smoke, repeat }) {
  return alternating(repeat, (checkpoints) => demo({ smoke, checkpoints }))
}

async function alternating(repeat, measure) {
  const pairs = []
  for (let i = 0; i < repeat; i++) {
    const withFirst = i % 2 === 0
    const first = await measure(withFirst)
    const second = await measure(!withFirst)
    pairs.push(withFirst ? { with: first, without: second } : { with: second, without: first })
  }
  return pairs
}

/**
 * Seconds of jobs without end, all of their keys known, in turns with a checkpoint and without. Two
 * jobs are never compiled alike, and differ more than one differs from itself a second later.
 */
async function seconds({ smoke, repeat, keys }) {
  const pairs = []
  const jobs = Math.min(JOBS_A_CASE, repeat)
  for (let i = 0; i < jobs; i++) {
    const share = Math.floor(repeat / jobs) + (i < repeat % jobs ? 1 : 0)
    pairs.push(...(await secondsOfOne({ smoke, repeat: share, keys })))
  }
  return pairs
}

function secondsOfOne({ smoke, repeat, keys }) {
  return inFolder(async (dir) => {
    const job = await runJob(new URL('keyed-count.ts', JOBS), {
      args: { keys },
      checkpoints: { dir },
    })
    const counted = () => job.metrics().subtasks[1].recordsIn
    const second = async (checkpoints) => {
      const stop = meter(job, counted())
      const triggered = checkpoints ? job.checkpoints.trigger() : undefined
      await Promise.all([triggered, sleep(smoke ? INTERVAL_MS / 10 : INTERVAL_MS)])
      return stop(counted())
    }
    while (counted() < keys) await sleep(POLL_MS)
    if (!smoke) for (let i = 0; i < WARM_UP_SECONDS; i++) await second(false)
    const before = await second(false)
    if (!smoke) for (let i = 0; i < WARM_UP_SECONDS; i++) await second(true)
    const pairs = await alternating(repeat, second)
    await job.cancel()
    return pairs.map((pair) => ({ ...pair, before }))
  })
}

function lossOf(pairs) {
  const rate = 'recordsPerCpuSecond'
  const losses = pairs.map((pair) => 100 * (1 - pair.with[rate] / pair.without[rate]))
  return { value: median(losses), unit: '%', better: 'less', runs: losses }
}

function rowOf({ what, lossMax, pairs }) {
  const ratios = (rate) => pairs.map((pair) => pair.with[rate] / pair.without[rate])
  const cpu = ratios('recordsPerCpuSecond')
  const completed = pairs.flatMap((pair) => pair.with.checkpoints)
  const tasks = completed.flatMap((checkpoint) => checkpoint.tasks)
  const figures = (name) => tasks.map((task) => task[name])
  return {
    what,
    'M records/CPU s': round(median(pairs.map((p) => p.without.recordsPerCpuSecond)) / 1e6),
    'loss %': round(100 * (1 - median(cpu)), 1),
    'loss < (95 %)': round(100 * (1 - medianLowerBound(cpu)), 1),
    'bar %': lossMax === undefined ? undefined : 100 * lossMax,
    'since the first %': since(pairs),
    'wall loss %': round(100 * (1 - median(ratios('recordsPerSecond'))), 1),
    checkpoints: completed.length,
    'CPU ms each': round(median(pairs.map(cpuMsEach)), 0),
    MB: round(median(completed.map(({ bytes }) => bytes)) / 1e6, 1),
    'ms p50': round(median(completed.map(({ durationMs }) => durationMs)), 0),
    'sync ms p99, max': spread(figures('syncMs')),
    'step ms p99, max': spread(figures('stepMsMax')),
  }
}

/** What is lost for good: seconds without a checkpoint, against one before there had been any. */
function since(pairs) {
  const rates = pairs.flatMap(({ before, without }) =>
    before === undefined ? [] : [without.recordsPerCpuSecond / before.recordsPerCpuSecond],
  )
  return rates.length === 0 ? undefined : round(100 * (1 - median(rates)), 1)
}

/** What one checkpoint costs, however much else there was to do for the machine. */
function cpuMsEach(pair) {
  const more = 1 - pair.with.recordsPerCpuSecond / pair.without.recordsPerCpuSecond
  return (more * pair.with.cpuMs) / Math.max(1, pair.with.completed)
}

function spread(values) {
  return `${round(quantile(values, 0.99), 2)}, ${round(Math.max(...values), 2)}`
}

/** From the moment at which all tasks run to the committed output. */
async function demo({ smoke, checkpoints }) {
  return inFolder(async (folder) => {
    const job = await runJob(new URL('flights.ts', EXAMPLES), {
      parallelism: 2,
      args: { input: FLIGHTS, output: join(folder, 'out') },
      ...optionsOf({ folder, smoke, checkpoints }),
    })
    const stop = meter(job)
    const { metrics } = await job.finished
    return stop(metrics.recordsRead)
  })
}

function optionsOf({ folder, smoke, checkpoints }) {
  if (!checkpoints) return {}
  const interval = smoke ? INTERVAL_MS / 10 : INTERVAL_MS
  return { checkpoints: { interval, dir: join(folder, 'checkpoints') } }
}

/** CPU of all threads, while one of the engine's jobs is all that runs. */
function meter(job, recordsBefore = 0) {
  const completedBefore = job.checkpoints.counts.completed
  const startMs = performance.now()
  const startCpu = process.cpuUsage()
  return (records) => {
    const { user, system } = process.cpuUsage(startCpu)
    const ms = performance.now() - startMs
    const news = job.checkpoints.counts.completed - completedBefore
    const completed = job.checkpoints.history
      .filter(({ status }) => status === 'completed')
      .slice(0, news)
    return {
      cpuMs: (user + system) / 1e3,
      recordsPerCpuSecond: ((records - recordsBefore) * 1e6) / (user + system),
      recordsPerSecond: ((records - recordsBefore) * 1e3) / ms,
      checkpoints: completed,
      completed: news,
    }
  }
}
