import { runJob } from 'sluice'
import { inFolder } from '../kit/folder.mjs'
import { alternating, lossCells, lossOf, meter, stretchOf, wallLoss } from '../kit/pairs.mjs'
import { round, sleep } from '../measure.mjs'

const JOB = new URL('../jobs/backpressure.ts', import.meta.url)
const PARALLELISM = 4
const INTERVAL_MS = 1_000
const JOBS_A_CASE = 4
const WARM_UP_S = 3
const DEBLOATING = { 'debloat.enabled': true, 'debloat.target': '75 ms' }

const cases = [
  { what: 'aligned', pairs: seconds, lossMax: 0.03, checkpoints: {} },
  {
    what: 'aligned, timeout 50 ms',
    pairs: seconds,
    lossMax: 0.03,
    checkpoints: { unaligned: true, alignedTimeout: '50 ms' },
  },
  { what: 'unaligned', pairs: seconds, lossMax: 0.03, checkpoints: { unaligned: true } },
  {
    what: 'aligned, debloating to 75 ms',
    pairs: jobs,
    lossMax: 0.03,
    checkpoints: { interval: INTERVAL_MS },
  },
  { what: 'debloating to 75 ms alone', pairs: jobs, lossMax: 0.01 },
]

export default {
  name: 'pressure-cost',
  what: "alignment's topology, sinks that do not wait: a checkpoint a second, and debloating",
  bar: 'at most 3 % against no checkpoints, 1 % for debloating alone',
  fairness:
    'Seconds of one job with a checkpoint and without, in turns; debloating is for the whole of ' +
    'a job, so jobs in turns, which differ by some per cent from each other whatever they do.',
  /** Pairs. */
  repeat: 40,

  async run({ smoke, repeat, only }) {
    const results = []
    for (const one of cases.filter(({ what }) => what.includes(only))) {
      results.push({ ...one, pairs: await one.pairs(one, { smoke, repeat }) })
    }
    return {
      rows: results.map(rowOf),
      figures: Object.fromEntries(results.map(({ what, pairs }) => [what, lossOf(pairs)])),
    }
  },
}

async function seconds({ checkpoints }, { smoke, repeat }) {
  const pairs = []
  const count = Math.min(JOBS_A_CASE, repeat)
  for (let k = 0; k < count; k++) {
    const share = Math.floor(repeat / count) + (k < repeat % count ? 1 : 0)
    pairs.push(...(await secondsOfOne(checkpoints, { smoke, repeat: share })))
  }
  return pairs
}

function secondsOfOne(checkpoints, { smoke, repeat }) {
  return inFolder(async (dir) => {
    const job = await started({ checkpoints: { dir, ...checkpoints } })
    const ms = smoke ? INTERVAL_MS / 10 : INTERVAL_MS
    const second = (checkpoint) => stretchOf(job, () => recordsOf(job), { ms, checkpoint })
    await sleep(smoke ? 100 : WARM_UP_S * 1e3)
    if (!smoke) for (let k = 0; k < WARM_UP_S; k++) await second(true)
    const pairs = await alternating(repeat, second)
    await job.cancel()
    return pairs
  })
}

/** A job for each, with debloating and perhaps checkpoints, or with neither. */
function jobs({ checkpoints }, { smoke, repeat }) {
  return alternating(repeat, (isOn) =>
    inFolder(async (dir) => {
      const taking = isOn && checkpoints !== undefined
      const job = await started({
        config: isOn ? DEBLOATING : {},
        ...(taking ? { checkpoints: { dir, ...checkpoints } } : {}),
      })
      await sleep(smoke ? 100 : WARM_UP_S * 1e3)
      const stop = meter(job, recordsOf(job))
      await sleep(smoke ? 200 : 2 * INTERVAL_MS)
      const measured = stop(recordsOf(job))
      await job.cancel()
      return measured
    }),
  )
}

function started(options) {
  const args = { shape: 'chain', how: 'none', micros: 0 }
  return runJob(JOB, { parallelism: PARALLELISM, args, ...options })
}

const recordsOf = (job) => job.metrics().recordsWritten

function rowOf({ what, lossMax, pairs }) {
  const completed = pairs.flatMap((pair) => pair.with.checkpoints)
  const unaligned = completed.filter((one) => one.unaligned)
  const longest = Math.max(0, ...completed.map(({ durationMs }) => durationMs))
  return {
    what,
    ...lossCells(pairs, lossMax),
    'wall loss %': wallLoss(pairs),
    pairs: pairs.length,
    checkpoints: completed.length,
    'of these unaligned': unaligned.length,
    'longest ms': round(longest, 0),
  }
}
