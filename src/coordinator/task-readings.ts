/**
 * What tasks have counted, read again and again: a rate is the difference of two readings, at least
 * a second apart as soon as a job runs for so long.
 * Threads: main.
 */
import type { TaskCounter, TaskCounters } from '../metrics/task-metrics.ts'
import { readTaskMetrics } from '../metrics/task-metrics.ts'
import type { TaskTimesSpent } from '../metrics/times-at.ts'
import { timesAt } from '../metrics/times-at.ts'
import type { SubtaskRates } from './metrics-view.ts'

export interface TaskReading extends TaskCounters {
  /** Up to the moment of the reading. */
  readonly times: TaskTimesSpent
}

/** All tasks at one moment, on the clock that threads share. */
export interface Reading {
  readonly atMs: number
  /** By task. */
  readonly tasks: readonly TaskReading[]
}

/** `nowMs`: of the monotonic clock, before the call. */
export function readTasks(buffers: readonly SharedArrayBuffer[], nowMs: number): Reading {
  const tasks = buffers.map((buffer) => {
    const counters = readTaskMetrics(buffer)
    return Object.assign(counters, { times: timesAt(counters, nowMs) })
  })
  return { atMs: nowMs, tasks }
}

const WINDOW_MS = 1000
/** Readings that are closer together than this need not all be kept. */
const KEPT_EVERY_MS = 100

/** The readings of a window that slides along, of one attempt of a job. */
export class ReadingWindow {
  #kept: Reading[] = []

  /**
   * Takes the latest reading. Returns the one that it is to be compared with: the latest that is a
   * second older, or the first; undefined for the start of the job.
   */
  take(now: Reading): Reading | undefined {
    const kept = this.#kept
    const isOld = ({ atMs }: Reading) => atMs <= now.atMs - WINDOW_MS
    const from = kept.findLastIndex(isOld)
    if (from > 0) kept.splice(0, from)
    const last = kept.at(-1)
    if (last === undefined || now.atMs - last.atMs >= KEPT_EVERY_MS) kept.push(now)
    return from < 0 ? undefined : kept[0]
  }
}

const NO_TIMES: TaskTimesSpent = {
  busyMs: 0,
  idleMs: 0,
  softBackpressuredMs: 0,
  hardBackpressuredMs: 0,
}

/** What one task did between two readings; `before` is undefined for its start. */
export function ratesOf(task: number, now: Reading, before: Reading | undefined): SubtaskRates {
  const later = now.tasks[task]!
  const earlier = before?.tasks[task]
  const fromMs = Math.max(before?.atMs ?? later.beganMs, later.beganMs)
  const grown = (counter: TaskCounter) => later[counter] - (earlier?.[counter] ?? 0)
  const timesBefore = earlier?.times ?? NO_TIMES
  const spent = (kind: keyof TaskTimesSpent) => Math.max(0, later.times[kind] - timesBefore[kind])
  const busyMs = spent('busyMs')
  const idleMs = spent('idleMs')
  const softBackpressuredMs = spent('softBackpressuredMs')
  const hardBackpressuredMs = spent('hardBackpressuredMs')
  const spentMs = busyMs + idleMs + softBackpressuredMs + hardBackpressuredMs
  const seconds = Math.max(now.atMs - fromMs, spentMs) / 1000
  const perSecond = later.beganMs === 0 || seconds <= 0 ? 0 : 1 / seconds
  return {
    recordsIn: grown('recordsIn') * perSecond,
    recordsOut: grown('recordsOut') * perSecond,
    bytesIn: grown('bytesIn') * perSecond,
    bytesOut: grown('bytesOut') * perSecond,
    busyMs: busyMs * perSecond,
    idleMs: idleMs * perSecond,
    softBackpressuredMs: softBackpressuredMs * perSecond,
    hardBackpressuredMs: hardBackpressuredMs * perSecond,
  }
}
