/**
 * Runs jobs that finish, fail and are cancelled, many times in one process, and prints what the
 * process holds before and after as a line of JSON. Ends by itself: nothing calls process.exit.
 */
import { readdirSync, readlinkSync } from 'node:fs'
import * as v8 from 'node:v8'
import { MessagePort, Worker } from 'node:worker_threads'
import { runJob } from 'sluice'

const [, , jobs, output, rounds] = process.argv
const quiet = { onPrint: () => {} }

/** Each way a job can end. */
const endings = {
  async finishes(folder) {
    const job = await start('stubborn.ts', { to: 'files', output: folder, at: 'end' })
    await job.finished
  },
  async failsAndNobodyAsks(folder) {
    const job = await start('stubborn.ts', { to: 'files', output: folder, at: 'fail' })
    while (job.status === 'running') await pause(2)
    const told = await job.finished.catch((error) => error.code)
    if (told !== 'OPERATOR_FAILED') throw new Error(`finished told ${told}`)
  },
  async isCancelled(folder) {
    const job = await start('stubborn.ts', { to: 'files', output: folder })
    while (job.metrics().recordsRead === 0) await pause(2)
    await job.cancel()
  },
  async isAborted() {
    const controller = new AbortController()
    const job = await start('stubborn.ts', { to: 'nowhere' }, { signal: controller.signal })
    controller.abort()
    await job.finished
  },
  async isLeftInALoop() {
    const job = await start('stubborn.ts', { at: 'end' })
    for await (const _ of job.collect('rows')) break
    await job.finished
  },
  async isCancelledWhileItIsRead() {
    const job = await start('stubborn.ts', {})
    for await (const { n } of job.collect('rows')) if (n === 10) await job.cancel()
  },
  async isCancelledWhileItPrints() {
    const job = await start('stubborn.ts', { to: 'print' }, { onPrint: () => pause(1) })
    while (job.metrics().recordsRead === 0) await pause(2)
    await job.cancel()
  },
  async losesAThread(folder) {
    const job = await start('dying.ts', { how: 'exit', output: folder })
    await job.finished.catch(() => {})
  },
  async leavesATimer(folder) {
    const job = await start('dying.ts', { how: 'handle left open', output: folder })
    while (job.metrics().recordsRead < 20_000) await pause(2)
    await job.cancel()
  },
  async cannotStart(folder) {
    await start('throwing.ts', { where: 'open', output: folder }).catch(() => {})
    await start('own-connectors.ts', { where: 'start' }).catch(() => {})
    await start('no-such-job.ts', {}).catch(() => {})
  },
}

await round(0)
await pause(50)
const before = holdings()
for (let n = 1; n <= Number(rounds); n++) await round(n)
await pause(50)
process.stdout.write(`${JSON.stringify({ before, after: holdings() })}\n`)
// Its end must not keep anything either, and its failure must not end the process.
await start('stubborn.ts', { to: 'nowhere', at: 'fail' })

async function round(n) {
  for (const [name, ending] of Object.entries(endings)) await ending(`${output}/${name}-${n}`)
}

function start(job, args, options = {}) {
  return runJob(`${jobs}/${job}`, { args, ...quiet, ...options })
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function holdings() {
  return {
    threads: readdirSync('/proc/self/task').length,
    files: readdirSync('/proc/self/fd').map(target).filter(Boolean).sort(),
    resources: process.getActiveResourcesInfo().sort(),
    ports: v8.queryObjects(MessagePort),
    workers: v8.queryObjects(Worker),
    signals: process.listenerCount('SIGINT') + process.listenerCount('exit'),
  }
}

/** The one that reads the directory itself is gone by now. */
function target(fd) {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).replace(/\d+/g, 'n')
  } catch {
    return undefined
  }
}
