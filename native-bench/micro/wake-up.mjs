// How long after its sending a record is read by a thread that sleeps: one record at a time.
import { median, quantile, round } from '../measure.mjs'
import { twoThreads } from '../ring-ends.mjs'

const RECORDS = 5_000
const RECORDS_SMOKE = 200
/** Long enough for the reader to sleep again. */
const GAPS_MS = [0.2, 2]

export default {
  name: 'wake-up',
  what: 'us from sending one record to its reading in a thread that sleeps',
  repeat: 3,

  async run({ smoke, repeat }) {
    const rows = []
    const figures = {}
    for (const gapMs of GAPS_MS) {
      const records = smoke ? RECORDS_SMOKE : RECORDS
      const runs = []
      for (let i = 0; i < repeat; i++) runs.push(await once({ records, gapMs }))
      const what = `a record every ${gapMs} ms`
      const row = { what }
      for (const [name, share] of Object.entries({ p50: 0.5, p99: 0.99 })) {
        const values = runs.map((took) => quantile(took, share))
        row[`${name} us`] = round(median(values), 1)
        figures[`${what}, ${name}`] = {
          value: median(values),
          unit: 'us',
          better: 'less',
          runs: values,
        }
      }
      rows.push({ ...row, 'max us': round(Math.max(...runs.flatMap((took) => [...took])), 0) })
    }
    return { rows, figures }
  },
}

async function once(options) {
  const { result } = await twoThreads({ producer: 'send', consumer: 'receive' }, options)
  if (result.some((us) => !(us > 0))) throw new Error('a record was read before it was sent')
  return result
}
