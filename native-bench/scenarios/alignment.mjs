import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { runJob } from 'sluice'
import { runFlink } from '../flink.mjs'
import { inFolder } from '../kit/folder.mjs'
import { quantile, round, sleep, watched } from '../measure.mjs'
import { withoutFlink } from '../rivals.mjs'

const JOB = new URL('../jobs/backpressure.ts', import.meta.url)
const PARALLELISM = 4
const MICROS = 200
const INTERVAL_MS = 1_000
const SAMPLE_MS = 250
const SYNCS = 200

const aligned = { what: 'aligned', flink: {} }
const unaligned = {
  what: 'unaligned',
  checkpoints: { unaligned: true },
  flink: { unaligned: true },
}
const cases = [
  aligned,
  {
    what: 'aligned, timeout 50 ms',
    checkpoints: { unaligned: true, alignedTimeout: '50 ms' },
    flink: { unaligned: true, timeout: 50 },
  },
  unaligned,
  {
    what: 'aligned, debloating to 75 ms',
    config: { 'debloat.enabled': true, 'debloat.target': '75 ms' },
    flink: { debloat: 75 },
  },
  {
    what: 'aligned, debloating to 300 ms',
    config: { 'debloat.enabled': true, 'debloat.target': '300 ms' },
    flink: { debloat: 300 },
  },
  { ...aligned, what: 'sinks that spin, aligned', how: 'spin' },
  { ...unaligned, what: 'sinks that spin, unaligned', how: 'spin' },
  { ...aligned, what: 'a hot key, aligned', shape: 'skew' },
  { ...unaligned, what: 'a hot key, unaligned', shape: 'skew' },
  { ...aligned, what: 'bursts of the sink, aligned', shape: 'bursts' },
  { ...unaligned, what: 'bursts of the sink, unaligned', shape: 'bursts' },
  { ...aligned, what: 'diamond, aligned', shape: 'diamond' },
  { ...unaligned, what: 'diamond, unaligned', shape: 'diamond' },
  { ...aligned, what: 'fan-out by 4096, aligned', shape: 'fan-out' },
  { ...unaligned, what: 'fan-out by 4096, unaligned', shape: 'fan-out' },
  { ...aligned, what: 'exchanges of 8 x 8, aligned', parallelism: 8 },
  { ...unaligned, what: 'exchanges of 8 x 8, unaligned', parallelism: 8 },
]

export default {
  name: 'alignment',
  what: 'checkpoints under backpressure: source -> rebalance -> map -> rebalance -> sink of 200 us',
  bar:
    'sinks that sleep: start delay p99 5 ms unaligned; end to end p99 unaligned 30 ms and 3 x ' +
    'the sync of the disk, aligned 700 ms, debloating to 75 ms 230 ms, timeout 50 ms 120 ms',
  fairness:
    'Parallelism 4, records of 1 KB, a checkpoint a second, each synced to the disk by us and ' +
    'not by Flink. Start delays are the longest of all subtasks of a checkpoint.',
  vs: ['flink'],
  options: { seconds: { type: 'string' } },

  async run({ smoke, only, vs, options }) {
    const seconds = Number(options.seconds ?? (smoke ? 1 : 60))
    const warmup = smoke ? 0.5 : 5
    const chosen = smoke ? [aligned, unaligned] : cases.filter(({ what }) => what.includes(only))
    const engines = { sluice: ours }
    if (vs !== undefined && !(await withoutFlink())) engines.flink = theirs
    const runs = []
    for (const one of chosen) {
      for (const [engine, run] of Object.entries(engines)) {
        // Flink's side has the one topology.
        if (engine === 'flink' && (one.shape !== undefined || one.parallelism !== undefined))
          continue
        runs.push({ what: one.what, engine, ...(await run(one, { seconds, warmup, smoke })) })
      }
    }
    return {
      rows: runs.map(rowOf),
      figures: Object.assign({}, ...runs.map(figuresOf)),
      series: seriesOf(runs),
    }
  },
}

async function ours(one, { seconds, warmup, smoke }) {
  const { shape = 'chain', how = 'sleep', parallelism = PARALLELISM, checkpoints, config } = one
  return inFolder(async (dir) => {
    const job = await runJob(JOB, {
      parallelism,
      args: { shape, how, micros: MICROS },
      config: config ?? {},
      checkpoints: { dir, interval: smoke ? 200 : INTERVAL_MS, ...checkpoints },
    })
    await sleep(warmup * 1e3)
    const measured = await watched(() => sampled(job, seconds))
    const { before, after, samples } = measured.value
    // Before the end, which gives one up that is under way.
    const measuredOnes = job.checkpoints.history.filter(({ id }) => id > before.id)
    await job.cancel()
    const complete = measuredOnes.filter(({ status }) => status === 'completed')
    const declined = measuredOnes.filter(({ status }) => status === 'failed')
    return {
      perSecond: ((after.records - before.records) / measured.ms) * 1e3,
      durations: complete.map(({ durationMs }) => durationMs),
      startDelays: complete.map(({ tasks }) => most(tasks, 'startDelayMs')),
      alignments: complete.map(({ tasks }) => most(tasks, 'alignmentMs')),
      persisted: complete.map(({ persistedInFlightBytes = 0 }) => persistedInFlightBytes),
      failed: declined.length,
      syncs: syncsIn(dir),
      samples,
      times: complete.map(({ triggeredMs }) => (triggeredMs - before.epochMs) / 1e3),
      othersCores: measured.otherCores,
    }
  })
}

const most = (tasks, field) => Math.max(...tasks.map((task) => task[field]))

async function sampled(job, seconds) {
  const read = () => ({ records: job.metrics().recordsWritten, epochMs: Date.now() })
  const before = { ...read(), id: Math.max(0, ...job.checkpoints.history.map(({ id }) => id)) }
  const endMs = performance.now() + seconds * 1e3
  const samples = []
  for (let ms = performance.now(); ms < endMs; ms = performance.now()) {
    samples.push([seconds - (endMs - ms) / 1e3, job.metrics().bytesInFlight])
    await sleep(SAMPLE_MS)
  }
  return { before, after: read(), samples }
}

/** What it takes the disk to have a small file for certain, in ms. */
function syncsIn(dir) {
  const file = openSync(join(dir, 'sync'), 'w')
  const took = Array.from({ length: SYNCS }, () => {
    const startMs = performance.now()
    writeSync(file, 'x'.repeat(4096))
    fsyncSync(file)
    return performance.now() - startMs
  })
  closeSync(file)
  return took
}

async function theirs({ how = 'sleep', flink }, { seconds, warmup }) {
  const options = { job: 'pressure', parallelism: PARALLELISM, checkpoints: '1s', sinks: how }
  const { windows, others } = await runFlink({ ...options, ...flink, warmup, seconds, windows: 1 })
  const { records, seconds: passed, checkpoints } = windows[0]
  return {
    perSecond: records / passed,
    durations: checkpoints.map(({ ms }) => ms),
    startDelays: checkpoints.map(({ startDelayMs }) => startDelayMs),
    persisted: checkpoints.map(({ persistedBytes }) => persistedBytes),
    othersCores: others,
  }
}

function rowOf({ what, engine, perSecond, durations, startDelays, persisted, ...run }) {
  const pair = (values = []) =>
    values.length === 0 ? '' : `${ms(quantile(values, 0.5))} / ${ms(quantile(values, 0.99))}`
  return {
    what,
    engine,
    checkpoints: durations.length,
    failed: run.failed ?? '',
    'end to end p50 / p99 ms': pair(durations),
    'start delay ms': pair(startDelays),
    'alignment ms': pair(run.alignments),
    'MB persisted in flight': megabytes(persisted),
    'MB in flight': run.samples === undefined ? '' : megabytes(run.samples.map(([, b]) => b)),
    'sync of the disk p99 ms': run.syncs === undefined ? '' : ms(quantile(run.syncs, 0.99)),
    'records/s': Math.round(perSecond),
    'cores of others': run.othersCores === undefined ? '' : round(run.othersCores, 2),
  }
}

const ms = (value) => round(value, value < 10 ? 1 : 0)

function megabytes(values) {
  return values.length === 0 ? '' : round(quantile(values, 0.5) / 1e6, 2)
}

function figuresOf({ what, engine, durations }) {
  if (durations.length === 0) return {}
  const of = engine === 'flink' ? { of: 'theirs' } : {}
  const value = quantile(durations, 0.99)
  return { [`${what}, ${engine}, p99`]: { value, unit: 'ms', better: 'less', ...of } }
}

function seriesOf(runs) {
  const own = runs.filter(({ engine }) => engine === 'sluice').slice(0, 3)
  const lines = (points) => own.map((run) => ({ label: run.what, points: points(run) }))
  const over = (run, values) => run.times.map((time, k) => [time, values[k]])
  return [
    { title: 'end to end', unit: 'ms', lines: lines((run) => over(run, run.durations)) },
    { title: 'start delay', unit: 'ms', lines: lines((run) => over(run, run.startDelays)) },
    {
      title: 'bytes in flight',
      unit: 'MB',
      lines: lines(({ samples }) => samples.map(([at, bytes]) => [at, bytes / 1e6])),
    },
  ]
}
