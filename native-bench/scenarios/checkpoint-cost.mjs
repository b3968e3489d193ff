import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runJob } from 'sluice'
import { median, medianLowerBound, quantile, round } from '../measure.mjs'

const JOBS = new URL('../jobs/', import.meta.url)
const EXAMPLES = new URL('../../docs/examples/', import.meta.url)
const DATA = '../../node_modules/vega-datasets/data/flights-3m.parquet'
const FLIGHTS = fileURLToPath(new URL(DATA, import.meta.url))
const INTERVAL_MS = 1_000
const POLL_MS = 5

const cases = [
  { what: 'flights demo, parallelism 2', lossMax: 0.05, measure: demo },
  { what: 'keyed count, 10 k keys', lossMax: 0.05, keys: 10_000, measure: keyedCount },
  { what: 'keyed count, 1 M keys', lossMax: 0.15, keys: 1_000_000, measure: keyedCount },
]

export default {
  name: 'checkpoint-cost',
  what: 'records a CPU second with a checkpoint a second, to a directory, against none; in pairs',
  bar: 'at most 5 % less for the demo and with 10 k keys, 15 % with 1 M keys',
  /** Pairs. Fewer would say little, since they differ by a few per cent each. */
  repeat: 30,

  async run({ smoke, repeat, only }) {
    const results = []
    const chosen = cases.filter(({ what }) => what.includes(only))
    for (const one of chosen) results.push(await measurePairs(one, { smoke, repeat }))
    return { rows: results.map(rowOf), cases: results }
  },
}

/** The two runs of a pair change places from pair to pair. */
async function measurePairs({ what, lossMax, keys, measure }, { smoke, repeat }) {
  const pairs = []
  for (let i = 0; i < repeat; i++) {
    const withFirst = i % 2 === 0
    const first = await measure({ smoke, keys, checkpoints: withFirst })
    const second = await measure({ smoke, keys, checkpoints: !withFirst })
    pairs.push(withFirst ? { with: first, without: second } : { with: second, without: first })
  }
  return { what, lossMax, pairs }
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
    'bar %': 100 * lossMax,
    'wall loss %': round(100 * (1 - median(ratios('recordsPerSecond'))), 1),
    checkpoints: completed.length,
    'CPU ms each': round(median(pairs.map(cpuMsEach)), 0),
    MB: round(median(completed.map(({ bytes }) => bytes)) / 1e6, 1),
    'ms p50': round(median(completed.map(({ durationMs }) => durationMs)), 0),
    'sync ms p99, max': spread(figures('syncMs')),
    'step ms p99, max': spread(figures('stepMsMax')),
  }
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

/** Some seconds in the middle of a job without end, all of its keys known. */
async function keyedCount({ smoke, keys, checkpoints }) {
  return inFolder(async (folder) => {
    const job = await runJob(new URL('keyed-count.ts', JOBS), {
      args: { keys },
      ...optionsOf({ folder, smoke, checkpoints }),
    })
    const counted = () => job.metrics().subtasks[1].recordsIn
    while (counted() < keys || (checkpoints && job.checkpoints.counts.completed === 0)) {
      await sleep(POLL_MS)
    }
    const stop = meter(job, counted())
    await sleep(smoke ? INTERVAL_MS / 4 : 4 * INTERVAL_MS)
    const measured = stop(counted())
    await job.cancel()
    return measured
  })
}

function optionsOf({ folder, smoke, checkpoints }) {
  if (!checkpoints) return {}
  const interval = smoke ? INTERVAL_MS / 10 : INTERVAL_MS
  return { checkpoints: { interval, dir: join(folder, 'checkpoints') } }
}

/** CPU of all threads, of which one of the engine's jobs is all that runs. */
function meter(job, recordsBefore = 0) {
  const completedBefore = job.checkpoints.counts.completed
  const startMs = performance.now()
  const startCpu = process.cpuUsage()
  return (records) => {
    const { user, system } = process.cpuUsage(startCpu)
    const ms = performance.now() - startMs
    const completed = job.checkpoints.history.filter(({ status }) => status === 'completed')
    return {
      cpuMs: (user + system) / 1e3,
      recordsPerCpuSecond: ((records - recordsBefore) * 1e6) / (user + system),
      recordsPerSecond: ((records - recordsBefore) * 1e3) / ms,
      checkpoints: completed,
      completed: job.checkpoints.counts.completed - completedBefore,
    }
  }
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function inFolder(action) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  try {
    return await action(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
