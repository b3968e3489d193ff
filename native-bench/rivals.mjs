// Ours and Flink's in turns, and how their medians compare. On a machine without what Flink needs,
// ours alone are measured.
import { ensureFlink, FlinkMissing, runFlink } from './flink.mjs'
import { windowsOf } from './kit/windows.mjs'
import { median, round } from './measure.mjs'

/**
 * What a benchmark returns for its cases, one after the other: `ours` is what `windowsOf` is told,
 * and `url`; `flink` what `runFlink` is asked for, if there is a `vs`. Both are given the `times`.
 */
export async function casesInTurns(cases, { only, repeat, vs, times }) {
  const results = []
  for (const { what, ours, flink } of cases.filter(({ what }) => what.includes(only))) {
    const { url, ...options } = { ...ours, ...times }
    const theirs = vs === undefined ? undefined : { ...flink, ...times }
    const run = () => windowsOf(url, options)
    results.push(await inTurns({ what, repeat, ours: run, flink: theirs }))
  }
  return {
    rows: results.flatMap(({ rows }) => rows),
    figures: Object.assign({}, ...results.map(({ figures }) => figures)),
    cases: results,
  }
}

/**
 * Runs ours, theirs, ours, ... `ours` gives { windows, others } as `runFlink` does, the windows
 * with records, seconds and cpuSeconds; `flink` is what `runFlink` is asked for, if at all.
 */
async function inTurns({ what, repeat, ours, flink }) {
  const missing = flink === undefined ? 'not asked for' : await withoutFlink()
  if (flink !== undefined && missing !== undefined) console.log(`without Flink: ${missing}`)
  const runs = []
  const keep = (engine, { windows, others, peakRssBytes }) => {
    runs.push({ engine, ...ratesOf(windows), others, peakRssBytes, windows })
    const { recordsPerSecond } = runs.at(-1)
    console.error(`${what}: ${engine} ${round(recordsPerSecond / 1e6)} M records/s`)
  }
  for (let i = 0; i < repeat; i++) {
    keep('sluice', await ours())
    if (missing === undefined) keep('flink', await runFlink(flink))
  }
  return { what, missing, runs, rows: rowsOf(what, runs), figures: figuresOf(what, runs) }
}

/** Has Flink ready, or says why it cannot be had. */
export async function withoutFlink() {
  try {
    await ensureFlink()
  } catch (error) {
    if (!(error instanceof FlinkMissing)) throw error
    console.log(`without Flink: ${error.message}`)
    return error.message
  }
  return undefined
}

/** The median window of a run. */
export function ratesOf(windows) {
  return {
    recordsPerSecond: median(windows.map(({ records, seconds }) => records / seconds)),
    recordsPerCpuSecond: median(windows.map(({ records, cpuSeconds }) => records / cpuSeconds)),
  }
}

export function rowsOf(what, runs) {
  const rows = runs.map((run) => ({
    what,
    engine: run.engine,
    'M records/s': round(run.recordsPerSecond / 1e6),
    'M records/CPU s': round(run.recordsPerCpuSecond / 1e6),
    'cores of others': run.others === undefined ? '-' : round(run.others),
    checkpoints: run.windows === undefined ? undefined : checkpointsOf(run.windows),
    'peak MB': run.peakRssBytes === undefined ? undefined : round(run.peakRssBytes / 2 ** 20, 0),
  }))
  if (!runs.some(({ engine }) => engine === 'flink')) return rows
  return [
    ...rows,
    {
      what,
      engine: 'sluice / flink',
      'M records/s': ratio(runs, 'recordsPerSecond'),
      'M records/CPU s': ratio(runs, 'recordsPerCpuSecond'),
    },
  ]
}

/** Flink lists those of a window, we count them. */
function checkpointsOf(windows) {
  const counts = windows.map(({ checkpoints = 0 }) => checkpoints.length ?? checkpoints)
  return counts.reduce((sum, count) => sum + count, 0)
}

/** For the report: a bar an engine. */
export function figuresOf(what, runs) {
  const engines = [...new Set(runs.map(({ engine }) => engine))]
  const figure = (engine) => {
    const rates = runs
      .filter((run) => run.engine === engine)
      .map((run) => run.recordsPerSecond / 1e6)
    const of = engine === 'sluice' ? 'ours' : 'theirs'
    return { value: median(rates), unit: 'M records/s', better: 'more', runs: rates, of }
  }
  return Object.fromEntries(engines.map((engine) => [`${what}: ${engine}`, figure(engine)]))
}

/** The ratio of the medians, and the least and greatest ratio of any of ours to any of theirs. */
function ratio(runs, rate) {
  const of = (engine) => runs.filter((run) => run.engine === engine).map((run) => run[rate])
  const ours = of('sluice')
  const theirs = of('flink')
  const least = Math.min(...ours) / Math.max(...theirs)
  const greatest = Math.max(...ours) / Math.min(...theirs)
  return `${round(median(ours) / median(theirs))} (${round(least)} to ${round(greatest)})`
}
