/**
 * `sluice run --stats`: once a second a table with a row for each subtask, and which of them hold
 * the others back.
 * Main thread.
 */
import { every } from '../base/clock.ts'
import type { CheckpointUnderWay } from '../checkpoint/checkpoint-stats.ts'
import { holdsText } from '../checkpoint/holds.ts'
import type { Bottleneck, JobMetrics, SubtaskMetrics } from '../coordinator/metrics-view.ts'
import type { StatusLine } from './status-line.ts'
import { type Column, tableText } from './text-table.ts'

export interface StatsOptions {
  readonly metrics: () => JobMetrics
  readonly line: StatusLine
}

const EVERY_MS = 1000
const NAME_COLUMNS_MAX = 32

/** Shows the table from now on; the returned function ends it and leaves the last one. */
export function showStats({ metrics, line }: StatsOptions): () => void {
  const draw = () => {
    const now = metrics()
    line.update(statsText(now), 1 + underWay(now).length)
  }
  const stop = every(EVERY_MS, draw)
  return () => {
    stop()
    draw()
    line.end({ keep: true })
  }
}

const right = (title: string, text: (row: SubtaskMetrics) => string): Column<SubtaskMetrics> => ({
  title,
  align: 'right',
  text,
})

const columns: readonly Column<SubtaskMetrics>[] = [
  { title: 'task', align: 'left', text: (row) => shortened(taskName(row)) },
  right('in/s', ({ perSecond }) => grouped(perSecond.recordsIn)),
  right('out/s', ({ perSecond }) => grouped(perSecond.recordsOut)),
  right('busy%', ({ perSecond }) => hundredths(perSecond.busyMs / 1000)),
  right('idle%', ({ perSecond }) => hundredths(perSecond.idleMs / 1000)),
  right('soft%', ({ perSecond }) => hundredths(perSecond.softBackpressuredMs / 1000)),
  right('hard%', ({ perSecond }) => hundredths(perSecond.hardBackpressuredMs / 1000)),
  { title: 'level', align: 'left', text: (row) => row.backpressureLevel },
  right('queue', ({ queues }) => sizeText(queues.inputBytes)),
  right('in%', ({ queues }) => hundredths(queues.inPoolUsage)),
  right('out%', ({ queues }) => hundredths(queues.outPoolUsage)),
  right('drain', ({ queues }) => durationText(queues.timeToDrainMs)),
]

/**
 * A line for the titles, one for each subtask, one that tells what holds the job back, and one for
 * each checkpoint that is under way.
 */
export function statsText(metrics: JobMetrics): string {
  const { subtasks, bottlenecks, bytesInFlight } = metrics
  const table = tableText(columns, subtasks)
  const last = `${bottleneckText(bottlenecks)}; ${sizeText(bytesInFlight)} in flight`
  return [table, last, ...underWay(metrics).map(underWayText)].join('\n')
}

function underWay({ checkpointsUnderWay = [] }: JobMetrics): readonly CheckpointUnderWay[] {
  return checkpointsUnderWay
}

/** `checkpoint 7, triggered 1200 ms ago: reduce (1) is in a call of its functions for 900 ms`. */
export function underWayText({ id, sinceMs, waitingFor }: CheckpointUnderWay): string {
  const waits = waitingFor.length === 0 ? 'is being published' : holdsText(waitingFor)
  return `checkpoint ${id}, triggered ${durationText(sinceMs)} ago: ${waits}`
}

/** One clause for each vertex that has any: `sink: busy 98 %, upstream map backpressured 91 %`. */
export function bottleneckText(bottlenecks: readonly Bottleneck[]): string {
  if (bottlenecks.length === 0) return 'no bottleneck: no task is held back'
  const vertices = new Map<string, Bottleneck[]>()
  for (const one of bottlenecks) {
    const key = `${one.cause} ${one.vertex}`
    vertices.set(key, [...(vertices.get(key) ?? []), one])
  }
  return `bottleneck: ${[...vertices.values()].map(clause).join('; ')}`
}

/** Of subtasks of one vertex, the busiest and the most backpressured sender stand for all. */
function clause(subtasks: readonly Bottleneck[]): string {
  const { vertex, subtask, cause } = subtasks[0]!
  const busy = Math.max(...subtasks.map(({ busyRatio }) => busyRatio))
  const [upstream] = subtasks
    .map((one) => one.upstream)
    .sort((a, b) => b.backpressuredRatio - a.backpressuredRatio)
  const waits = percent(upstream!.backpressuredRatio)
  const name =
    subtasks.length > 1 ? `${vertex} (${subtasks.length} subtasks)` : `${vertex} (${subtask})`
  return cause === 'outside'
    ? `what ${name} writes to: it waits ${waits} of the time`
    : `${name}: busy ${percent(busy)}, upstream ${upstream!.vertex} backpressured ${waits}`
}

function taskName({ vertex, subtask }: { vertex: string; subtask: number }): string {
  return `${vertex} (${subtask})`
}

/** The end tells subtasks apart. */
function shortened(text: string): string {
  if (text.length <= NAME_COLUMNS_MAX) return text
  const half = NAME_COLUMNS_MAX >> 1
  return `${text.slice(0, half)}…${text.slice(1 - half)}`
}

function percent(ratio: number): string {
  return `${hundredths(ratio)} %`
}

function hundredths(ratio: number): string {
  return String(Math.round(ratio * 100))
}

function grouped(n: number): string {
  return Math.round(n).toLocaleString('en-US')
}

function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  return bytes < 1_000_000 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return 'never'
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1000)} s`
}
