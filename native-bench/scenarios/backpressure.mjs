import { readingsOf, unaccountedMs } from '../kit/pressure.mjs'
import { busyCores, median, round } from '../measure.mjs'

const JOB = new URL('../jobs/backpressure.ts', import.meta.url)
const MICROS = 200

// `slow`: what the vertex that holds the others back is called. A sink that sleeps leaves the
// processors to the others; with one that spins there is less of them than there are threads.
export const cases = [
  { what: 'chain, sink sleeps', shape: 'chain', how: 'sleep', slow: 'sink' },
  { what: 'chain, sink spins', shape: 'chain', how: 'spin', slow: 'sink' },
  { what: 'a hot key', shape: 'skew', how: 'sleep', slow: 'behind the keys -> sink', one: 0 },
  { what: 'bursts of the sink', shape: 'bursts', how: 'sleep', slow: 'sink' },
  { what: 'diamond, a slow side', shape: 'diamond', how: 'sleep', slow: 'slow side' },
  { what: 'fan-out by 4096', shape: 'fan-out', how: 'sleep', slow: 'sink', overdraft: '1 mb' },
  { what: 'exchanges of 8 x 8', shape: 'chain', how: 'sleep', slow: 'sink', parallelism: 8 },
]

export default {
  name: 'backpressure',
  what: 'source -> rebalance -> map -> rebalance -> sink of 200 us a record, 1 KB, and variations',
  bar: 'the slow task is named, and no other; all times add up to what has passed within 1 ms',
  fairness:
    'Parallelism 4: 12 threads in the chain. One that waits for a processor counts as busy. To ' +
    'sleep for 200 us takes some 60 us more.',
  repeat: 3,

  async run({ smoke, repeat, only }) {
    const times = smoke
      ? { warmup: 0.5, seconds: 1, windows: 1 }
      : { warmup: 3, seconds: 2, windows: repeat }
    const chosen = smoke ? cases.slice(0, 1) : cases
    const results = []
    for (const one of chosen.filter(({ what }) => what.includes(only))) {
      results.push(await measured(one, times))
    }
    console.table(results.flatMap(sharesOf))
    return { rows: results.map(rowOf), figures: Object.assign({}, ...results.map(figuresOf)) }
  },
}

async function measured({ what, shape, how, parallelism = 4, overdraft, ...expected }, times) {
  const busy = busyCores()
  const readings = await readingsOf(JOB, {
    parallelism,
    args: { shape, how, micros: MICROS },
    config:
      overdraft === undefined ? {} : { overdraftBytesMax: overdraft, recordBytesMax: overdraft },
    ...times,
  })
  const windows = readings.map(({ metrics }) => metrics)
  const isRight = (metrics) => isNamed(metrics, expected)
  return { what, windows, isRight, unaccounted: unaccountedMs(readings), machine: busy() }
}

/** One of the slow vertex at least, the one if it is known which, and nobody else. */
function isNamed({ bottlenecks }, { slow, one }) {
  const named = ({ vertex, subtask }) => vertex === slow && (one === undefined || subtask === one)
  return bottlenecks.length > 0 && bottlenecks.every(named)
}

const recordsPerSecond = ({ subtasks }) => {
  const last = subtasks.filter(({ vertex }) => vertex.endsWith('sink'))
  return last.reduce((sum, { perSecond }) => sum + perSecond.recordsIn, 0)
}

function rowOf({ what, windows, isRight, unaccounted, machine }) {
  const last = windows.at(-1)
  const names = last.bottlenecks.map(({ vertex, subtask }) => `${vertex} ${subtask}`)
  return {
    what,
    'records/s': Math.round(median(windows.map(recordsPerSecond))),
    'MB in flight': round(median(windows.map(({ bytesInFlight }) => bytesInFlight)) / 1e6, 1),
    'unaccounted for, ms': round(unaccounted, 3),
    'named rightly': `${windows.filter(isRight).length} of ${windows.length}`,
    'bottleneck, last': names.join(', ') || 'none',
    'cores in use': machine === undefined ? '' : round(machine, 1),
  }
}

/** Of the last window, in percent: the least and the most of the subtasks of each vertex. */
function sharesOf({ what, windows }) {
  const { subtasks } = windows.at(-1)
  const vertices = [...new Set(subtasks.map(({ vertex }) => vertex))]
  return vertices.map((vertex) => {
    const of = subtasks.filter((one) => one.vertex === vertex)
    const range = (value) => {
      const values = of.map((one) => Math.round(value(one))).sort((a, b) => a - b)
      return values[0] === values.at(-1) ? `${values[0]}` : `${values[0]} to ${values.at(-1)}`
    }
    return {
      what,
      vertex,
      'busy %': range(({ perSecond }) => perSecond.busyMs / 10),
      'idle %': range(({ perSecond }) => perSecond.idleMs / 10),
      'soft %': range(({ perSecond }) => perSecond.softBackpressuredMs / 10),
      'hard %': range(({ perSecond }) => perSecond.hardBackpressuredMs / 10),
      'queue kB': range(({ queues }) => queues.inputBytes / 1e3),
      'in-pool %': range(({ queues }) => queues.inPoolUsage * 100),
      'out-pool %': range(({ queues }) => queues.outPoolUsage * 100),
      'drain ms': range(({ queues }) => queues.timeToDrainMs),
    }
  })
}

function figuresOf({ what, windows }) {
  const rates = windows.map(recordsPerSecond)
  return { [what]: { value: median(rates), unit: 'records/s', better: 'more', runs: rates } }
}
