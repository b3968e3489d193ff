/**
 * `npm run demo`: runs flights.ts on 3,000,000 real flights, with a checkpoint every second, and
 * shows what came out. `npm run demo -- 4` runs it with four subtasks, `npm run demo -- --kill`
 * kills it in the middle: see demo-kill.mjs.
 */
import { createReadStream, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ensureBuilt } from '../../src/cli/build.mjs'
import { killDemo } from './demo-kill.mjs'

const FLIGHTS_MIN = 1_000
const ROWS = 10

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kill: { type: 'boolean', default: false }, folder: { type: 'string' } },
})
const pathOf = (path) => fileURLToPath(new URL(path, import.meta.url))
const input = pathOf('../../node_modules/vega-datasets/data/flights-3m.parquet')
const folder = values.folder === undefined ? pathOf('../../.demo') : resolve(values.folder)
const parallelism = Number(positionals[0] ?? 2)

ensureBuilt()
process.exitCode = values.kill ? await killDemo({ input, folder, parallelism }) : await demo()

/** Gives the exit code. */
async function demo() {
  const { runFlights } = await import('./demo-job.mjs')
  const run = await runFlights({
    args: { input, output: folder },
    parallelism,
    checkpoints: { dir: `${folder}/checkpoints`, interval: '1 s' },
    overwrite: true,
  })
  if (run.result?.status !== 'finished') return run.exitCode
  const airports = await airportsOf(`${folder}/daily`)
  process.stdout.write(`\n${tableOf(airports)}\n\n${summaryOf(run.result)}\n`)
  process.stdout.write(`${checkpointsText(run.checkpoints)}\n`)
  process.stdout.write(`Everything is in ${folder}: daily/ and totals/\n`)
  return run.exitCode
}

/** Sums the rows of all days by airport, worst mean delay first. */
async function airportsOf(daily) {
  const airports = new Map()
  for (const file of readdirSync(daily).filter((name) => /^part-.*\.jsonl$/.test(name))) {
    for await (const line of createInterface({ input: createReadStream(`${daily}/${file}`) })) {
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

function pad(cell, width, left) {
  return left ? cell.padEnd(width) : cell.padStart(width)
}

function summaryOf({ durationMs, metrics }) {
  const perSecond = Math.round((metrics.recordsRead * 1000) / durationMs).toLocaleString('en-US')
  const read = metrics.recordsRead.toLocaleString('en-US')
  const written = metrics.recordsWritten.toLocaleString('en-US')
  const seconds = (durationMs / 1000).toFixed(1)
  return `${read} flights in ${seconds} s (${perSecond}/s), ${written} rows written`
}

function checkpointsText(completed) {
  const durations = completed.map(({ durationMs }) => durationMs).sort((a, b) => a - b)
  const median = Math.round(durations[Math.floor(durations.length / 2)])
  const count = durations.length === 1 ? '1 checkpoint' : `${durations.length} checkpoints`
  return `${count} completed, in ${median} ms (median)`
}
