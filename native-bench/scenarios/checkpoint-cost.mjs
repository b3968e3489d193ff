import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runJob } from 'sluice'
import { inFolder } from '../kit/folder.mjs'
import { alternating, lossCells, lossOf, meter, stretchOf, wallLoss } from '../kit/pairs.mjs'
import { median, quantile, round, sleep } from '../measure.mjs'

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
  { what: 'keyed count, 10 k keys', lossMax: 0.03, keys: 10_000, pairs: seconds },
  { what: 'keyed count, 1 M keys', lossMax: 0.1, keys: 1_000_000, pairs: seconds },
]

export default {
  name: 'checkpoint-cost',
  what: 'records a CPU second with a checkpoint a second, to a directory, against none; in pairs',
  bar: 'at most 5 % less for the demo, 3 % with 10 k keys, 10 % with 1 M keys',
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
    const ms = smoke ? INTERVAL_MS / 10 : INTERVAL_MS
    const second = (checkpoint) => stretchOf(job, counted, { ms, checkpoint })
    while (counted() < keys) await sleep(POLL_MS)
    if (!smoke) for (let i = 0; i < WARM_UP_SECONDS; i++) await second(false)
    const before = await second(false)
    if (!smoke) for (let i = 0; i < WARM_UP_SECONDS; i++) await second(true)
    const pairs = await alternating(repeat, second)
    await job.cancel()
    return pairs.map((pair) => ({ ...pair, before }))
  })
}

function rowOf({ what, lossMax, pairs }) {
  const completed = pairs.flatMap((pair) => pair.with.checkpoints)
  const tasks = completed.flatMap((checkpoint) => checkpoint.tasks)
  const figures = (name) => tasks.map((task) => task[name])
  return {
    what,
    ...lossCells(pairs, lossMax),
    'since the first %': since(pairs),
    'wall loss %': wallLoss(pairs),
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
