// Ours and Flink's in turns, and how their medians compare. On a machine without what Flink needs,
// ours alone are measured.
import { ensureFlink, FlinkMissing, runFlink } from './flink.mjs'
import { median, round } from './measure.mjs'

/**
 * Runs ours, theirs, ours, ... `ours` gives { windows, others } as `runFlink` does, the windows
 * with records, seconds and cpuSeconds; `flink` is what `runFlink` is asked for.
 */
export async function inTurns({ what, repeat, ours, flink }) {
  const missing = await withoutFlink()
  const runs = []
  const keep = (engine, { windows, others }) => {
    runs.push({ engine, ...ratesOf(windows), others, windows })
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
