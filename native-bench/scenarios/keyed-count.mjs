import { runJob } from 'sluice'
import { median, round, watched } from '../measure.mjs'

const KEYS = 10_000

export default {
  name: 'keyed-count',
  what: 'source -> keyBy(string) -> count -> discard, 10,000 keys, parallelism 1 (two threads)',
  bar: 'at least 5 M records/s',

  async run({ smoke, repeat }) {
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
    return { rows, recordsPerSecond: median(rates) }
  },
}

/** Records per second from the first record to the end, start-up not counted. */
async function countOnce(records) {
  const job = await runJob(new URL('../jobs/keyed-count.ts', import.meta.url), {
    parallelism: 1,
    args: { records, keys: KEYS },
  })
  const startMs = performance.now()
  const result = await job.finished
  const seconds = (performance.now() - startMs) / 1e3
  if (result.metrics.recordsWritten !== records) {
    throw new Error(`${result.metrics.recordsWritten} results for ${records} records`)
  }
  return records / seconds
}
