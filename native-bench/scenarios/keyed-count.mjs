import { runJob } from 'sluice'
import { timesOf } from '../kit/windows.mjs'
import { median, round, watched } from '../measure.mjs'
import { casesInTurns } from '../rivals.mjs'

const PROCESS = new URL('../jobs/keyed-count.ts', import.meta.url)
/** By declared aggregates: no code of the user's sees a record. */
const AGGREGATES = new URL('../jobs/keyed-aggregate.ts', import.meta.url)
const KEYS = 10_000

/** What is counted to an end, without `--vs`. */
const ownCases = [
  { what: '10 k string keys', keys: KEYS },
  { what: '10 k integer keys', keys: KEYS, integers: true },
  { what: '1 M string keys', keys: 1e6 },
]

/** What is compared with `--vs`, three minutes a case; `--case` chooses among them. */
const cases = [
  { keys: KEYS, parallelism: 1 },
  { keys: KEYS, parallelism: 1, checkpoints: '1s' },
  { keys: KEYS, parallelism: 2 },
  { keys: KEYS, parallelism: 2, checkpoints: '1s' },
  { keys: 1e6, parallelism: 1, checkpoints: '1s' },
  { keys: 1e6, parallelism: 2, checkpoints: '1s' },
  { keys: KEYS, parallelism: 1, integers: true },
  { keys: KEYS, parallelism: 2, integers: true },
  { keys: 1e6, parallelism: 2, integers: true, checkpoints: '1s' },
].flatMap((one) => [
  caseOf('process', { url: PROCESS, ...one }),
  caseOf('aggregates', { url: AGGREGATES, ...one }),
])

export default {
  name: 'keyed-count',
  what: 'source -> keyBy -> count -> discard, parallelism 1 (two threads)',
  bar: 'at least 5 M records/s with 10 k string keys; twice as many as Flink',
  fairness:
    "The keys are strings made beforehand, the same objects each time, as on Flink's side; " +
    'strings that a source makes anew cost both sides more. With 10 k keys ours travel as ' +
    'numbers after their first time; with 1 M they do not. Flink reuses one object for what it ' +
    'decodes and one for its results; we make both anew, but aggregates decode nothing.',
  vs: ['flink'],

  async run({ smoke, repeat, only, vs }) {
    if (vs !== undefined) return casesInTurns(cases, { only, repeat, vs, times: timesOf(smoke) })
    const results = []
    for (const { what, ...args } of ownCases.filter(({ what }) => what.includes(only))) {
      results.push(await countSeveral({ what, args, smoke, repeat }))
    }
    return {
      rows: results.flatMap(({ rows }) => rows),
      figures: Object.assign({}, ...results.map(({ figures }) => figures)),
    }
  },
}

function caseOf(how, { url, keys, integers, ...shared }) {
  const named = `${keys === KEYS ? '10 k' : '1 M'}${integers ? ' integer' : ''} keys`
  const often = shared.checkpoints === undefined ? 'no checkpoints' : 'one a second'
  return {
    what: `${how}, ${named}, parallelism ${shared.parallelism}, ${often}`,
    // Two rounds over the keys, so that each of them has state.
    ours: { url, ...shared, args: { keys, integers }, known: 2 * keys },
    flink: { job: integers ? 'keyed-count-int' : 'keyed-count', keys, ...shared },
  }
}

async function countSeveral({ what, args, smoke, repeat }) {
  const records = smoke ? 200_000 : 40_000_000
  const rates = []
  const rows = []
  for (let i = 0; i < repeat; i++) {
    const { value, cores, otherCores } = await watched(() => countOnce({ ...args, records }))
    rates.push(value)
    rows.push({
      what,
      'M records/s': round(value / 1e6),
      'M records/CPU s': round(value / cores / 1e6),
      'cores of others': otherCores === undefined ? '-' : round(otherCores),
    })
  }
  rows.push({ what, 'M records/s': `median ${round(median(rates) / 1e6)}` })
  const figure = { value: median(rates) / 1e6, unit: 'M records/s', better: 'more' }
  return { rows, figures: { [what]: { ...figure, runs: rates.map((rate) => rate / 1e6) } } }
}

/** Records per second from the first record to the end, start-up not counted. */
async function countOnce(args) {
  const job = await runJob(PROCESS, { parallelism: 1, args })
  const startMs = performance.now()
  const result = await job.finished
  const seconds = (performance.now() - startMs) / 1e3
  if (result.metrics.recordsWritten !== args.records) {
    throw new Error(`${result.metrics.recordsWritten} results for ${args.records} records`)
  }
  return args.records / seconds
}
