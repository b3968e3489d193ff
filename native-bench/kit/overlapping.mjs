// Unaligned checkpoints that overlap, since the disk takes its time for each of their files; and a
// job that goes on from each of them.
import { join } from 'node:path'
import { runJob } from 'sluice'
import { withDiskFaults } from '../../test/fixtures/disk-faults.mjs'
import { inFolder } from './folder.mjs'

const JOB = new URL('../jobs/twice-counted.ts', import.meta.url)
const KEYS = 200
const PARALLELISM = 2
const MICROS = 1_000
const POLL_MS = 5
/** More than the second operator comes to while checkpoints are taken. */
const RECORDS = 100_000
/** Small enough for the main thread to write all files itself, which is the one that is slowed. */
const SMALL_RINGS = { segmentSize: '4 kb', buffersPerChannel: 8 }

/**
 * Takes `count` checkpoints, one every `intervalMs`, up to `concurrent` at a time; the sync of each
 * state file takes `fileMs` longer. Returns { checkpoints, pendingMax }: of each its figures, by
 * id, and what is wrong when a job has gone on from it to its end (`wrong`, nothing if all is
 * right).
 */
export function overlappingCheckpoints({ fileMs, intervalMs, concurrent, count }) {
  return inFolder(async (dir) => {
    const rules = [{ op: 'sync', path: '/chk-\\d+/state-', action: `slow:${fileMs}` }]
    const taken = await withDiskFaults(rules, () =>
      takeSome(dir, { intervalMs, concurrent, count }),
    )
    const checkpoints = []
    for (const one of taken.checkpoints) {
      const wrong = one.status === 'completed' ? await restored(join(dir, `chk-${one.id}`)) : []
      checkpoints.push({ ...one, wrong })
    }
    return { ...taken, checkpoints }
  })
}

async function takeSome(dir, { intervalMs, concurrent, count }) {
  const job = await runJob(JOB, {
    parallelism: PARALLELISM,
    args: { records: RECORDS, keys: KEYS, micros: MICROS },
    config: SMALL_RINGS,
    checkpoints: {
      dir,
      unaligned: true,
      interval: intervalMs,
      maxConcurrent: concurrent,
      // All of them are to be restored, and none may lie within the metadata.
      retained: 2 * count,
      inlineThreshold: 0,
    },
  })
  let pendingMax = 0
  const taken = async () => {
    while (job.checkpoints.counts.completed < count) {
      pendingMax = Math.max(pendingMax, job.checkpoints.counts.inProgress)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    return job.checkpoints.history.filter(({ status }) => status !== 'in-progress')
  }
  // A job that ends before has failed, or had too little to do.
  const ended = await Promise.race([taken(), job.finished])
  if (!Array.isArray(ended)) throw new Error(`the job ended before ${count} checkpoints`)
  await job.cancel()
  return { pendingMax, checkpoints: ended.sort((a, b) => a.id - b.id) }
}

/** Goes on from the checkpoint at `path` to the end. Returns what was not counted rightly. */
async function restored(path) {
  const job = await runJob(JOB, {
    parallelism: PARALLELISM,
    args: { records: RECORDS, keys: KEYS, micros: 0 },
    restore: path,
  })
  const counts = new Map()
  for await (const { key, first, second } of job.collect('tally')) {
    counts.set(key, [...(counts.get(key) ?? []), `${first} and ${second}`])
  }
  await job.finished
  const each = RECORDS / KEYS
  const expected = Array.from({ length: KEYS }, (_, k) => `key ${k}`)
  const wrong = expected.filter((key) => counts.get(key)?.join() !== `${each} and ${each}`)
  return wrong.map((key) => `${key}: ${counts.get(key)?.join(', ') ?? 'nothing'}`)
}
