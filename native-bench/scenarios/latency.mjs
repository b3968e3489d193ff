import hdr from 'hdr-histogram-js'
import { runJob } from 'sluice'
import { runFlink } from '../flink.mjs'
import { importTypeScript } from '../import-typescript.mjs'
import { inFolder } from '../kit/folder.mjs'
import { median, quantile, round, sleep, watched } from '../measure.mjs'
import { withoutFlink } from '../rivals.mjs'

const JOB = new URL('../jobs/latency.ts', import.meta.url)
const FIGURES = new URL('../latency/figures.ts', import.meta.url)
const KEYS = 10_000
const FLUSH_MS = 1
/** The source looks for what is due as often; beside Flink's, which never sleeps, all the time. */
const REST_MS = 1
const NO_REST_MS = 0
const INTERVAL_MS = 1_000
const HALF = 'half the maximum rate'

const cases = [
  { what: HALF },
  { what: '500,000 records/s', rate: 500_000, rivals: true },
  { what: '100,000 records/s', rate: 100_000, rivals: true },
]

const long = { warmUpSeconds: 10, seconds: 60, maximum: { seconds: 3, windows: 3 } }
const short = { warmUpSeconds: 0.3, seconds: 0.5, maximum: { seconds: 0.3, windows: 1 } }

export default {
  name: 'latency',
  what: 'keyed count at a fixed rate, parallelism 1: from the moment a record is due to its result',
  bar: 'at half the maximum: p50 1 ms, p99 5 ms, p99.99 20 ms; a fifth of the p99.99 of Flink',
  fairness:
    'Both publish pages after 1 ms at most and take a checkpoint a second; both sources are ' +
    'asked all the time. Ours publishes a page before it is due where its consumer has nothing ' +
    'to do; Flink has no such thing.',
  vs: ['flink'],
  repeat: 1,
  options: { seconds: { type: 'string' } },

  async run({ smoke, repeat, only, vs, options }) {
    const times = { ...(smoke ? short : long) }
    if (options.seconds !== undefined) times.seconds = Number(options.seconds)
    const engines = { sluice: ours }
    if (vs !== undefined && !(await withoutFlink())) engines.flink = theirs
    const runs = []
    for (const one of cases.filter(({ what }) => what.includes(only))) {
      if (vs !== undefined && !one.rivals) continue
      const rate = one.rate ?? Math.round((await maximumRate(times)) / 2)
      const what = one.rate === undefined ? `${one.what}: ${rate}` : one.what
      const restMs = vs === undefined ? REST_MS : NO_REST_MS
      for (let i = 0; i < repeat; i++) {
        for (const [engine, run] of Object.entries(engines)) {
          const measured = await run({ ...times, rate, restMs })
          checkComplete(measured.recorded, rate * times.seconds)
          runs.push({ what, of: one.what, engine, ...measured })
        }
      }
    }
    return { rows: runs.map(rowOf), figures: figuresOf(runs), runs }
  },
}

/** A record that is not recorded would be one that was never late. */
function checkComplete(recorded, due) {
  if (Math.abs(recorded - due) > 1) throw new Error(`${recorded} latencies of ${due} records`)
}

/** Records a second, every one of them recorded, from a source that knows no pace. */
async function maximumRate({ warmUpSeconds, maximum }) {
  return inFolder(async (dir) => {
    const job = await start(dir, { warmUpMs: 0 })
    await sleep(warmUpSeconds * 1e3)
    const rates = []
    for (let i = 0; i < maximum.windows; i++) {
      const before = { records: job.metrics().recordsWritten, ms: performance.now() }
      await sleep(maximum.seconds * 1e3)
      const records = job.metrics().recordsWritten - before.records
      rates.push((records / (performance.now() - before.ms)) * 1e3)
    }
    await job.cancel()
    console.error(`maximum: ${round(median(rates) / 1e6)} M records/s`)
    return median(rates)
  })
}

async function ours({ rate, restMs, warmUpSeconds, seconds }) {
  const { LatencyFigures } = await importTypeScript(FIGURES)
  const buffer = LatencyFigures.allocate()
  const figures = new LatencyFigures(buffer)
  return inFolder(async (dir) => {
    const warmUpRecords = Math.round(rate * warmUpSeconds)
    const records = Math.round(rate * (warmUpSeconds + seconds))
    const args = {
      restMs,
      rate,
      records,
      warmUpRecords,
      warmUpMs: warmUpSeconds * 1e3,
    }
    const { value: job, otherCores } = await watched(async () => {
      const started = await start(dir, args, buffer)
      await started.finished
      return started
    })
    const written = job.metrics().recordsWritten
    if (written !== records) throw new Error(`${written} results of ${records} records`)
    const checkpoints = job.checkpoints.history.filter(({ status }) => status === 'completed')
    return {
      ...percentiles(figures.histogram),
      delays: { source: figures.delaysOf('source'), count: figures.delaysOf('count') },
      checkpointMs: checkpoints.map(({ durationMs }) => durationMs),
      stepMsMax: Math.max(...checkpoints.flatMap(({ tasks }) => tasks.map((t) => t.stepMsMax))),
      othersCores: otherCores,
    }
  })
}

/** A JVM has one collector for all its threads. */
async function theirs({ rate, warmUpSeconds, seconds }) {
  const options = { job: 'latency', keys: KEYS, checkpoints: '1s', pace: rate }
  const { windows, others } = await runFlink({ ...options, warmup: warmUpSeconds, seconds })
  const { latency, checkpoints, gcSeconds } = windows.at(-1)
  return {
    ...latency,
    delays: { all: { pausesMs: gcSeconds * 1e3 } },
    checkpointMs: checkpoints.map(({ ms }) => ms),
    othersCores: others,
  }
}

/** In milliseconds. */
function percentiles(encoded) {
  const histogram = hdr.decodeFromCompressedBase64(encoded)
  const at = (percent) => histogram.getValueAtPercentile(percent) / 1e3
  return {
    recorded: histogram.totalCount,
    p50: at(50),
    p99: at(99),
    p999: at(99.9),
    p9999: at(99.99),
    max: histogram.maxValue / 1e3,
  }
}

async function start(dir, args, figures) {
  const { LatencyFigures } = await importTypeScript(FIGURES)
  return runJob(JOB, {
    parallelism: 1,
    args: { keys: KEYS, figures: figures ?? LatencyFigures.allocate(), ...args },
    config: { bufferTimeout: FLUSH_MS },
    checkpoints: { dir, interval: INTERVAL_MS },
  })
}

function rowOf({ what, engine, delays, checkpointMs, stepMsMax, othersCores, ...run }) {
  const ms = ['p50', 'p99', 'p999', 'p9999', 'max'].map((name) => [`${name} ms`, round(run[name])])
  return {
    what,
    engine,
    ...Object.fromEntries(ms),
    'GC ms': eachThread(delays, 'pausesMs'),
    'longest GC ms': eachThread(delays, 'longestPauseMs'),
    'without a core ms': eachThread(delays, 'queuedMs'),
    checkpoints: checkpointMs.length,
    'their ms p50, max': `${quantile(checkpointMs, 0.5)}, ${Math.max(...checkpointMs)}`,
    'their longest step ms': stepMsMax === undefined ? '-' : round(stepMsMax),
    'cores of others': othersCores === undefined ? '-' : round(othersCores),
  }
}

function eachThread(delays, field) {
  const known = Object.entries(delays).filter(([, of]) => Number.isFinite(of[field]))
  return known.map(([thread, of]) => `${thread} ${round(of[field], 1)}`).join(', ') || '-'
}

function figuresOf(runs) {
  const figures = {}
  for (const { of, engine, ...run } of runs) {
    for (const [name, field] of Object.entries({ p50: 'p50', p99: 'p99', 'p99.99': 'p9999' })) {
      const key = `${name}, ${of}${engine === 'sluice' ? '' : `: ${engine}`}`
      const values = [...(figures[key]?.runs ?? []), run[field]]
      const whose = engine === 'sluice' ? 'ours' : 'theirs'
      figures[key] = { value: median(values), unit: 'ms', better: 'less', runs: values, of: whose }
    }
  }
  return figures
}
