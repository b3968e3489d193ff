import { spawnSync } from 'node:child_process'
import { round } from '../measure.mjs'

// In a process of its own: this one has run other benchmarks.
const PROGRAM = `
import { readFileSync } from 'node:fs'
import { runJob } from 'sluice'
const job = await runJob(new URL(process.argv[1]))
await new Promise((resolve) => setTimeout(resolve, Number(process.argv[2])))
const cpu = process.cpuUsage()
await new Promise((resolve) => setTimeout(resolve, Number(process.argv[2])))
const used = process.cpuUsage(cpu)
const mb = process.memoryUsage().rss / 2 ** 20
const share = (used.user + used.system) / 1e3 / Number(process.argv[2])
await job.cancel()
console.log(JSON.stringify({ mb, share }))
`

export default {
  name: 'memory',
  what: 'resident memory and CPU of a program that embeds a job with 4 subtasks at rest',
  bar: 'at most 150 MB',

  async run({ smoke }) {
    const job = new URL('../jobs/at-rest.ts', import.meta.url).href
    const args = ['--input-type=module', '--eval', PROGRAM, job, smoke ? '200' : '4000']
    const child = spawnSync(process.execPath, args, {
      cwd: new URL('../..', import.meta.url),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (child.status !== 0) throw new Error(`the program ended with ${child.status}`)
    const { mb, share } = JSON.parse(child.stdout)
    return {
      rows: [{ 'RSS MB': round(mb, 0), 'share of a core': round(share, 4) }],
      figures: { resident: { value: mb, unit: 'MB', better: 'less' } },
      mb,
      share,
    }
  },
}
