import { expect, test } from 'vitest'
import { totalsOf } from '../../src/cli/totals.ts'
import type { SubtaskMetrics } from '../../src/coordinator/metrics-view.ts'
import type { JobResult } from '../../src/coordinator/run-options.ts'

const subtask = {
  vertex: 'source',
  subtask: 0,
  recordsIn: 0,
  recordsOut: 0,
  bytesIn: 0,
  bytesOut: 0,
  watermarkMs: 0,
  lateRecordsDropped: 0,
  recordsUnreadable: 0,
  busyMs: 0,
  backpressuredMs: 0,
  idleMs: 0,
  operators: [],
} as unknown as SubtaskMetrics

test('what was read, lost, printed and written is told, and nothing that did not happen', () => {
  expect(totalsOf(result('finished', []), 0).text).toBe('10 records read, 7 written in 1.5 s')
  const lossy = [
    { ...subtask, recordsUnreadable: 2 },
    { ...subtask, recordsUnreadable: 1, lateRecordsDropped: 4 },
  ]
  const { text, fields } = totalsOf(result('finished', lossy), 5)
  expect(text).toBe(
    '10 records read, 3 unreadable, 4 dropped as late, 5 printed, 7 written in 1.5 s',
  )
  expect(fields).toMatchObject({ recordsUnreadable: 3, lateRecordsDropped: 4, recordsPrinted: 5 })
})

test('a job that was cancelled claims no output', () => {
  expect(totalsOf(result('canceled', []), 0).text).toBe(
    '10 records read in 1.5 s; output that was not committed is withdrawn',
  )
})

function result(status: JobResult['status'], subtasks: readonly SubtaskMetrics[]): JobResult {
  const metrics = {
    recordsRead: 10,
    recordsWritten: 7,
    bytesInFlight: 0,
    bottlenecks: [],
    eventTimeMs: 0,
    subtasks,
  }
  return { status, durationMs: 1500, metrics }
}
