import { spawnSync } from 'node:child_process'
import { median, round } from '../measure.mjs'

// In a process of its own: all its CPU time is the job's, and that of the thread that started it.
const PROGRAM = `
import { runJob } from 'sluice'
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const [job, settleMs, ms] = process.argv.slice(1)
const running = await runJob(new URL(job), { parallelism: 2 })
await sleep(Number(settleMs))
const before = process.cpuUsage()
const startMs = performance.now()
await sleep(Number(ms))
const { user, system } = process.cpuUsage(before)
const share = (user + system) / 1e3 / (performance.now() - startMs)
const idleMs = running.metrics().subtasks.map((one) => one.idleMs)
await running.cancel()
console.log(JSON.stringify({ share, idleMs }))
`

// For some twenty seconds after a job's start V8 compacts heaps that it finds at rest, each twice.
const SETTLE_MS = 20_000
const MEASURE_MS = 5_000

export default {
  name: 'idle',
  what: 'CPU of a job whose source gives nothing: 4 subtasks and the thread that started them',
  bar: 'at most 1 % of a core',
  repeat: 2,

  async run({ smoke, repeat }) {
    const runs = Array.from({ length: repeat }, () => measure(smoke))
    const percents = runs.map(({ share }) => share * 100)
    return {
      rows: [
        {
          subtasks: runs[0].idleMs.length,
          'median % of a core': round(median(percents), 2),
          'max %': round(Math.max(...percents), 2),
        },
      ],
      figures: {
        'share of a core': { value: median(percents), unit: '%', better: 'less', runs: percents },
      },
      percents,
    }
  },
}

function measure(smoke) {
  const job = new URL('../jobs/idle.ts', import.meta.url).href
  const times = smoke ? [100, 400] : [SETTLE_MS, MEASURE_MS]
  const child = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', PROGRAM, job, ...times.map(String)],
    {
      cwd: new URL('../..', import.meta.url),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  if (child.status !== 0) throw new Error(`the program ended with ${child.status}`)
  const measured = JSON.parse(child.stdout)
  // A job that did not even start costs nothing, either.
  if (measured.idleMs.some((ms) => !(ms > 0))) throw new Error(`not idle: ${measured.idleMs}`)
  return measured
}
