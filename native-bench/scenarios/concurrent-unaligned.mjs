import { overlappingCheckpoints } from '../kit/overlapping.mjs'
import { median, round } from '../measure.mjs'

const FULL = { fileMs: 2_000, intervalMs: 500, concurrent: 3, count: 12 }
const SMOKE = { fileMs: 100, intervalMs: 25, concurrent: 3, count: 3 }

export default {
  name: 'concurrent-unaligned',
  what: 'unaligned checkpoints every 500 ms, three at a time, on a disk that takes 2 s for a file',
  bar: 'all complete, in the order of ids, three at a time; a job restored from each is exact',
  fairness:
    'Two keyed counts at parallelism 2, the second of which sleeps 1 ms a record: records wait ' +
    'between them. The sync of each state file takes 2 s longer than it would.',

  async run({ smoke }) {
    const { checkpoints, pendingMax } = await overlappingCheckpoints(smoke ? SMOKE : FULL)
    const completed = checkpoints.filter(({ status }) => status === 'completed')
    const isExact = ({ wrong }) => wrong.length === 0
    const exact = completed.filter(isExact)
    const share = { value: (exact.length * 100) / checkpoints.length, unit: '%', better: 'more' }
    const durations = completed.map(({ durationMs }) => durationMs)
    console.table(checkpoints.map((one) => rowOf(one, checkpoints[0].triggeredMs)))
    return {
      rows: [
        {
          checkpoints: checkpoints.length,
          completed: completed.length,
          'in order': isSorted(completed.map(endMs)),
          'most at a time': pendingMax,
          unaligned: completed.filter(({ unaligned }) => unaligned).length,
          'restored exactly': exact.length,
          'end to end, median ms': round(median(durations), 0),
          'kB in flight, median': round(median(completed.map(inFlight)) / 1e3, 0),
        },
      ],
      figures: {
        'completed and restored exactly': { ...share, runs: [exact.length] },
        'end to end': { value: median(durations), unit: 'ms', better: 'less', runs: durations },
      },
    }
  },
}

const endMs = ({ completedMs }) => completedMs
const inFlight = ({ persistedInFlightBytes = 0 }) => persistedInFlightBytes
const isSorted = (values) => values.every((value, k) => k === 0 || values[k - 1] <= value)

function rowOf(one, firstMs) {
  return {
    id: one.id,
    status: one.status,
    'triggered at ms': round(one.triggeredMs - firstMs, 0),
    'complete at ms': one.status === 'completed' ? round(endMs(one) - firstMs, 0) : '',
    'kB in flight': round(inFlight(one) / 1e3, 0),
    restored: one.status === 'completed' ? (one.wrong[0] ?? 'exact') : one.reason,
  }
}
