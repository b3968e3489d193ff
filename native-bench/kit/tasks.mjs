// Tasks measured with tinybench, in rounds: nanoseconds for each of the equal actions of a task.
import { Bench } from 'tinybench'
import { median, round } from '../measure.mjs'

const LONG = { time: 300, warmupTime: 100, iterations: 3, warmupIterations: 2 }
const SHORT = { time: 5, warmupTime: 0, iterations: 2, warmupIterations: 1 }

/**
 * `tasks`: { what, actions, run, before? }; `run` does as many `actions`, `before` what must be
 * done before each run and is not measured. Gives { what, ns, runs }, `runs` being the medians of
 * the rounds.
 */
export async function measureTasks(tasks, { smoke, repeat }) {
  const rounds = tasks.map(() => [])
  for (let i = 0; i < repeat; i++) {
    const bench = new Bench({ ...(smoke ? SHORT : LONG), throws: true })
    for (const { what, run, before } of tasks) {
      bench.add(what, run, { async: false, ...(before && { beforeEach: before }) })
    }
    await bench.run()
    for (const [k, { result }] of bench.tasks.entries()) {
      rounds[k].push((result.latency.p50 * 1e6) / tasks[k].actions)
    }
  }
  return tasks.map(({ what }, k) => ({ what, ns: median(rounds[k]), runs: rounds[k] }))
}

/** A row a task. */
export const rowsOf = (measured) => measured.map(({ what, ns }) => ({ what, ns: round(ns, 1) }))

export function figuresOf(measured, isOurs = () => true) {
  const figure = ({ what, ns, runs }) => {
    const of = isOurs(what) ? 'ours' : 'theirs'
    return [what, { value: ns, unit: 'ns', better: 'less', runs, of }]
  }
  return Object.fromEntries(measured.map(figure))
}

/** A function of its own for each measurement, so that none is slowed by another's types. */
export function loop(parameters, body) {
  return new Function(...parameters.split(', '), body)
}

/** What results are added to or kept in, so that nobody can leave out the work behind them. */
export const sink = { sum: 0, last: undefined }
