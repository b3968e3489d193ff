/** Sinks that are full and sources that pause, in real workers. */
import { type JobHandle, runJob } from 'sluice'
import { expect, test } from 'vitest'
import type { FlowArgs } from '../fixtures/jobs/adversarial-flow.ts'
import { fixture, within } from './support.ts'

async function started(args: FlowArgs, parallelism: number, config = {}): Promise<JobHandle> {
  const options = { args: { ...args }, parallelism, config }
  return within(args.scenario, runJob(fixture('adversarial-flow.ts'), options))
}

test('timers fire into a full sink no faster than it takes them', async () => {
  const job = await started({ scenario: 'timersIntoSink', records: 1_000 }, 1)
  await within('timers into a full sink', job.finished)
  expect(job.metrics().recordsWritten).toBe(1_000 + 7)
})

test('a sink that is full for long gets every record, whatever the rings', async () => {
  const config = { segmentSize: '256 b', buffersPerChannel: 2, bufferTimeout: '0 ms' }
  const job = await started({ scenario: 'slowSink', records: 1_000 }, 2, config)
  await within('a slow sink', job.finished)
  expect(job.metrics().recordsWritten).toBe(1_000)
})

test('what is known at the end of a pause comes before the next one ends', async () => {
  const job = await started({ scenario: 'windows', records: 0 }, 4)
  const totals = new Map<number, number[]>()
  const reading = async () => {
    for await (const row of job.collect<{ key: number; total: number }>('out')) {
      totals.set(row.key, [...(totals.get(row.key) ?? []), row.total])
      if (totals.get(1)?.length === 20) return
    }
  }
  await within('windows behind a trickle', reading())
  await job.cancel()
  // The split that ended early, and subtasks without any, hold nothing back.
  expect(totals.get(0)).toEqual([0, 10, 20])
  expect(totals.get(1)).toEqual(Array.from({ length: 20 }, (_, k) => 10 * k))
})
