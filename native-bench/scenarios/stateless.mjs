import { timesOf } from '../kit/windows.mjs'
import { casesInTurns } from '../rivals.mjs'

const JOB = new URL('../jobs/stateless.ts', import.meta.url)
const KEYS = 10_000

const cases = [1, 2].map((parallelism) => ({
  what: `parallelism ${parallelism}`,
  // Records are counted at the source on both sides.
  ours: { url: JOB, parallelism, args: { keys: KEYS }, counted: 'recordsRead' },
  flink: { job: 'stateless', keys: KEYS, parallelism },
}))

export default {
  name: 'stateless',
  what: 'source -> map -> filter -> discard in one thread a subtask, {string, number}',
  bar: 'at least twice as many records as Flink, each at its best parallelism',
  fairness:
    'The strings are made beforehand. Our source and map make a record each; Flink fills one ' +
    'again and again, and its map changes that.',
  vs: ['flink'],
  repeat: 3,

  run: ({ smoke, repeat, only, vs }) =>
    casesInTurns(cases, { only, repeat, vs, times: timesOf(smoke) }),
}
