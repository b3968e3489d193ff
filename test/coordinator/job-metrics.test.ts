/** What is told of a job's memory: times, rates, queues, and who holds whom back. */
import { expect, test } from 'vitest'
import { defineJob } from '../../src/api/job.ts'
import { ManualClock } from '../../src/base/clock.ts'
import { Doorbell } from '../../src/channel/doorbell.ts'
import { EdgeState } from '../../src/channel/edge-state.ts'
import { InputChannel } from '../../src/channel/input-channel.ts'
import { OutputChannel } from '../../src/channel/output-channel.ts'
import { OutputCredit } from '../../src/channel/output-credit.ts'
import { Codecs } from '../../src/codec/codecs.ts'
import { generator } from '../../src/connector/generator/index.ts'
import { JobMeter } from '../../src/coordinator/job-metrics.ts'
import { prepareJob } from '../../src/coordinator/prepared-job.ts'
import { planDeployment } from '../../src/coordinator/task-deployment.ts'
import { TaskMetrics } from '../../src/metrics/task-metrics.ts'
import { TaskTimes } from '../../src/task/task-times.ts'
import { take } from '../channel/harness.ts'

const READING = 'map -> collect rows'
const job = defineJob('two', (env) => {
  env
    .from(generator({ make: (i) => ({ i }) }))
    .name('source')
    .parallelism(2)
    .rebalance()
    .map((record) => record)
    .name('map')
    .parallelism(1)
    .collect('rows')
})

/** Tasks 0 and 1 send to task 2, which the main thread reads. */
async function world() {
  const prepared = await prepareJob(job, {})
  const plan = planDeployment({
    prepared,
    attempt: 1,
    lineage: 'a',
    jobUrl: '',
    onPrint: undefined,
    checkpointing: false,
  })
  const { memory, deployments } = plan
  const clock = new ManualClock(1_000)
  const meter = new JobMeter()
  const tasks = memory.metrics.map((buffer) => {
    const metrics = new TaskMetrics(buffer)
    return { metrics, times: new TaskTimes(clock, metrics) }
  })
  const look = () =>
    meter.read({ prepared, memory, recordsTotal: undefined, nowMs: clock.monotonicMs() })
  const credit = new OutputCredit({
    doorbell: new Doorbell(Doorbell.allocate()),
    beyondOverdraft: 'grow',
  })
  const outputOf = (task: number) => {
    const options = { codecs: new Codecs(), credit, edge: new EdgeState(), withTime: false }
    return new OutputChannel(deployments[task]!.outputs[0]![0]!, options)
  }
  const inputOf = (task: number, index: number) =>
    new InputChannel(deployments[task]!.inputs[index]!, { codecs: new Codecs(), index })
  return { clock, tasks, look, outputOf, inputOf }
}

test('queues are counted at both of their ends, and last as long as the reader needs', async () => {
  const { clock, tasks, look, outputOf, inputOf } = await world()
  for (const { times } of tasks) times.begin()
  const [one, other, rows] = [outputOf(0), outputOf(1), outputOf(2)]
  for (let page = 0; page < 5; page++) {
    one.write({ i: page }, 0)
    one.publish()
  }
  other.write({ i: 5 }, 0)
  other.publish()
  rows.write({ i: 6 }, 0)
  rows.publish()
  const input = inputOf(2, 0)
  take(input)
  const bytes = one.bytesPublished - input.bytesTaken
  // The map is idle for half of the time, and reads a page in the other half.
  tasks[2]!.metrics.set('bytesIn', input.bytesTaken)
  clock.advance(500)
  tasks[2]!.times.enter('idle')
  clock.advance(500)
  const { bytesInFlight, subtasks } = look()
  const [first, second, third] = subtasks.map(({ queues }) => queues)
  const noInput = { inputPages: 0, inputBytes: 0, inPoolUsage: 0, timeToDrainMs: 0 }
  const full = { outputPages: 4, outputBytes: bytes, outPoolUsage: 4 / 6 }
  expect(first).toEqual({ ...noInput, ...full, outChannelUsageMax: 4 / 6 })
  expect(second).toMatchObject({ ...noInput, outputPages: 1, outputBytes: other.bytesPublished })
  expect(third).toMatchObject({
    inputPages: 5,
    inputBytes: bytes + other.bytesPublished,
    inPoolUsage: 5 / 12,
    outputPages: 1,
    outputBytes: rows.bytesPublished,
  })
  expect(bytesInFlight).toBe(bytes + other.bytesPublished + rows.bytesPublished)
  const speed = input.bytesTaken / 500
  expect(third!.timeToDrainMs).toBeCloseTo((bytes + other.bytesPublished) / speed)
})

test.each(['busy', 'idle'] as const)('a queue that nobody reads lasts for ever: %s', async (is) => {
  const { clock, tasks, look, outputOf } = await world()
  for (const { times } of tasks) times.begin()
  // A task whose channels all wait behind barriers is idle.
  tasks[2]!.times.enter(is)
  const output = outputOf(0)
  output.write({ i: 1 }, 0)
  output.publish()
  clock.advance(1_000)
  expect(look().subtasks[2]!.queues.timeToDrainMs).toBe(Number.POSITIVE_INFINITY)
})

test('times, level and bottleneck are those of the last second', async () => {
  const { clock, tasks, look } = await world()
  for (const { times } of tasks) times.begin()
  clock.advance(5_000)
  expect(look().bottlenecks).toEqual([])
  tasks[0]!.times.enter('softBackpressured')
  clock.advance(600)
  tasks[0]!.times.enter('hardBackpressured')
  clock.advance(310)
  tasks[0]!.times.enter('busy')
  clock.advance(70)
  tasks[2]!.times.enter('idle')
  clock.advance(20)
  const { bottlenecks, subtasks } = look()
  expect(subtasks[0]).toMatchObject({
    busyMs: 5_090,
    softBackpressuredMs: 600,
    hardBackpressuredMs: 310,
    backpressuredMs: 910,
    backpressuredRatio: 0.91,
    backpressureLevel: 'high',
    perSecond: { busyMs: 90, idleMs: 0, softBackpressuredMs: 600, hardBackpressuredMs: 310 },
  })
  expect(subtasks[2]).toMatchObject({ backpressuredRatio: 0, backpressureLevel: 'ok' })
  expect(bottlenecks).toEqual([
    {
      vertex: READING,
      subtask: 0,
      cause: 'task',
      busyRatio: 0.98,
      upstream: { vertex: 'source', subtask: 0, backpressuredRatio: 0.91 },
    },
  ])
})

test('a task that waits for whoever reads its rows is held back from outside', async () => {
  const { clock, tasks, look } = await world()
  for (const { times } of tasks) {
    times.begin()
    times.enter('softBackpressured')
  }
  clock.advance(1_000)
  expect(look().bottlenecks).toEqual([
    {
      vertex: READING,
      subtask: 0,
      cause: 'outside',
      busyRatio: 0,
      upstream: { vertex: READING, subtask: 0, backpressuredRatio: 1 },
    },
  ])
})
