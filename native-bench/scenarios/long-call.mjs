import { runJob } from 'sluice'
import { inFolder } from '../kit/folder.mjs'
import { median, quantile, round, sleep } from '../measure.mjs'

const JOB = new URL('../jobs/long-call.ts', import.meta.url)
/** As in the job: where it notes when the latest call began and ended. */
const BEGAN = 0
const ENDED = 1
const POLL_MS = 1
const WARM_UP_CALLS = 2
const BEYOND_MS_MAX = 20

const cases = [
  { what: 'one sink', parallelism: 1 },
  { what: 'four sinks, one call at a time', parallelism: 4 },
]

export default {
  name: 'long-call',
  what: 'one call of a flatMap emits 400,000 records of 100 bytes: how late is a barrier behind?',
  bar:
    `unaligned: known to the last task at most ${BEYOND_MS_MAX} ms later than the call takes, ` +
    'what it is blocked for left out',
  fairness:
    'Sinks that sleep 5 us a record altogether, which is 2 s a call: the records wait in the ' +
    'overdraft. The checkpoint is triggered within the call. Beside it, how much later that is ' +
    'than calls with sinks that do not wait take, in the median of as many: those make no pages ' +
    'in the overdraft, and share the processors with their sinks.',
  repeat: 10,

  async run({ smoke, repeat, only }) {
    const records = smoke ? 20_000 : 400_000
    const results = []
    for (const one of cases.filter(({ what }) => what.includes(only))) {
      const options = { ...one, records, repeat }
      const free = await callsOf({ ...options, micros: 0, calls: 2 })
      const slow = await callsOf({ ...options, micros: 5 * one.parallelism, calls: 0.25 })
      results.push({ ...one, free, slow })
    }
    return {
      rows: results.map(rowOf),
      figures: Object.assign({}, ...results.map(figuresOf)),
    }
  },
}

/** How long calls took, and how long after a call's begin each task knew of a barrier. */
function callsOf({ parallelism, records, repeat, micros, calls }) {
  return inFolder(async (dir) => {
    const call = new Float64Array(new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT))
    const job = await runJob(JOB, {
      args: { records, micros, calls, call: call.buffer },
      parallelism,
      checkpoints: { dir, unaligned: true, retained: 1 },
    })
    const nextCall = async () => {
      const before = call[BEGAN]
      while (call[BEGAN] === before) await sleep(POLL_MS)
    }
    const ended = async () => {
      while (call[ENDED] < call[BEGAN]) await sleep(POLL_MS)
      return call[ENDED] - call[BEGAN]
    }
    const blockedMs = () =>
      job.metrics().subtasks.find(({ vertex }) => vertex === 'call').hardBackpressuredMs
    const measured = []
    for (let k = 0; k < WARM_UP_CALLS + repeat; k++) {
      await nextCall()
      const began = call[BEGAN]
      const blockedBefore = blockedMs()
      const checkpoint = micros === 0 ? undefined : job.checkpoints.trigger()
      const callMs = await ended()
      const unblockedMs = callMs - (blockedMs() - blockedBefore)
      const bytes = job.metrics().bytesInFlight
      const id = await checkpoint
      const stats = job.checkpoints.history.find((one) => one.id === id)
      if (k >= WARM_UP_CALLS)
        measured.push({ callMs, unblockedMs, bytes, ...lateness(stats, began) })
    }
    await job.cancel()
    return measured
  })
}

/** From the begin of the call. */
function lateness(stats, began) {
  if (stats === undefined) return {}
  const { triggeredMs, durationMs, tasks, persistedInFlightBytes = 0 } = stats
  return {
    triggeredMs: triggeredMs - began,
    knownMs: triggeredMs - began + Math.max(...tasks.map(({ startDelayMs }) => startDelayMs)),
    completeMs: triggeredMs - began + durationMs,
    persisted: persistedInFlightBytes,
  }
}

const each = (runs, field) => runs.map((run) => run[field])

const beyondOf = ({ slow }) => slow.map(({ knownMs, unblockedMs }) => knownMs - unblockedMs)

function beyondFree({ free, slow }) {
  const callMs = median(each(free, 'callMs'))
  return each(slow, 'knownMs').map((ms) => ms - callMs)
}

function rowOf({ what, free, slow }) {
  const pair = (values) => `${round(median(values), 0)}, ${round(Math.max(...values), 0)}`
  const beyond = beyondOf({ slow })
  return {
    what,
    'call, sinks that do not wait, ms': pair(each(free, 'callMs')),
    'call, slow sinks, unblocked ms': pair(each(slow, 'unblockedMs')),
    'triggered after ms': pair(each(slow, 'triggeredMs')),
    'barrier known to all after ms': pair(each(slow, 'knownMs')),
    'beyond the call, ms': pair(beyond),
    'beyond one with free sinks, ms': pair(beyondFree({ free, slow })),
    'checkpoint complete after ms': pair(each(slow, 'completeMs')),
    'MB in flight': round(median(each(slow, 'bytes')) / 1e6, 0),
    'MB persisted': round(median(each(slow, 'persisted')) / 1e6, 0),
    'within the bar': `${beyond.filter((ms) => ms <= BEYOND_MS_MAX).length} of ${beyond.length}`,
  }
}

function figuresOf(result) {
  const runs = beyondOf(result)
  const value = quantile(runs, 0.9)
  return { [`${result.what}, beyond the call`]: { value, unit: 'ms', better: 'less', runs } }
}
