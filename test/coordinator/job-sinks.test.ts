import { expect, test } from 'vitest'
import { SluiceError } from '../../src/base/errors.ts'
import type { JobSinksOptions } from '../../src/coordinator/job-sinks.ts'
import { JobSinks } from '../../src/coordinator/job-sinks.ts'
import type { Sink, SinkCommitter } from '../../src/operator/sink.ts'

/** Notes what its committer is told. */
function noted(name: string, calls: unknown[], given: Partial<Sink<unknown> & SinkCommitter> = {}) {
  const note = (what: string) => async (first: unknown, second?: unknown) => {
    calls.push([name, what, ...[first, second].filter((one) => one !== undefined)])
  }
  const committer: SinkCommitter = {
    start: note('start'),
    commit: note('commit'),
    recover: note('recover'),
    abort: note('abort'),
    finish: note('finish'),
    close: async () => {
      calls.push([name, 'close'])
    },
    ...given,
  }
  const writer = () => {
    throw new Error('nobody writes here')
  }
  const { canWithdraw } = given
  const sink: Sink<unknown> = {
    kind: 'noted',
    name,
    options: {},
    writer,
    committer: () => committer,
    ...(canWithdraw === undefined ? {} : { canWithdraw }),
  }
  return { operatorId: `id-${name}`, sink }
}

const options: JobSinksOptions = { lineage: 'l1', overwrite: false, checkpointing: true }
const context = (name: string) => ({ lineage: 'l1', sinkId: `id-${name}` })
const restored = { lineage: 'l0', checkpointId: 7 }
const committables = [
  { operatorId: 'id-a', committables: [1, 2] },
  { operatorId: 'id-b', committables: [3] },
  { operatorId: 'id-a', committables: [4] },
]

function sinksOf(calls: unknown[], given: Partial<JobSinksOptions> = {}, b = {}) {
  return new JobSinks([noted('a', calls), noted('b', calls, b)], { ...options, ...given })
}

const failing = async () => {
  throw new Error('no')
}

test('every sink is told how the job starts', async () => {
  const calls: unknown[] = []
  await sinksOf(calls, { restored }).start()
  const told = { overwrite: false, checkpointing: true, restored }
  expect(calls).toEqual([
    ['a', 'start', { ...context('a'), ...told }],
    ['b', 'start', { ...context('b'), ...told }],
  ])
})

test('where one cannot start, the others are closed', async () => {
  const calls: unknown[] = []
  const sinks = sinksOf(calls, {}, { start: failing })
  await expect(sinks.start()).rejects.toMatchObject({
    code: 'OUTPUT_FAILED',
    message: "the sink 'b' could not start: no",
    operator: 'b',
  })
  expect(calls.at(-1)).toEqual(['a', 'close'])
})

test('an error that has a code keeps it', async () => {
  const start = async () => {
    throw new SluiceError('OUTPUT_EXISTS', 'there it is')
  }
  await expect(sinksOf([], {}, { start }).start()).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' })
})

test('each sink commits its own, from all subtasks', async () => {
  const calls: unknown[] = []
  await sinksOf(calls).commit(committables)
  expect(calls).toEqual([
    ['a', 'commit', [1, 2, 4], context('a')],
    ['b', 'commit', [3], context('b')],
  ])
})

test('each sink recovers its own, if it was in the checkpoint', async () => {
  const calls: unknown[] = []
  await sinksOf(calls).recover(committables.slice(0, 1), restored)
  expect(calls).toEqual([
    ['a', 'recover', [1, 2], { ...context('a'), restored }],
    ['b', 'recover', [], { ...context('b'), restored }],
  ])
})

test('a committer that cannot recover commits again', async () => {
  const calls: unknown[] = []
  await sinksOf(calls, {}, { recover: undefined }).recover(committables, restored)
  expect(calls.at(-1)).toEqual(['b', 'commit', [3], context('b')])
})

test('a job that goes on keeps what it could not commit, and no other does', async () => {
  const calls: unknown[] = []
  const sinks = sinksOf(calls, {}, { commit: failing })
  await sinks.start()
  await expect(sinks.commit(committables)).rejects.toMatchObject({ operator: 'b' })
  calls.length = 0
  await sinks.abort({ goesOn: true })
  await sinks.abort()
  expect(calls).toEqual([
    ['a', 'abort', { ...context('a'), keep: [] }],
    ['b', 'abort', { ...context('b'), keep: [3] }],
    ['a', 'abort', { ...context('a'), keep: [] }],
    ['b', 'abort', { ...context('b'), keep: [] }],
    ['a', 'finish', context('a')],
    ['b', 'finish', context('b')],
  ])
})

test('what was recovered is no longer kept', async () => {
  const calls: unknown[] = []
  const sinks = sinksOf(calls, {}, { commit: failing })
  await sinks.start()
  await expect(sinks.commit(committables)).rejects.toThrow()
  await sinks.recover(committables, restored)
  await sinks.abort({ goesOn: true })
  expect(calls.at(-1)).toEqual(['b', 'abort', { ...context('b'), keep: [] }])
})

test('before the recovery nothing of the restored checkpoint is thrown away', async () => {
  const calls: unknown[] = []
  const sinks = sinksOf(calls, { restored })
  await sinks.start()
  calls.length = 0
  await sinks.abort()
  expect(calls).toEqual([])
  await sinks.recover([], restored)
  await sinks.abort()
  // It may be restored once more, so whose output it is stays known.
  expect(calls.map((call) => (call as unknown[])[1])).toEqual([
    'recover',
    'recover',
    'abort',
    'abort',
  ])
})

test('an older checkpoint can be restored where all sinks can withdraw', () => {
  const [can, cannot] = [noted('can', [], { canWithdraw: true }), noted('cannot', [])]
  expect(new JobSinks([can], options)).toMatchObject({ withdrawable: true, notWithdrawable: [] })
  expect(new JobSinks([can, cannot], options)).toMatchObject({
    withdrawable: false,
    notWithdrawable: ['cannot'],
  })
})
