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

const ratesPerSecond = (runs) => runs.map(({ recordsPerSecond }) => recordsPerSecond)

/** Runs of the same round are compared: what else the machine does changes more slowly. */
export function ratiosOf(runs, base) {
  const rates = ratesPerSecond(runs)
  const baseRates = ratesPerSecond(base)
  return {
    ofMedians: median(rates) / median(baseRates),
    each: rates.map((rate, i) => rate / baseRates[i]),
  }
}

function rowOf({ what, runs, ratios }) {
  const others = runs.map(({ others }) => others).filter((used) => used !== undefined)
  const perCpuSecond = runs.map(({ recordsPerCpuSecond }) => recordsPerCpuSecond)
  const row = {
    what,
    'M records/s': round(median(ratesPerSecond(runs)) / 1e6),
    'M records/CPU s': round(median(perCpuSecond) / 1e6),
    'cores of others': others.length > 0 ? round(median(others)) : '-',
    'peak MB': round(Math.max(...runs.map(({ peakRssBytes }) => peakRssBytes)) / 2 ** 20, 0),
  }
  if (ratios === undefined) return row
  const [least, most] = [Math.min(...ratios.each), Math.max(...ratios.each)]
  return { ...row, ratio: `${round(ratios.ofMedians)} (${round(least)} to ${round(most)})` }
}

function figuresOf({ what, runs, ratios }) {
  const rates = ratesPerSecond(runs).map((rate) => rate / 1e6)
  const rate = { value: median(rates), unit: 'M records/s', better: 'more', runs: rates }
  if (ratios === undefined) return { [what]: rate }
  const ratio = { value: ratios.ofMedians, unit: 'times', better: 'more', runs: ratios.each }
  return { [what]: rate, [`${what}, ratio`]: ratio }
}
