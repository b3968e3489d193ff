import { readingsOf, unaccountedMs } from '../kit/pressure.mjs'
import { spentMemory, spentMs } from '../kit/spent.mjs'
import { busyCores, median, round } from '../measure.mjs'

const JOB = new URL('../jobs/planted-share.ts', import.meta.url)
const SHARES = [0.2, 0.5, 0.9]
const MICROS = 1_000

// The task that is looked at: the operator behind the paced source, or the source itself.
const kinds = [
  {
    kind: 'busy',
    task: 1,
    toldOf: ({ perSecond }) => perSecond.busyMs / 1000,
    shareOf: (spent) => spent,
  },
  {
    kind: 'backpressured',
    task: 0,
    toldOf: ({ backpressuredRatio }) => backpressuredRatio,
    shareOf: (spent) => 1 - spent,
  },
]

const cases = kinds.flatMap((one) =>
  SHARES.map((share) => ({ what: `${one.kind} ${share * 100} %`, share, ...one })),
)

export default {
  name: 'backpressure-shares',
  what: 'what metrics tell of a task that is busy or backpressured for a known share of its time',
  bar:
    'within 5 points of what the task spent, in the median of its windows; all times add up to ' +
    'what has passed within 1 ms',
  fairness:
    'An operator spins for 1 ms a record by the wall clock and adds up how long it took: longer ' +
    'than planned if it loses its processor meanwhile, and what is under way counts up to the ' +
    'moment of the look. To wait for a processor between two records counts as busy, and is no ' +
    'part of that.',
  repeat: 5,

  async run({ smoke, repeat, only }) {
    const times = smoke
      ? { warmup: 0.2, seconds: 1, windows: 1 }
      : { warmup: 5, seconds: 2, windows: repeat }
    const chosen = smoke ? cases.filter(({ share }) => share === 0.5) : cases
    const results = []
    for (const one of chosen.filter(({ what }) => what.includes(only))) {
      results.push(await measured(one, times))
    }
    return { rows: results.map(rowOf), figures: Object.assign({}, ...results.map(figureOf)) }
  },
}

async function measured({ what, kind, share, task, toldOf, shareOf }, times) {
  const spent = spentMemory()
  const busy = busyCores()
  const readings = await readingsOf(JOB, {
    args: { kind, share, micros: MICROS, spent },
    beside: () => ({ spentMs: spentMs(spent, task) }),
    ...times,
  })
  const windows = readings.map(({ atMs, spentMs, metrics, before }) => ({
    spent: shareOf((spentMs - before.spentMs) / (atMs - before.atMs)) * 100,
    told: toldOf(metrics.subtasks[task]) * 100,
    named: metrics.bottlenecks.map(({ vertex }) => vertex).join(),
  }))
  return { what, windows, unaccounted: unaccountedMs(readings), machine: busy() }
}

const offOf = (windows) => windows.map(({ told, spent }) => Math.abs(told - spent))

function rowOf({ what, windows, unaccounted, machine }) {
  return {
    planted: what,
    'spent, median %': round(median(windows.map(({ spent }) => spent)), 1),
    'told, median %': round(median(windows.map(({ told }) => told)), 1),
    'off, median points': round(median(offOf(windows)), 1),
    'farthest, points': round(Math.max(...offOf(windows)), 1),
    'unaccounted for, ms': round(unaccounted, 3),
    bottleneck: [...new Set(windows.map(({ named }) => named || 'none'))].join(' | '),
    'cores in use': machine === undefined ? '' : round(machine, 1),
  }
}

function figureOf({ what, windows }) {
  const runs = offOf(windows)
  return { [what]: { value: median(runs), unit: 'points off', better: 'less', runs } }
}
