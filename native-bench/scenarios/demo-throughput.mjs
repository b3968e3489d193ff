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

const BASE = 'library columns'
const DECODERS = {
  'library rows': 'hyparquet, an object a row, 2 threads',
  'library columns': 'hyparquet, columns only, 2 threads',
  'own reader': "sluice's own reader, every row made, 2 threads",
}

export default {
  name: 'demo-throughput',
  what: 'the flights demo at parallelism 2 beside two threads that only read and decode its rows',
  bar: 'at least 80 % of reading and decoding the columns with hyparquet, no rows made',

  async run({ smoke, repeat }) {
    const demo = []
    const decoded = Object.fromEntries(Object.keys(DECODERS).map((mode) => [mode, []]))
    for (let i = 0; i < (smoke ? 1 : repeat); i++) {
      demo.push(await demoOnce())
      for (const mode of Object.keys(DECODERS)) {
        if (!smoke || mode === 'own reader') decoded[mode].push(await decodeOnce(mode))
      }
    }
    const line = (what, rates) => ({
      what,
      'M rows/s': round(median(rates) / 1e6),
      'demo against it': round(median(demo) / median(rates)),
    })
    const measured = Object.entries(DECODERS).filter(([mode]) => decoded[mode].length > 0)
    return {
      rows: [
        line('flights demo, parallelism 2', demo),
        ...measured.map(([mode, what]) => line(what, decoded[mode])),
      ],
      figures: {
        'flights demo': { value: median(demo) / 1e6, unit: 'M rows/s', better: 'more' },
      },
      rates: { demo, ...decoded },
      ratio: decoded[BASE].length > 0 ? median(demo) / median(decoded[BASE]) : undefined,
    }
  },
}

async function decodeOnce(mode) {
  const input = fileURLToPath(FLIGHTS)
  const workers = Array.from({ length: THREADS }, (_, index) => {
    const workerData = { input, index, of: THREADS, mode }
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
  return counts.reduce((sum, count) => sum + count, 0) / seconds
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
