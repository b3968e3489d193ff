/**
 * `npm run demo -- --kill`: exactly once, seen with one's own eyes. The flights job runs in a
 * process that is killed in the middle and started again; what it has written must be what a run
 * writes that nobody disturbs.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { differencesOf, inProgressIn, rowsIn, visibleIn } from './demo-compare.mjs'

const CHILD = fileURLToPath(new URL('./demo-child.mjs', import.meta.url))
/** Flights a second, so that the job lasts some seconds wherever it runs. */
const RATE = 600_000

/** Gives the exit code: 0 only if the output is equal. */
export async function killDemo({ input, folder, parallelism }) {
  const killed = `${folder}/killed`
  const undisturbed = `${folder}/undisturbed`
  const options = {
    args: { input, output: killed, rate: RATE },
    parallelism,
    checkpoints: { dir: `${folder}/killed-checkpoints`, interval: '1 s' },
  }
  say(`Flights, at most ${grouped(RATE)} a second, with a checkpoint every second:`)
  const first = await run({ ...options, overwrite: true, kill: true })
  if (first.killed === undefined) return notKilled(first)
  const left = tellKilled(first.killed, killed)

  say("\nThe same job, restored from its latest checkpoint (restore: 'latest'):")
  const second = await run({ ...options, restore: 'latest' }, ({ started }) => {
    tellRestored(started, { left, killed })
    tellPosition(started, first.killed)
  })
  if (second.exitCode !== 0) return second.exitCode

  say('\nAn undisturbed run, for comparison:')
  const third = await run({
    args: { input, output: undisturbed },
    parallelism,
    overwrite: true,
  })
  return third.exitCode === 0 ? tellEqual(killed, undisturbed) : third.exitCode
}

/** Runs the job in a process of its own: its exit code, and what it told by its messages. */
async function run(options, onStarted = () => {}) {
  const child = fork(CHILD, [JSON.stringify(options)])
  const told = {}
  child.on('message', ({ type, ...message }) => {
    told[type] = message
    if (type === 'started') onStarted(told)
  })
  // On a terminal Ctrl-C reaches the child by itself, and a second time does no harm.
  const stop = () => child.kill('SIGINT')
  process.on('SIGINT', stop)
  try {
    // All messages are here when the channel is closed.
    const [[code]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')])
    return { ...told, exitCode: code ?? 1 }
  } finally {
    process.off('SIGINT', stop)
  }
}

function notKilled({ exitCode }) {
  if (exitCode !== 0) return exitCode
  say('The job ended before its second checkpoint was complete, and so was not killed.')
  return 1
}

/** Gives what there is to be seen of the output. */
function tellKilled({ recordsRead, recordsTotal, checkpoint }, output) {
  // The progress line of a killed process has no end.
  if (process.stderr.isTTY) process.stderr.write('\n')
  const left = { visible: visibleIn(output), inProgress: inProgressIn(output), checkpoint }
  say(`Killed (SIGKILL) at ${percent(recordsRead / recordsTotal)}, after checkpoint ${checkpoint}.`)
  say(
    `Readers see ${grouped(rowsIn(left.visible))} rows of its output; ` +
      `${grouped(rowsIn(left.inProgress))} more lie in files in progress.`,
  )
  return left
}

/** Rows of checkpoints up to the restored one are committed, what came behind it is withdrawn. */
function tellRestored({ restored }, { left, killed }) {
  const upTo = visibleIn(killed).filter(({ checkpoint }) => checkpoint <= restored)
  const committed = rowsIn(upTo) - rowsIn(left.visible)
  const withdrawn = rowsIn(left.inProgress) - committed
  say(
    `Going on from checkpoint ${restored}: ${grouped(withdrawn)} of those rows are withdrawn, ` +
      `${grouped(committed)} committed.`,
  )
}

/** To thousands: the counters are up to 50 ms old. */
function tellPosition({ restored, recordsRead }, killed) {
  const again = Math.round((killed.recordsRead - recordsRead) / 1_000) * 1_000
  say(
    `Checkpoint ${restored} stands at ${percent(recordsRead / killed.recordsTotal)}: ` +
      `about ${grouped(again)} flights are read a second time.`,
  )
}

function tellEqual(found, expected) {
  const differences = differencesOf(found, expected)
  for (const part of ['daily', 'totals']) {
    const rows = [found, expected].map((output) => grouped(rowsIn(visibleIn(output, [part]))))
    say(`${part}/: ${rows[0]} rows, undisturbed ${rows[1]}`)
  }
  for (const difference of differences) say(`  ${difference}`)
  say(`Equal: ${differences.length === 0 ? 'yes' : 'no'}`)
  return differences.length === 0 ? 0 : 1
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`
}

function grouped(n) {
  return n.toLocaleString('en-US')
}

function say(line) {
  process.stdout.write(`${line}\n`)
}
