/** What the checkpoints of a job do while an attempt ends: nothing of it may be begun any more. */
import { expect, test } from 'vitest'
import { ManualClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/log.ts'
import { ALIGNED } from '../../src/channel/barrier.ts'
import { CheckpointStatistics } from '../../src/checkpoint/statistics.ts'
import type { CheckpointStorage } from '../../src/coordinator/checkpoint-storage.ts'
import { JobCheckpoints } from '../../src/coordinator/job-checkpoints.ts'
import { OutputCommits } from '../../src/coordinator/output-commits.ts'
import type { ToTask } from '../../src/protocol/messages.ts'
import type { StateFile } from '../../src/protocol/snapshot.ts'
import { acknowledged, begun } from './one-task.ts'

const settings = {
  intervalMs: 1_000,
  minPauseMs: 0,
  timeoutMs: 60_000,
  failuresTolerated: undefined,
  retained: 1,
  rules: ALIGNED,
}

/** Nothing is written or published before the test says so. */
function storageOf(
  calls: string[],
  writes: PromiseWithResolvers<StateFile>[],
  publishes: (() => void)[],
): CheckpointStorage {
  return {
    description: { kind: 'memory', blobs: new Map() },
    begin: () => {},
    writeChunk: () => {
      const write = withResolvers()
      writes.push(write)
      return write.promise
    },
    publish: (id) => {
      calls.push(`publish ${id}`)
      return new Promise((resolve) => publishes.push(resolve))
    },
    delete: async (id) => void calls.push(`delete ${id}`),
    record: async () => {},
    finished: async () => {},
    deleteAll: async () => {},
  }
}

function world({ concurrentMax = 1, tasks = [0] } = {}) {
  const committed: unknown[] = []
  const clock = new ManualClock(0)
  const timers = new Set<() => void>()
  const publishes: (() => void)[] = []
  const calls: string[] = []
  const writes: PromiseWithResolvers<StateFile>[] = []
  const sent: ToTask[] = []
  const storage = storageOf(calls, writes, publishes)
  const job = new JobCheckpoints({
    settings: { ...settings, concurrentMax },
    firstId: 1,
    retained: [],
    abandoned: [],
    storage,
    lineage: 'test',
    statistics: new CheckpointStatistics({ historyMax: 10 }),
    commits: new OutputCommits({
      expect: () => {},
      commit: async (sinks) => void committed.push(...sinks.flatMap((one) => one.committables)),
    }),
    clock,
    after: (_, action) => {
      timers.add(action)
      return () => timers.delete(action)
    },
    log: silentLogger,
  })
  const attempt = job.attempt({
    attempt: 1,
    tasks,
    sources: [0],
    begin: begun,
    finish: () => {},
    fail: () => {},
  })
  const told: (readonly [checkpointId: number, task: number])[] = []
  attempt.running((task, message) => {
    sent.push(message)
    if (message.type === 'trigger-checkpoint') told.push([message.barrier.checkpointId, task])
  })
  const pass = async (ms: number) => {
    clock.advance(ms)
    for (const timer of [...timers]) if (timers.delete(timer)) timer()
    await settled()
  }
  return { job, attempt, calls, publishes, writes, sent, told, pass, committed }
}

function withResolvers(): PromiseWithResolvers<StateFile> {
  const made = {} as PromiseWithResolvers<StateFile>
  const promise = new Promise<StateFile>((resolve, reject) =>
    Object.assign(made, { resolve, reject }),
  )
  return Object.assign(made, { promise })
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}

/** All promises that can settle have. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('no checkpoint is begun between the end of an attempt and the next one', async () => {
  const { job, attempt, calls, publishes, pass } = world()
  await pass(1_000)
  attempt.take(acknowledged(1))
  await settled()
  attempt.stopped()
  await pass(5_000)
  await expect(job.trigger()).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED' })
  const end = job.settle(false)
  publishes[0]!()
  await end
  expect(job.latest?.checkpointId).toBe(1)
  expect(calls).toEqual(['publish 1'])
})

test('an attempt is over when all that was being published is complete', async () => {
  const { job, attempt, calls, publishes, pass } = world({ concurrentMax: 2 })
  await pass(1_000)
  await pass(1_000)
  attempt.take(acknowledged(1))
  await settled()
  attempt.take(acknowledged(2))
  await settled()
  attempt.stopped()
  const end = job.settle(false)
  await settled()
  publishes[0]!()
  await settled()
  expect(calls).toEqual(['publish 1', 'publish 2'])
  publishes[1]!()
  await end
  expect(job.latest?.checkpointId).toBe(2)
})

test('output is committed once, though a later checkpoint with it was there sooner', async () => {
  const { job, attempt, publishes, pass, committed } = world({ concurrentMax: 2 })
  await pass(1_000)
  await pass(1_000)
  const output = (checkpointId: number) => ({
    checkpointId,
    operatorId: 'sink',
    committables: [`output ${checkpointId}`],
  })
  const take = (checkpointId: number, sinks: readonly ReturnType<typeof output>[]) => {
    const message = acknowledged(checkpointId)
    attempt.take({ ...message, snapshot: { ...message.snapshot, sinks } })
    return settled()
  }
  await take(1, [output(1)])
  // Its task does not know yet that the first is complete.
  await take(2, [output(1), output(2)])
  publishes[0]!()
  await settled()
  expect(committed).toEqual(['output 1'])
  publishes[1]!()
  await settled()
  expect(committed).toEqual(['output 1', 'output 2'])
  expect(job.latest?.committables).toEqual([output(2)])
})

test('a chunk keeps its memory until it is written', async () => {
  const { attempt, writes, sent, pass } = world()
  await pass(1_000)
  const memory = new SharedArrayBuffer(8)
  const part = { section: 0, keyGroup: 0, entries: 1, bytes: new Uint8Array(memory) }
  const chunk = { sections: [], parts: [part] }
  const take = (checkpointId: number) =>
    attempt.take({
      type: 'state-chunk',
      attempt: 1,
      task: 0,
      checkpointId,
      holds: 'keyed-state',
      chunk,
    })
  const told = () => sent.splice(0).filter(({ type }) => type === 'chunk-written')
  const written = { type: 'chunk-written', attempt: 1, bytes: 8 }
  take(1)
  await settled()
  expect(told()).toEqual([])
  writes[0]!.resolve({ kind: 'blob', blob: { name: '', bytes: 0, crc32: 0 } })
  await settled()
  expect(told()).toEqual([{ ...written, memories: [memory] }])
  take(1)
  writes[1]!.reject(new Error('no room'))
  await settled()
  expect(told(), 'another thread may still read it').toEqual([{ ...written, memories: [] }])
  take(7)
  expect(told(), 'of a checkpoint that is not running').toEqual([
    { ...written, memories: [memory] },
  ])
})

test('checkpoints are published in the order in which they were acknowledged', async () => {
  const { job, attempt, calls, publishes, pass } = world({ concurrentMax: 3 })
  for (let id = 1; id <= 3; id++) await pass(1_000)
  for (const id of [1, 2, 3]) attempt.take(acknowledged(id))
  await settled()
  const completed = [job.latest?.checkpointId]
  for (let k = 0; k < 3; k++) {
    publishes[k]!()
    await settled()
    completed.push(job.latest?.checkpointId)
  }
  expect(completed).toEqual([undefined, 1, 2, 3])
  const published = calls.filter((call) => call.startsWith('publish'))
  expect(published).toEqual(['publish 1', 'publish 2', 'publish 3'])
})

test('sources alone are told: who cut before its barriers would keep a long call', async () => {
  const { job, told, pass } = world({ concurrentMax: 9, tasks: [0, 1, 2] })
  const rules = { kind: 'unaligned', alignedTimeoutMs: 0, channelStateBytesMax: 1 } as const
  job.change({ ...settings, concurrentMax: 9, rules })
  await pass(1_000)
  expect(told).toEqual([[1, 0]])
})
