import { runJob } from 'sluice'
import { median, round, sleep } from '../measure.mjs'

const JOB = new URL('../jobs/aged.ts', import.meta.url)
const cases = [
  { what: 'one sink', parallelism: 1 },
  { what: 'four sinks, the fullest', parallelism: 4 },
]
const TARGET_MS = 75
const FAST_MICROS = 200
const SLOW_MICROS = 2_000
const FOLLOWS_WITHIN_S = 5
const OFF_MAX = 0.25
/** A window has some hundred records of a slow sink. */
const WINDOW_S = 1
const WINDOWS_BEHIND = 3
const MICROS = 0

export default {
  name: 'debloating',
  what: 'a sink that becomes ten times slower, and faster again: how long records wait for it',
  bar: `within 25 % of the target, ${TARGET_MS} ms, from 5 s after each change on`,
  fairness:
    'Source, exchange, map, exchange, sink that sleeps 0.2 or 2 ms a record; records of 1 KB. ' +
    'How long a record has waited it tells itself, from the map to the sink; means of a second. ' +
    'Of four sinks one is always a little slower: behind it the map waits, and the rings of the ' +
    'others do not fill.',
  repeat: 3,

  async run({ smoke, repeat, only }) {
    const follows = smoke ? 1 : FOLLOWS_WITHIN_S
    const results = []
    for (const one of cases.filter(({ what }) => what.includes(only))) {
      results.push({ ...one, ...(await measured({ ...one, follows, repeat: smoke ? 1 : repeat })) })
    }
    return {
      rows: results.flatMap(({ what, changes }) => changes.map((one) => rowOf(what, one))),
      figures: Object.assign({}, ...results.map(figuresOf)),
      series: results.map(({ what, windows }) => ({
        title: `wait before ${what}`,
        unit: 'ms',
        lines: [{ label: what, points: windows.map(({ atS, ms }) => [atS, ms]) }],
      })),
    }
  },
}

function figuresOf({ what, changes }) {
  const off = (to) => {
    const runs = changes.filter((one) => one.to === to).map(({ offPercent }) => offPercent)
    const figure = { value: median(runs), unit: '% off', better: 'less', runs }
    return [`${what}, ${to}`, figure]
  }
  return Object.fromEntries(['slower', 'faster'].map(off))
}

async function measured({ parallelism, follows, repeat }) {
  const notes = new Float64Array(new SharedArrayBuffer(8 * (1 + 2 * parallelism)))
  notes[MICROS] = FAST_MICROS
  const job = await runJob(JOB, {
    parallelism,
    args: { notes: notes.buffer },
    config: { 'debloat.enabled': true, 'debloat.target': `${TARGET_MS} ms` },
  })
  const startMs = performance.now()
  const windows = []
  const window = async () => {
    const before = notes.slice()
    await sleep(WINDOW_S * 1e3)
    const after = notes.slice()
    const grown = (k) => after[k] - before[k]
    const ages = Array.from({ length: parallelism }, (_, k) => grown(2 + 2 * k) / grown(1 + 2 * k))
    const ms = Math.max(...ages)
    windows.push({ atS: (performance.now() - startMs) / 1e3, ms })
    return ms
  }
  const changes = []
  for (let k = 0; k < 2 * repeat + 1; k++) {
    const to = k % 2 === 1 ? 'slower' : 'faster'
    notes[MICROS] = to === 'slower' ? SLOW_MICROS : FAST_MICROS
    const first = await window()
    for (let s = 2; s <= follows; s++) await window()
    const behind = []
    for (let s = 0; s < WINDOWS_BEHIND; s++) behind.push(await window())
    // The first time is the warm-up.
    if (k > 0) changes.push(changeOf(to, { first, behind }))
  }
  await job.cancel()
  return { windows, changes }
}

function changeOf(to, { first, behind }) {
  const off = behind.map((ms) => Math.abs(ms - TARGET_MS) / TARGET_MS)
  return {
    to,
    first,
    behind,
    offPercent: Math.max(...off) * 100,
    isWithin: Math.max(...off) <= OFF_MAX,
  }
}

function rowOf(what, { to, first, behind, offPercent, isWithin }) {
  return {
    what,
    'the sink becomes': to,
    'waits in the first second, ms': round(first, 0),
    'behind 5 s, median ms': round(median(behind), 0),
    'least ms': round(Math.min(...behind), 0),
    'most ms': round(Math.max(...behind), 0),
    'farthest off, %': round(offPercent, 0),
    'within the bar': isWithin ? 'yes' : 'no',
  }
}
