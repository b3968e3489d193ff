import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runJob } from 'sluice'
import { busyCores, median, round, watched } from '../measure.mjs'
import { inTurns } from '../rivals.mjs'

const JOB = new URL('../jobs/keyed-count.ts', import.meta.url)
/** By declared aggregates: no code of the user's sees a record. */
const AGGREGATES = new URL('../jobs/keyed-aggregate.ts', import.meta.url)
const KEYS = 10_000
const POLL_MS = 5

/** What is compared with `--vs`, three minutes a case; `--case` chooses among them. */
const cases = [
  { what: '10 k keys, parallelism 1, no checkpoints', keys: KEYS, parallelism: 1 },
  { what: '10 k keys, parallelism 2, no checkpoints', keys: KEYS, parallelism: 2 },
  { what: '10 k keys, parallelism 2, one a second', keys: KEYS, parallelism: 2, checkpoints: '1s' },
  { what: '1 M keys, parallelism 2, one a second', keys: 1e6, parallelism: 2, checkpoints: '1s' },
].flatMap((one) => [
  { ...one, what: `process, ${one.what}`, ours: JOB },
  { ...one, what: `aggregates, ${one.what}`, ours: AGGREGATES },
])

export default {
  name: 'keyed-count',
  what: 'source -> keyBy(string) -> count -> discard, 10,000 keys, parallelism 1 (two threads)',
  bar: 'at least 5 M records/s',
  vs: ['flink'],

  async run({ smoke, repeat, only, vs }) {
    if (vs !== undefined) return compare({ smoke, repeat, only })
    const records = smoke ? 200_000 : 40_000_000
    const rates = []
    const rows = []
    for (let i = 0; i < repeat; i++) {
      const { value, cores, otherCores } = await watched(() => countOnce(records))
      rates.push(value)
      rows.push({
        'M records/s': round(value / 1e6),
        'M records/CPU s': round(value / cores / 1e6),
        'cores of others': otherCores === undefined ? '-' : round(otherCores),
      })
    }
    rows.push({ 'M records/s': `median ${round(median(rates) / 1e6)}` })
    const figure = { value: median(rates) / 1e6, unit: 'M records/s', better: 'more' }
    const runs = rates.map((rate) => rate / 1e6)
    return { rows, figures: { '10 k string keys': { ...figure, runs } }, rates }
  },
}

/** Records per second from the first record to the end, start-up not counted. */
async function countOnce(records) {
  const job = await runJob(JOB, { parallelism: 1, args: { records, keys: KEYS } })
  const startMs = performance.now()
  const result = await job.finished
  const seconds = (performance.now() - startMs) / 1e3
  if (result.metrics.recordsWritten !== records) {
    throw new Error(`${result.metrics.recordsWritten} results for ${records} records`)
  }
  return records / seconds
}

/** Jobs without end, both warmed up for as long and measured in windows of the same length. */
async function compare({ smoke, repeat, only }) {
  const times = smoke
    ? { warmup: 1, seconds: 0.5, windows: 1 }
    : { warmup: 10, seconds: 2, windows: 3 }
  const compared = []
  for (const { what, ours: url, ...options } of cases.filter(({ what }) => what.includes(only))) {
    const ours = () => windowsOf(url, { ...options, ...times })
    const flink = { job: 'keyed-count', ...options, ...times }
    compared.push(await inTurns({ what, repeat, ours, flink }))
  }
  return {
    rows: compared.flatMap(({ rows }) => rows),
    figures: Object.assign({}, ...compared.map(({ figures }) => figures)),
    cases: compared,
  }
}

async function windowsOf(url, { keys, parallelism, checkpoints, ...times }) {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  try {
    const job = await runJob(url, {
      parallelism,
      args: { keys },
      ...(checkpoints === undefined ? {} : { checkpoints: { dir, interval: checkpoints } }),
    })
    // Two rounds over the keys, so that each of them has state.
    while (job.metrics().recordsWritten < 2 * keys) await sleep(POLL_MS)
    const measured = await measure(job, times)
    await job.cancel()
    return measured
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function measure(job, { warmup, seconds, windows }) {
  await sleep(warmup * 1e3)
  const busy = busyCores()
  const measured = []
  for (let i = 0; i < windows; i++) measured.push(await measureWindow(job, seconds))
  const own = sumOf(measured, 'cpuSeconds') / sumOf(measured, 'seconds')
  const machine = busy()
  return { windows: measured, others: machine === undefined ? machine : Math.max(0, machine - own) }
}

async function measureWindow(job, seconds) {
  const before = { ms: performance.now(), cpu: process.cpuUsage(), ...counted(job) }
  await sleep(seconds * 1e3)
  const { user, system } = process.cpuUsage(before.cpu)
  const after = { ms: performance.now(), ...counted(job) }
  return {
    records: after.records - before.records,
    seconds: (after.ms - before.ms) / 1e3,
    cpuSeconds: (user + system) / 1e6,
    checkpoints: after.checkpoints - before.checkpoints,
  }
}

const counted = (job) => ({
  records: job.metrics().recordsWritten,
  checkpoints: job.checkpoints.counts.completed,
})

const sumOf = (list, field) => list.reduce((sum, one) => sum + one[field], 0)

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
