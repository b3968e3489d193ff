import { readingsOf } from '../kit/pressure.mjs'
import { busyCores, round } from '../measure.mjs'

const JOB = new URL('../jobs/random-graph.ts', import.meta.url)
const GRAPHS = 20
const MICROS = 1_000
/** Small rings are full, and so at their pace, within the warm-up. */
const CONFIG = { segmentSize: '4 kb' }

export default {
  name: 'backpressure-graphs',
  what: `${GRAPHS} random graphs with a vertex that is planted as the slowest: is it named?`,
  bar: `${GRAPHS} of ${GRAPHS}: all that is named is a subtask of the planted vertex`,
  fairness:
    'Everybody else takes half as long as the planted vertex at most, or hardly any time. Other ' +
    'graphs each time: --seed N for those that begin with N again.',
  options: { seed: { type: 'string' } },
  repeat: 1,

  async run({ smoke, repeat, options }) {
    const first = Number(options.seed ?? Date.now() % 1e6)
    console.log(`seeds from ${first} on`)
    const times = { warmup: smoke ? 0.5 : 1.5, seconds: 1.2, windows: repeat }
    const busy = busyCores()
    const rows = []
    const graphs = smoke ? 1 : GRAPHS
    for (let k = 0; k < graphs; k++) rows.push(await named(first + k, times))
    const right = rows.filter(({ right }) => right).length
    const machine = busy()
    if (machine !== undefined) console.error(`cores in use: ${round(machine, 1)}`)
    const share = { value: (right * 100) / rows.length, unit: '%', better: 'more', runs: [right] }
    return { rows, figures: { 'named rightly': share } }
  },
}

async function named(seed, times) {
  const args = { seed, micros: MICROS }
  const readings = await readingsOf(JOB, { args, config: CONFIG, ...times })
  const isRight = ({ metrics: { bottlenecks } }) =>
    bottlenecks.length > 0 && bottlenecks.every(({ vertex }) => vertex.startsWith('planted'))
  const { subtasks, bottlenecks } = readings.at(-1).metrics
  const vertices = new Set(subtasks.map(({ vertex }) => vertex))
  return {
    seed,
    tasks: subtasks.length,
    vertices: vertices.size,
    backpressured: subtasks.filter(({ backpressureLevel }) => backpressureLevel !== 'ok').length,
    right: readings.every(isRight),
    named: bottlenecks
      .map(
        ({ vertex, subtask, busyRatio }) => `${vertex} ${subtask} (${round(busyRatio * 100, 0)} %)`,
      )
      .join(', '),
  }
}
