import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { inFolder } from '../kit/folder.mjs'
import { median, round } from '../measure.mjs'
import { nowMs, startRecoveryJob } from '../recovery-run.mjs'

/** What lies between two moments, in their order. */
const AFTER_THROW = [
  ['detect', 'thrown', 'failing'],
  ['tear down', 'failing', 'failed'],
  ['plan', 'failed', 'deploying'],
  ['start threads', 'deploying', 'opened'],
  ['load', 'opened', 'running'],
  ['first record', 'running', 'first'],
]
const AFTER_KILL = [
  ['start node', 'spawned', 'begun'],
  ['plan', 'begun', 'deploying'],
  ['start threads', 'deploying', 'opened'],
  ['load', 'opened', 'running'],
  ['first record', 'running', 'first'],
]

/** Not in the sum: a key that was not asked for yet is taken in with the first of its group. */
const BEHIND = ['then every key once', 'first', 'everyKey']

export default {
  name: 'recovery',
  what: 'keyed count, 1 M keys with 100 bytes each: from a failure to the first record after it',
  bar: 'at most 500 ms after a throw, 1 s after SIGKILL (a new process)',

  async run({ smoke, repeat }) {
    const keys = smoke ? 10_000 : 1_000_000
    const thrown = []
    for (let i = 0; i < repeat; i++) thrown.push(await throwOnce(keys))
    const killed = await killAndRestore(keys, repeat)
    return {
      rows: [row('throw', thrown, AFTER_THROW), row('SIGKILL', killed, AFTER_KILL)],
      figures: {
        'after a throw': allOf(thrown, AFTER_THROW),
        'after SIGKILL': allOf(killed, AFTER_KILL),
      },
      throw: partsOf(thrown, AFTER_THROW),
      kill: partsOf(killed, AFTER_KILL),
    }
  },
}

/** Each part's milliseconds by run, and 'all'. */
function partsOf(runs, parts) {
  const between = (from, to) => runs.map((at) => at[to] - at[from])
  const [, begin] = parts[0]
  const [, , end] = parts.at(-1)
  return Object.fromEntries(
    [['all', begin, end], ...parts, BEHIND].map(([name, from, to]) => [name, between(from, to)]),
  )
}

function allOf(runs, parts) {
  const { all } = partsOf(runs, parts)
  return { value: median(all), unit: 'ms', better: 'less', runs: all }
}

function row(what, runs, named) {
  const { all, ...parts } = partsOf(runs, named)
  const medians = Object.entries(parts).map(([name, ms]) => [name, round(median(ms), 0)])
  return {
    'ms after': what,
    median: round(median(all), 0),
    max: round(Math.max(...all), 0),
    CPU: round(median(runs.map(({ cpuMs }) => cpuMs)), 0),
    ...Object.fromEntries(medians),
  }
}

async function throwOnce(keys) {
  return inFolder(async (dir) => {
    const { job, checkpointed, throwNow } = await startRecoveryJob({ dir, keys })
    await checkpointed()
    const times = await throwNow()
    await job.cancel()
    return times
  })
}

/** One checkpoint, restored by as many processes, one after the other. */
async function killAndRestore(keys, repeat) {
  return inFolder(async (dir) => {
    await runAndKill([dir, keys])
    const runs = []
    for (let i = 0; i < repeat; i++) runs.push(await runAndKill([dir, keys, 'latest']))
    return runs
  })
}

async function runAndKill(args) {
  const program = fileURLToPath(new URL('../recovery-run.mjs', import.meta.url))
  const spawned = nowMs()
  const child = spawn(process.execPath, [program, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  for await (const line of createInterface({ input: child.stdout })) {
    child.kill('SIGKILL')
    await exited
    return { spawned, ...JSON.parse(line) }
  }
  throw new Error(`the program ended with ${await exited}`)
}
