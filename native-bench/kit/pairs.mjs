// What something costs: measured with it and without, in pairs whose two change places from pair to
// pair, by records a CPU second and by the clock on the wall.
import { median, medianLowerBound, round, sleep } from '../measure.mjs'

/** `measure(true)` and `measure(false)`, one after the other: { with, without } of each pair. */
export async function alternating(repeat, measure) {
  const pairs = []
  for (let i = 0; i < repeat; i++) {
    const withFirst = i % 2 === 0
    const first = await measure(withFirst)
    const second = await measure(!withFirst)
    pairs.push(withFirst ? { with: first, without: second } : { with: second, without: first })
  }
  return pairs
}

/** One stretch of a running job, with a checkpoint that begins with it or with none. */
export async function stretchOf(job, counted, { ms, checkpoint }) {
  const stop = meter(job, counted())
  const triggered = checkpoint ? job.checkpoints.trigger() : undefined
  await Promise.all([triggered, sleep(ms)])
  return stop(counted())
}

/** CPU of all threads, while one of the engine's jobs is all that runs. */
export function meter(job, recordsBefore = 0) {
  const completedBefore = job.checkpoints.counts.completed
  const startMs = performance.now()
  const startCpu = process.cpuUsage()
  return (records) => {
    const { user, system } = process.cpuUsage(startCpu)
    const ms = performance.now() - startMs
    const news = job.checkpoints.counts.completed - completedBefore
    const completed = job.checkpoints.history
      .filter(({ status }) => status === 'completed')
      .slice(0, news)
    return {
      cpuMs: (user + system) / 1e3,
      recordsPerCpuSecond: ((records - recordsBefore) * 1e6) / (user + system),
      recordsPerSecond: ((records - recordsBefore) * 1e3) / ms,
      checkpoints: completed,
      completed: news,
    }
  }
}

/** As a figure: of records a CPU second, in percent of those without. */
export function lossOf(pairs) {
  const rate = 'recordsPerCpuSecond'
  const losses = pairs.map((pair) => 100 * (1 - pair.with[rate] / pair.without[rate]))
  return { value: median(losses), unit: '%', better: 'less', runs: losses }
}

/** Cells of a row: the median loss, and below what it is with 95 % confidence. */
export function lossCells(pairs, lossMax) {
  const cpu = ratiosOf(pairs, 'recordsPerCpuSecond')
  return {
    'M records/CPU s': round(median(pairs.map((p) => p.without.recordsPerCpuSecond)) / 1e6),
    'loss %': round(100 * (1 - median(cpu)), 1),
    'loss < (95 %)': round(100 * (1 - medianLowerBound(cpu)), 1),
    'bar %': lossMax === undefined ? undefined : 100 * lossMax,
  }
}

export function wallLoss(pairs) {
  return round(100 * (1 - median(ratiosOf(pairs, 'recordsPerSecond'))), 1)
}

function ratiosOf(pairs, rate) {
  return pairs.map((pair) => pair.with[rate] / pair.without[rate])
}
