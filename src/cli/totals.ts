/** What a job has done, as the last line of the log. */
import type { SubtaskMetrics } from '../coordinator/metrics-view.ts'
import type { JobResult } from '../coordinator/run-options.ts'

export interface Totals {
  readonly text: string
  /** The same for programs. */
  readonly fields: Readonly<Record<string, number>>
}

/** `recordsPrinted` are the lines that went to standard output. */
export function totalsOf(
  { status, durationMs, metrics }: JobResult,
  recordsPrinted: number,
): Totals {
  const sum = (counter: (one: SubtaskMetrics) => number) =>
    metrics.subtasks.reduce((total, one) => total + counter(one), 0)
  const { recordsRead, recordsWritten } = metrics
  const recordsUnreadable = sum((one) => one.recordsUnreadable)
  const lateRecordsDropped = sum((one) => one.lateRecordsDropped)
  const seconds = durationMs / 1000
  const parts = [
    `${recordsRead} records read`,
    ...(recordsUnreadable > 0 ? [`${recordsUnreadable} unreadable`] : []),
    ...(lateRecordsDropped > 0 ? [`${lateRecordsDropped} dropped as late`] : []),
    ...(recordsPrinted > 0 ? [`${recordsPrinted} printed`] : []),
    ...(status === 'finished' ? [`${recordsWritten} written`] : []),
  ]
  const withdrawn = status === 'finished' ? '' : '; output that was not committed is withdrawn'
  return {
    text: `${parts.join(', ')} in ${seconds} s${withdrawn}`,
    fields: {
      recordsRead,
      recordsUnreadable,
      lateRecordsDropped,
      recordsPrinted,
      recordsWritten,
      seconds,
    },
  }
}
