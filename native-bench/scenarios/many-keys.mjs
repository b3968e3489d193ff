import { inChild } from '../kit/windows.mjs'
import { median, round } from '../measure.mjs'

const JOB = new URL('../jobs/many-keys.ts', import.meta.url)
const KEYS = 10_000_000
const SMOKE_KEYS = 20_000
const LOOKS = 'the looks themselves'

const cases = [
  { what: 'no checkpoints', checkpoints: undefined },
  { what: 'one a second', checkpoints: '1s' },
]

export default {
  name: 'many-keys',
  what: 'keyed count with 10 M string keys in one subtask on the heap, in a process of its own',
  bar: 'at most 2 GB for the process, and no pause of the keyed task above 50 ms',
  fairness:
    'A pause is the longest time for which the main thread, looking every ms or two, saw ' +
    'the count of records stand still: steps of the task, waits for records, and whatever the ' +
    'machine did meanwhile; a step is what the task itself says of it. Beside them are the ' +
    'longest pause of the source, which it may have waited for, and the longest between two ' +
    'looks. Keys arrive until each has had two records.',
  repeat: 3,

  async run({ smoke, repeat, only }) {
    const results = []
    for (const { what, checkpoints } of cases.filter(({ what }) => what.includes(only))) {
      const runs = []
      for (let i = 0; i < repeat; i++) runs.push(await runOnce({ smoke, checkpoints }))
      results.push({ what, runs })
    }
    return {
      rows: results.flatMap(({ what, runs }) => runs.map((run) => ({ what, ...rowOf(run) }))),
      figures: Object.assign({}, ...results.map(figuresOf)),
      cases: results,
    }
  },
}

async function runOnce({ smoke, checkpoints }) {
  const keys = smoke ? SMOKE_KEYS : KEYS
  const times = smoke
    ? { warmup: 0.1, seconds: 0.2, windows: 1 }
    : { warmup: 5, seconds: 4, windows: 3 }
  const args = { keys }
  // Every key has state, and has been found again.
  const run = await inChild(JOB, { args, checkpoints, known: 2 * keys, watch: true, ...times })
  const rates = run.windows.map(({ records, seconds }) => records / seconds)
  const completed = run.windows.reduce((sum, window) => sum + window.checkpoints, 0)
  return {
    ...run,
    recordsPerSecond: median(rates),
    completed,
    arriving: pausesOf(run.stalls.before),
    pauses: pausesOf(run.stalls.within),
  }
}

function pausesOf(stalls) {
  const [source, keyed] = stalls
  const looks = stalls.find(({ subtask }) => subtask === LOOKS)
  const all = { source: source.longestMs, keyed: keyed.longestMs, step: keyed.stepMs }
  return { ...all, looks: looks.longestMs }
}

const shown = ({ keyed, step, source, looks }) =>
  [keyed, step, source, looks].map((ms) => round(ms, 0)).join(', ')

function rowOf({ recordsPerSecond, completed, others, peakRssBytes, arriving, pauses }) {
  return {
    'M records/s': round(recordsPerSecond / 1e6),
    checkpoints: completed,
    'peak MB': round(peakRssBytes / 2 ** 20, 0),
    'ms while keys arrive: pause, step, source, looks': shown(arriving),
    'ms later': shown(pauses),
    'cores of others': others === undefined ? '-' : round(others),
  }
}

function figuresOf({ what, runs }) {
  const figure = (unit, better, read) => {
    const values = runs.map(read)
    return { value: median(values), unit, better, runs: values }
  }
  return {
    [`records, ${what}`]: figure('M records/s', 'more', (run) => run.recordsPerSecond / 1e6),
    [`memory, ${what}`]: figure('MB', 'less', (run) => run.peakRssBytes / 2 ** 20),
    [`pause while keys arrive, ${what}`]: figure('ms', 'less', (run) => run.arriving.keyed),
    [`longest pause, ${what}`]: figure('ms', 'less', (run) => run.pauses.keyed),
  }
}
