/**
 * Simulates random jobs: as many schedules, or for as many seconds, as asked, on all cores.
 *
 *   npm run simulate -- --schedules 100000 [--from SEED] [--threads 2]
 *   npm run simulate -- --seconds 60 --commit    seeds that the commit's hash gives
 *   npm run simulate -- --seed 4711              one, with its whole trace
 *   npm run simulate -- --seed 4711 --shrink     one that fails: less of it that still does
 */
import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { bundleSimulator, ROOT } from './bundle.mjs'
import { Distribution } from './distribution.mjs'
import { shrink } from './shrink.mjs'

const { values: given } = parseArgs({
  options: {
    schedules: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    from: { type: 'string', default: '0' },
    threads: { type: 'string', default: String(Math.min(8, availableParallelism())) },
    commit: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
    reduction: { type: 'string', default: '{}' },
  },
})

/** Seeds that run the same job. */
const SEEDS_A_JOB = 16
const FAILURES_MAX = 5
/** What a schedule allocates is gone before it is looked at. */
const YOUNG_MB = 96

// Chains are compiled anew for each job and live for some milliseconds: to optimize those took
// two fifths of all time. What all schedules run gets its turn nevertheless.
setFlagsFromString('--interrupt-budget=300000')

const bundle = await bundleSimulator()
try {
  process.exitCode = await (given.seed === undefined ? runMany() : replay(Number(given.seed)))
} finally {
  bundle.remove()
}

async function replay(seed) {
  const { runSchedule } = await import(bundle.url)
  const asked = JSON.parse(given.reduction)
  const reduction = given.shrink ? await shrink(runSchedule, { seed, reduction: asked }) : asked
  const options = { traceLines: Number.POSITIVE_INFINITY, reduction }
  const { trace, error, ...rest } = await runSchedule(seed, options)
  console.log(trace.join('\n'))
  console.log(JSON.stringify(rest, undefined, 2))
  console.log(error ?? 'ok')
  if (given.shrink) console.log(`--seed ${seed} --reduction '${JSON.stringify(reduction)}'`)
  return error === undefined ? 0 : 1
}

async function runMany() {
  const startMs = performance.now()
  const untilMs = startMs + 1_000 * Number(given.seconds ?? Number.POSITIVE_INFINITY)
  const first = firstSeed()
  const seconds = given.seconds !== undefined
  const schedules = Number(given.schedules ?? (seconds ? Number.POSITIVE_INFINITY : 1_000))
  let next = first
  const distribution = new Distribution()
  const work = () => {
    const isOver = distribution.failures.length >= FAILURES_MAX || performance.now() >= untilMs
    if (isOver || next >= first + schedules) return undefined
    const from = next
    next = Math.min(first + schedules, from + SEEDS_A_JOB)
    return { from, to: next }
  }
  await Promise.all(Array.from({ length: Number(given.threads) }, () => drive(work, distribution)))
  const minutes = (performance.now() - startMs) / 60_000
  console.log(distribution.text({ first, minutes }))
  for (const { seed, error, trace } of distribution.failures) {
    console.log(`\nseed ${seed}: ${error}\n  ${trace.slice(-30).join('\n  ')}`)
    console.log(`again: npm run simulate -- --seed ${seed}, and with --shrink for less of it`)
  }
  return distribution.failures.length === 0 ? 0 : 1
}

/** Whole jobs, so that a seed is what it is wherever a run begins. */
function firstSeed() {
  if (!given.commit) return Number(given.from)
  const hash = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' })
  return Number.parseInt(hash.slice(0, 6), 16) * SEEDS_A_JOB
}

function drive(work, distribution) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), {
      workerData: { url: bundle.url },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    worker.on('error', reject)
    worker.on('message', (outcomes) => {
      for (const outcome of outcomes) distribution.add(outcome)
      const task = work()
      if (task === undefined) worker.terminate().then(resolve, reject)
      else worker.postMessage(task)
    })
  })
}
