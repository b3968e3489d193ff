/**
 * `npm run demo`: runs flights.ts on 3,000,000 real flights and shows what came out.
 * It embeds Sluice as any program would; only the progress bar is borrowed from the command line.
 */
import { createReadStream, readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ensureBuilt } from '../../src/cli/build.mjs'

const FLIGHTS_MIN = 1_000
const ROWS = 10

ensureBuilt()
const { runJob, SluiceError } = await import('sluice')
const { describeError } = await import('../../dist/bundle/cli/describe-error.js')
const { showProgress } = await import('../../dist/bundle/cli/progress.js')

const pathOf = (path) => fileURLToPath(new URL(path, import.meta.url))
const input = pathOf('../../node_modules/vega-datasets/data/flights-3m.parquet')
const output = pathOf('../../.demo')
const parallelism = Number(process.argv[2] ?? 2)

try {
  await demo()
} catch (error) {
  process.stderr.write(`${describeError(error, { color: process.stderr.isTTY === true })}\n`)
  process.exitCode = error instanceof SluiceError ? 1 : 2
}

async function demo() {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  const job = await runJob(new URL('./flights.ts', import.meta.url), {
    parallelism,
    args: { input, output },
    overwrite: true,
    signal: stop.signal,
  })
  const endProgress = showProgress({ metrics: () => job.metrics() })
  const result = await job.finished.finally(endProgress)
  if (result.status === 'canceled') {
    process.exitCode = 130
    return
  }
  const airports = await airportsOf(`${output}/daily`)
  process.stdout.write(`\n${tableOf(airports)}\n\n`)
  process.stdout.write(`${summaryOf(result)}\nEverything is in ${output}: daily/ and totals/\n`)
}

/** Sums the rows of all days by airport, worst mean delay first. */
async function airportsOf(folder) {
  const airports = new Map()
  for (const file of readdirSync(folder).filter((name) => /^part-.*\.jsonl$/.test(name))) {
    for await (const line of createInterface({ input: createReadStream(`${folder}/${file}`) })) {
      add(airports, JSON.parse(line))
    }
  }
  return [...airports.values()]
    .filter(({ flights }) => flights >= FLIGHTS_MIN)
    .sort((a, b) => b.delay / b.flights - a.delay / a.flights)
    .slice(0, ROWS)
}

function add(airports, { origin, flights, meanDelay, shareLate, worst }) {
  const sum = airports.get(origin) ?? { origin, flights: 0, delay: 0, late: 0, worst: -Infinity }
  airports.set(origin, sum)
  sum.flights += flights
  sum.delay += meanDelay * flights
  sum.late += shareLate * flights
  sum.worst = Math.max(sum.worst, worst)
}

function tableOf(airports) {
  const head = ['airport', 'flights', 'mean delay', 'late', 'worst']
  const rows = airports.map(({ origin, flights, delay, late, worst }) => [
    origin,
    flights.toLocaleString('en-US'),
    `${(delay / flights).toFixed(1)} min`,
    `${((100 * late) / flights).toFixed(1)} %`,
    `${worst} min`,
  ])
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i].length)))
  const text = (row) => row.map((cell, i) => pad(cell, widths[i], i === 0)).join('   ')
  const title = `The ${ROWS} worst airports by mean delay (of at least ${FLIGHTS_MIN} flights)`
  return [title, '', text(head), ...rows.map(text)].join('\n')
}

function summaryOf({ durationMs, metrics }) {
  const perSecond = Math.round((metrics.recordsRead * 1000) / durationMs).toLocaleString('en-US')
  const read = metrics.recordsRead.toLocaleString('en-US')
  const written = metrics.recordsWritten.toLocaleString('en-US')
  const seconds = (durationMs / 1000).toFixed(1)
  return `${read} flights in ${seconds} s (${perSecond}/s), ${written} rows written`
}

function pad(cell, width, left) {
  return left ? cell.padEnd(width) : cell.padStart(width)
}
