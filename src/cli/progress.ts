/**
 * Shows how far a job has come: a bar on a terminal, a plain line every few seconds elsewhere.
 * Main thread.
 */
import { type Clock, every, systemClock } from '../base/clock.ts'
import { StatusLine, type TextStream } from './status-line.ts'

/** What is shown of a job's metrics. */
export interface ProgressMetrics {
  readonly recordsRead: number
  readonly recordsTotal?: number
  /** Epoch ms; not finite before the first watermark and at the end. */
  readonly eventTimeMs: number
}

/** The latest complete checkpoint. */
export interface ProgressCheckpoint {
  readonly id: number
  readonly durationMs?: number
  readonly bytes: number
}

export interface ProgressOptions {
  readonly metrics: () => ProgressMetrics
  /** Undefined before the first. */
  readonly checkpoint?: () => ProgressCheckpoint | undefined
  /** Default: standard error. */
  readonly stream?: TextStream
  /** Shares the terminal with others, such as the log. Default: a line of its own. */
  readonly line?: StatusLine
  readonly clock?: Clock
}

const REDRAW_MS = 100
const LINE_MS = 2_000
/** The rate is that of the last seconds, so that it shows what happens now. */
const RATE_WINDOW_MS = 2_000
const BAR_COLUMNS_MAX = 24
const BAR_COLUMNS_MIN = 8

/** Shows progress from now on; the returned function ends it and shows where the job stands. */
export function showProgress(options: ProgressOptions): () => void {
  const line = options.line ?? new StatusLine(options.stream ?? process.stderr)
  const clock = options.clock ?? systemClock
  const rate = new Rate(clock.monotonicMs())
  const draw = (ended: boolean) => {
    const metrics = options.metrics()
    const perSecond = rate.of(metrics.recordsRead, { nowMs: clock.monotonicMs(), ended })
    const columns = line.interactive ? line.columns - 1 : undefined
    line.update(progressText(metrics, { perSecond, columns, checkpoint: options.checkpoint?.() }))
  }
  const stop = every(line.interactive ? REDRAW_MS : LINE_MS, () => draw(false))
  if (line.interactive) draw(false)
  return () => {
    stop()
    draw(true)
    line.end({ keep: true })
  }
}

interface TextOptions {
  readonly perSecond: number
  /** Width of the terminal; without it there is no bar. */
  readonly columns: number | undefined
  readonly checkpoint?: ProgressCheckpoint | undefined
}

/** One line of text. On a terminal too narrow for all of it, what can be spared is left out. */
export function progressText(metrics: ProgressMetrics, options: TextOptions): string {
  const { columns } = options
  const whole = partsText(metrics, options)
  if (columns === undefined) return whole
  const withoutTime = partsText({ ...metrics, eventTimeMs: Number.NaN }, options)
  const least = withoutTime.replace(/ of [\d,]+ records/, ' records')
  const text = [whole, withoutTime].find(({ length }) => length <= columns) ?? least
  const share = shareOf(metrics)
  return share === undefined ? text : bar(share, columns - text.length - 1) + text
}

function partsText(metrics: ProgressMetrics, { perSecond, checkpoint }: TextOptions): string {
  const { recordsRead, recordsTotal, eventTimeMs } = metrics
  const share = shareOf(metrics)
  const ofTotal = recordsTotal === undefined ? '' : ` of ${grouped(recordsTotal)}`
  return [
    ...(share === undefined ? [] : [`${String(Math.floor(share * 100)).padStart(3)} %`]),
    `${grouped(recordsRead)}${ofTotal} records`,
    `${grouped(perSecond)}/s`,
    ...(Number.isFinite(eventTimeMs) ? [`event time ${minutes(eventTimeMs)}`] : []),
    ...(checkpoint === undefined ? [] : [checkpointText(checkpoint)]),
  ].join('  ')
}

function checkpointText({ id, durationMs, bytes }: ProgressCheckpoint): string {
  const took = durationMs === undefined ? '' : `, ${grouped(durationMs)} ms`
  return `checkpoint ${id}${took}, ${sizeText(bytes)}`
}

function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`
  const isSmall = bytes < 1_000_000
  return isSmall ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

/** Left out where the terminal is too narrow for it. */
function bar(share: number, room: number): string {
  const columns = Math.min(BAR_COLUMNS_MAX, room)
  if (columns < BAR_COLUMNS_MIN) return ''
  const done = Math.round(share * columns)
  return `${'█'.repeat(done)}${'░'.repeat(columns - done)} `
}

/** Undefined where nobody knows how many records there are. */
function shareOf({ recordsRead, recordsTotal }: ProgressMetrics): number | undefined {
  if (recordsTotal === undefined) return undefined
  return recordsTotal === 0 ? 1 : Math.min(1, recordsRead / recordsTotal)
}

function grouped(n: number): string {
  return Math.round(n).toLocaleString('en-US')
}

function minutes(epochMs: number): string {
  const date = new Date(epochMs)
  if (Number.isNaN(date.getTime())) return String(epochMs)
  return date.toISOString().slice(0, 16).replace('T', ' ')
}

/** Records a second over the last seconds, and over the whole time at the end. */
class Rate {
  readonly #startMs: number
  #samples: { readonly atMs: number; readonly records: number }[]

  constructor(startMs: number) {
    this.#startMs = startMs
    this.#samples = [{ atMs: startMs, records: 0 }]
  }

  of(records: number, now: { readonly nowMs: number; readonly ended: boolean }): number {
    this.#samples.push({ atMs: now.nowMs, records })
    const second = this.#samples.findIndex(({ atMs }) => atMs >= now.nowMs - RATE_WINDOW_MS)
    this.#samples.splice(0, Math.max(0, second - 1))
    const from = now.ended ? { atMs: this.#startMs, records: 0 } : this.#samples[0]!
    const elapsedMs = now.nowMs - from.atMs
    return elapsedMs <= 0 ? 0 : ((records - from.records) * 1000) / elapsedMs
  }
}
