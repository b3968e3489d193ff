/** The latency job: when its records are due, and that a stall counts for each that waited. */
import hdr from 'hdr-histogram-js'
import { checkSource, runInline } from 'sluice/testing'
import { expect, test } from 'vitest'
import latencyJob from '../../native-bench/jobs/latency.ts'
import { monotonicMs } from '../../native-bench/latency/clock.ts'
import { LatencyFigures } from '../../native-bench/latency/figures.ts'
import { paced } from '../../native-bench/latency/paced.ts'
import { recorder } from '../../native-bench/latency/recorder.ts'

const KEYS = 10
const RATE = 1_000_000

function newFigures() {
  const buffer = LatencyFigures.allocate()
  return { buffer, figures: new LatencyFigures(buffer) }
}

const decoded = (figures: LatencyFigures) => hdr.decodeFromCompressedBase64(figures.histogram)

test('records are due at a fixed rate, over all keys, and the same when read again', async () => {
  const { figures } = newFigures()
  // All of them were due long ago: then batches are as large as they may be.
  figures.startMs = monotonicMs() - 60_000
  const records = await checkSource(paced({ keys: KEYS, rate: RATE, records: 5_000 }, figures))
  const late = records.filter(
    ({ dueMs }, i) => Math.abs(dueMs - figures.startMs - (i * 1e3) / RATE) > 1e-6,
  )
  expect(late).toEqual([])
  const keys = records.slice(0, KEYS).map(({ key }) => key)
  expect(keys.sort()).toEqual(Array.from({ length: KEYS }, (_, k) => `key-00000${k}`))
})

test('a record is not given before it is due', () => {
  const { figures } = newFigures()
  figures.startMs = monotonicMs() + 60_000
  const clock = { nowMs: () => 7, monotonicMs }
  const reader = paced({ keys: KEYS, rate: RATE }, figures).reader({
    subtask: 0,
    parallelism: 1,
    clock,
    wake() {},
  })
  reader.open({ id: 'all' }, undefined)
  expect(reader.next()).toBe('later')
  expect(reader.laterMs).toBe(7)
  reader.close()
})

test('latency counts from the moment a record was due, and not before the warm-up is over', () => {
  const { figures } = newFigures()
  figures.startMs = monotonicMs() - 1_000
  const context = {} as Parameters<ReturnType<typeof recorder>['writer']>[0]
  const writer = recorder({ warmUpMs: 400 }, figures).writer(context)
  for (const afterMs of [0, 399, 400, 900]) writer.write({ dueMs: figures.startMs + afterMs }, 0)
  writer.close()
  const histogram = decoded(figures)
  expect(histogram.totalCount).toBe(2)
  expect(histogram.getValueAtPercentile(100)).toBeGreaterThanOrEqual(599_000)
  expect(histogram.minNonZeroValue).toBeGreaterThanOrEqual(99_900)
  expect(histogram.minNonZeroValue).toBeLessThan(histogram.maxValue - 400_000)
})

test('the job counts every record once', async () => {
  const { buffer, figures } = newFigures()
  await runInline(latencyJob, {
    args: { keys: KEYS, records: 3_000, warmUpMs: 0, figures: buffer },
  })
  expect(decoded(figures).totalCount).toBe(3_000)
})
