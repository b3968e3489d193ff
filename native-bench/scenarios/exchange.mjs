import { timesOf } from '../kit/windows.mjs'
import { casesInTurns } from '../rivals.mjs'

const JOB = new URL('../jobs/exchange.ts', import.meta.url)
const KEYS = 10_000

const cases = [1, 2].map((parallelism) => ({
  what: `parallelism ${parallelism}`,
  ours: { url: JOB, parallelism, args: { keys: KEYS } },
  flink: { job: 'exchange', keys: KEYS, parallelism },
}))

export default {
  name: 'exchange',
  what: 'source -> rebalance -> map -> discard, {string, number}: one exchange',
  bar: 'at least twice as many records as Flink',
  fairness:
    'The strings are made beforehand. Flink decodes into one object again and again, and its ' +
    'buffers may wait 100 ms to be full; we make two objects a record, and our pages wait 5 ms.',
  vs: ['flink'],
  repeat: 3,

  run: ({ smoke, repeat, only, vs }) =>
    casesInTurns(cases, { only, repeat, vs, times: timesOf(smoke) }),
}
