/** Checkpoints that failed to be published, and may be there nevertheless. */
import { expect, test } from 'vitest'
import { ManualClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/log.ts'
import { ALIGNED } from '../../src/channel/barrier.ts'
import { CheckpointStatistics } from '../../src/checkpoint/statistics.ts'
import type { CheckpointStorage } from '../../src/coordinator/checkpoint-storage.ts'
import { JobCheckpoints } from '../../src/coordinator/job-checkpoints.ts'
import { OutputCommits } from '../../src/coordinator/output-commits.ts'
import { acknowledged, begun } from './one-task.ts'

const settings = {
  intervalMs: undefined,
  minPauseMs: 0,
  timeoutMs: 60_000,
  concurrentMax: 2,
  failuresTolerated: undefined,
  retained: 1,
  rules: ALIGNED,
}

/** A disk on which metadata appear though it says that they could not be written. */
class FailingStorage implements CheckpointStorage {
  readonly description = { kind: 'memory', blobs: new Map() } as const
  readonly there = new Set<number>()
  publishes = true
  deletes = true

  begin(): void {}

  writeChunk(): never {
    throw new Error('there is no state')
  }

  async publish(id: number): Promise<void> {
    this.there.add(id)
    if (!this.publishes) throw new Error('EIO')
  }

  async delete(id: number): Promise<void> {
    if (!this.deletes) throw new Error('EIO')
    this.there.delete(id)
  }

  async record(): Promise<void> {}
  async finished(): Promise<void> {}
  async deleteAll(): Promise<void> {}
}

function world() {
  const storage = new FailingStorage()
  const job = new JobCheckpoints({
    settings,
    firstId: 1,
    retained: [],
    abandoned: [],
    storage,
    lineage: 'test',
    statistics: new CheckpointStatistics({ historyMax: 10 }),
    commits: new OutputCommits({ expect: () => {}, commit: async () => {} }),
    clock: new ManualClock(0),
    after: () => () => {},
    log: silentLogger,
  })
  const attempt = job.attempt({
    attempt: 1,
    tasks: [0],
    sources: [0],
    begin: begun,
    finish: () => {},
    fail: () => {},
  })
  attempt.running(() => {})
  const take = async (checkpointId: number) => attempt.take(acknowledged(checkpointId))
  const end = () => {
    attempt.stopped()
    return job.settle(false)
  }
  return { storage, job, take, end }
}

test('no output is withdrawn before a failed checkpoint is gone', async () => {
  const { storage, job, take, end } = world()
  Object.assign(storage, { publishes: false, deletes: false })
  const asked = job.trigger()
  await take(1)
  await expect(asked).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED' })
  await end()
  await expect(job.removeInDoubt()).rejects.toThrow('EIO')
  await expect(job.removeInDoubt(), 'it is there still').rejects.toThrow('EIO')
  storage.deletes = true
  await job.removeInDoubt()
  expect([...storage.there]).toEqual([])
  storage.deletes = false
  await job.removeInDoubt()
})

test('a failed checkpoint that was deleted at once keeps nobody', async () => {
  const { storage, job, take, end } = world()
  storage.publishes = false
  const asked = job.trigger()
  await take(1)
  await expect(asked).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED' })
  await end()
  expect([...storage.there]).toEqual([])
  storage.deletes = false
  await job.removeInDoubt()
})

test('one that was never to be published is not waited for', async () => {
  const { storage, job, end } = world()
  storage.deletes = false
  const asked = job.trigger()
  const refused = expect(asked).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED' })
  await end()
  await refused
  await job.removeInDoubt()
})

test('a later checkpoint holds its output: it may stay', async () => {
  const { storage, job, take, end } = world()
  Object.assign(storage, { publishes: false, deletes: false })
  const asked = job.trigger()
  await take(1)
  await expect(asked).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED' })
  storage.publishes = true
  const later = job.trigger()
  await take(2)
  expect(await later).toBe(2)
  await end()
  await job.removeInDoubt()
  expect([...storage.there]).toEqual([1, 2])
})

test('an earlier checkpoint that is complete later does not hold its output', async () => {
  const { storage, job, take, end } = world()
  Object.assign(storage, { publishes: false, deletes: false })
  const earlier = job.trigger()
  const asked = job.trigger()
  await take(2)
  await expect(asked).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED' })
  storage.publishes = true
  await take(1)
  expect(await earlier).toBe(1)
  await end()
  await expect(job.removeInDoubt()).rejects.toThrow('EIO')
  storage.deletes = true
  await job.removeInDoubt()
  expect([...storage.there]).toEqual([1])
})
