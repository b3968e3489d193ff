import { runJob } from 'sluice'
import { median, round } from '../measure.mjs'

export default {
  name: 'start-up',
  what: 'runJob to the first row of a small job with one exchange',
  bar: 'at most 400 ms',

  async run({ smoke, repeat }) {
    const times = []
    for (let i = 0; i < (smoke ? 1 : repeat * 4); i++) times.push(await firstRowMs())
    return {
      rows: [
        {
          'first run ms': round(times[0], 0),
          'median ms': round(median(times), 0),
          'max ms': round(Math.max(...times), 0),
        },
      ],
      figures: {
        'first in a process': { value: times[0], unit: 'ms', better: 'less' },
        median: { value: median(times), unit: 'ms', better: 'less', runs: times },
      },
      firstMs: times[0],
      medianMs: median(times),
    }
  },
}

async function firstRowMs() {
  const startMs = performance.now()
  const job = await runJob(new URL('../jobs/first-record.ts', import.meta.url))
  let firstMs
  for await (const _ of job.collect('rows')) firstMs ??= performance.now() - startMs
  await job.finished
  return firstMs
}
