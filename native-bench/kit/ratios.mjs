// Several configurations in turns (one after the other, and again), and how the others compare with
// the first: by the ratio of medians, and the least and the greatest ratio within a round.
import { median, round } from '../measure.mjs'
import { ratesOf } from '../rivals.mjs'

/**
 * Each case has a `what`, a `run` that gives what `windowsOf` gives, and perhaps a `base`: the
 * `what` of the case that it is compared with. Returns { rows, figures, cases }.
 */
export async function ratiosInTurns(cases, repeat) {
  const runs = Object.fromEntries(cases.map(({ what }) => [what, []]))
  for (let i = 0; i < repeat; i++) {
    for (const { what, run } of cases) {
      const done = await run()
      runs[what].push({ ...done, ...ratesOf(done.windows) })
      console.error(`${what}: ${round(runs[what].at(-1).recordsPerSecond / 1e6)} M records/s`)
    }
  }
  const measured = cases.map(({ what, base }) => ({
    what,
    runs: runs[what],
    ratios: base === undefined ? undefined : ratiosOf(runs[what], runs[base]),
  }))
  return {
    rows: measured.map(rowOf),
    figures: Object.assign({}, ...measured.map(figuresOf)),
    cases: measured,
  }
}

/** Runs of the same round are compared: what else the machine does changes more slowly. */
function ratiosOf(runs, base) {
  const of = (rate) => ({
    ofMedians: median(each(runs, rate)) / median(each(base, rate)),
    each: runs.map((run, i) => run[rate] / base[i][rate]),
  })
  return { perSecond: of('recordsPerSecond'), perCpuSecond: of('recordsPerCpuSecond') }
}

function rowOf({ what, runs, ratios }) {
  const others = each(runs, 'others').filter((used) => used !== undefined)
  const cores = runs.map((run) => run.recordsPerSecond / run.recordsPerCpuSecond)
  const row = {
    what,
    'M records/s': round(median(each(runs, 'recordsPerSecond')) / 1e6),
    'M records/CPU s': round(median(each(runs, 'recordsPerCpuSecond')) / 1e6),
    cores: round(median(cores)),
    'cores of others': others.length > 0 ? round(median(others)) : '-',
    'peak MB': round(Math.max(...each(runs, 'peakRssBytes')) / 2 ** 20, 0),
  }
  if (ratios === undefined) return row
  return { ...row, ratio: shown(ratios.perSecond), 'per CPU s': shown(ratios.perCpuSecond) }
}

const shown = ({ ofMedians, each }) =>
  `${round(ofMedians)} (${round(Math.min(...each))} to ${round(Math.max(...each))})`

function figuresOf({ what, runs, ratios }) {
  const rates = each(runs, 'recordsPerSecond').map((rate) => rate / 1e6)
  const rate = { value: median(rates), unit: 'M records/s', better: 'more', runs: rates }
  if (ratios === undefined) return { [what]: rate }
  const { ofMedians, each: runsOf } = ratios.perSecond
  const ratio = { value: ofMedians, unit: 'times', better: 'more', runs: runsOf }
  return { [what]: rate, [`${what}, ratio`]: ratio }
}

const each = (list, field) => list.map((one) => one[field])
