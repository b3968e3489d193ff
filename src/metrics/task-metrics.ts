/**
 * Counters of one task in shared memory: the task adds with plain stores, anybody reads. A reader
 * may see one counter newer than another, never a torn value (aligned doubles).
 */

//  one row of float64 words a task
const FIELDS = [
  'recordsIn',
  'recordsOut',
  'bytesIn',
  'bytesOut',
  'watermarkMs',
  'recordsSunk',
  'recordsUnreadable',
  'lateRecordsDropped',
  'busyMs',
  'backpressuredMs',
  'idleMs',
] as const

export type TaskCounter = (typeof FIELDS)[number]
export type TaskCounters = Readonly<Record<TaskCounter, number>>

/** The place of each counter in its row. */
const INDEX = Object.freeze(
  Object.fromEntries(FIELDS.map((field, i) => [field, i])) as Record<TaskCounter, number>,
)

const ROW_WORDS = 16
if (FIELDS.length > ROW_WORDS) throw new Error('a row of counters is too short for its fields')

/** Memory for the counters of `tasks` tasks. */
export function allocateTaskMetrics(tasks: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(Math.max(1, tasks) * ROW_WORDS * 8)
  const words = new Float64Array(buffer)
  for (let t = 0; t < tasks; t++) {
    words[t * ROW_WORDS + INDEX.watermarkMs] = Number.NEGATIVE_INFINITY
  }
  return buffer
}

/** The row of one task, as its owner writes it. Threads: the owning task. */
export class TaskMetrics {
  readonly #words: Float64Array

  constructor(buffer: SharedArrayBuffer, task: number) {
    this.#words = new Float64Array(buffer, task * ROW_WORDS * 8, ROW_WORDS)
  }

  add(counter: TaskCounter, n: number): void {
    const words = this.#words
    const index = INDEX[counter]
    words[index] = words[index]! + n
  }

  set(counter: TaskCounter, value: number): void {
    this.#words[INDEX[counter]] = value
  }
}

/** A copy of one task's counters. Threads: any. */
export function readTaskMetrics(buffer: SharedArrayBuffer, task: number): TaskCounters {
  const words = new Float64Array(buffer, task * ROW_WORDS * 8, ROW_WORDS)
  return Object.fromEntries(FIELDS.map((field, i) => [field, words[i]!])) as TaskCounters
}
