/**
 * Runs one job with checkpoints, as a program that embeds Sluice, and tells what it logs as lines
 * of JSON. May kill itself, as `kill -9` does, when something is logged. Argument: a
 * `ChildOrder` (start-child.ts) as JSON.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { runJob } from 'sluice'

const { job, options, killAt } = JSON.parse(process.argv[2])
let hits = 0

const level = (name) => (fields, message) => {
  tell({ level: name, message, ...fields })
  if (killAt === undefined || !message.startsWith(killAt.message)) return
  if (++hits === killAt.nth) die(killAt.delayMs)
}
const log = Object.fromEntries(['debug', 'info', 'warn', 'error'].map((one) => [one, level(one)]))

try {
  const running = await runJob(job, { ...options, log })
  const { status, metrics } = await running.finished
  const restored = running.checkpoints.latestRestored?.id
  tell({ end: status, recordsRead: metrics.recordsRead, restored })
} catch (error) {
  tell({ end: 'failed', code: error.code, message: String(error.stack) })
}

function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

async function die(delayMs) {
  if (delayMs > 0) await sleep(delayMs)
  process.kill(process.pid, 'SIGKILL')
}
