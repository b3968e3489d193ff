import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { runJob } from 'sluice'
import { median, round } from '../measure.mjs'

const DATA = '../../node_modules/vega-datasets/data/flights-3m.parquet'
const FLIGHTS = new URL(DATA, import.meta.url)
const THREADS = 2

export default {
  name: 'demo-throughput',
  what: 'the flights demo at parallelism 2 beside two threads that only read and decode',
  bar: 'at least 80 % of decoding alone (columns, no rows made)',

  async run({ smoke, repeat }) {
    const rates = { decode: [], rows: [], demo: [] }
    for (let i = 0; i < (smoke ? 1 : repeat); i++) {
      rates.decode.push(await decodeOnce(false))
      rates.demo.push(await demoOnce())
      rates.rows.push(await decodeOnce(true))
    }
    const decode = median(rates.decode)
    const demo = median(rates.demo)
    const line = (what, rate) => ({
      what,
      'M rows/s': round(rate / 1e6),
      'of decoding': round(rate / decode),
    })
    return {
      rows: [
        line('decode columns, 2 threads', decode),
        line('decode columns and make rows, 2 threads', median(rates.rows)),
        line('flights demo, parallelism 2', demo),
      ],
      rates,
      ratio: demo / decode,
    }
  },
}

async function decodeOnce(rows) {
  const input = fileURLToPath(FLIGHTS)
  const workers = Array.from({ length: THREADS }, (_, index) => {
    const workerData = { input, index, of: THREADS, rows }
    return new Worker(new URL('../decode-worker.mjs', import.meta.url), { workerData })
  })
  const next = (worker) => new Promise((resolve) => worker.once('message', resolve))
  await Promise.all(workers.map(next))
  const startMs = performance.now()
  const done = workers.map(next)
  for (const worker of workers) worker.postMessage('go')
  const counts = await Promise.all(done)
  const seconds = (performance.now() - startMs) / 1e3
  await Promise.all(workers.map((worker) => worker.terminate()))
  return counts.reduce((sum, { count }) => sum + count, 0) / seconds
}

/** From the moment all tasks run to the committed output. */
async function demoOnce() {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  try {
    const job = await runJob(new URL('../../docs/examples/flights.ts', import.meta.url), {
      parallelism: THREADS,
      args: { input: fileURLToPath(FLIGHTS), output: folder },
      overwrite: true,
    })
    const startMs = performance.now()
    const result = await job.finished
    const seconds = (performance.now() - startMs) / 1e3
    return result.metrics.recordsRead / seconds
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
