/**
 * Counters of one task in shared memory: the task adds with plain stores, anybody reads. A reader
 * may see one counter newer than another, never a torn value (aligned doubles).
 */
import type { Activity } from './activity.ts'
import { activities } from './activity.ts'

//  float64 words, a block of memory for each task
//  | counters of the subtask, 23 | activity | records in, out | records in, out | ...
//                                             head of chain     next operator
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
  'idleMs',
  'softBackpressuredMs',
  'hardBackpressuredMs',
  // When the task began to run, on the clock that all threads share; 0 before.
  'beganMs',
  // When the step that it is in began, epoch ms.
  'stepMs',
  // Of checkpoints: the last one that it knows a barrier of, and of which it took a snapshot.
  'barrierId',
  'snapshotId',
  // What the oldest snapshot that is pending waits for: see `snapshotWaits`.
  'snapshotWaits',
  // Channels of its input, and how many barriers of the oldest pending checkpoint are reached.
  'channels',
  'barriersReached',
  // Of the oldest snapshot that is pending: channels whose barrier is not known.
  'barriersUnknown',
] as const

export type TaskCounter = (typeof FIELDS)[number]

/** Records that one operator of a chain was given, and that it emitted. */
export interface OperatorCounters {
  readonly recordsIn: number
  readonly recordsOut: number
}

export interface TaskCounters extends Readonly<Record<TaskCounter, number>> {
  /** The time for it is counted when it ends. */
  readonly activity: Activity
  /** By operator of the chain, head first. */
  readonly operators: readonly OperatorCounters[]
}

/** The place of each counter. */
const INDEX = Object.freeze(
  Object.fromEntries(FIELDS.map((field, i) => [field, i])) as Record<TaskCounter, number>,
)

/** What the task does right now, an int32 in the place of a float64: see `Activity`. */
const ACTIVITY_WORD = 23
const OPERATORS_WORD = 24
const OPERATOR_WORDS = 2
if (FIELDS.length > ACTIVITY_WORD) throw new Error('no room is left for the counters of a subtask')

/** Memory for the counters of a task with so many operators in its chain. */
export function allocateTaskMetrics(operators: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer((OPERATORS_WORD + operators * OPERATOR_WORDS) * 8)
  new Float64Array(buffer)[INDEX.watermarkMs] = Number.NEGATIVE_INFINITY
  return buffer
}

/** The counters of one task, as their owner writes them. Threads: the owning task. */
export class TaskMetrics {
  readonly #words: Float64Array
  readonly #activity: Int32Array

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Float64Array(buffer)
    this.#activity = new Int32Array(buffer, ACTIVITY_WORD * 8, 1)
  }

  get(counter: TaskCounter): number {
    return this.#words[INDEX[counter]]!
  }

  add(counter: TaskCounter, n: number): void {
    const words = this.#words
    const index = INDEX[counter]
    words[index] = words[index]! + n
  }

  set(counter: TaskCounter, value: number): void {
    this.#words[INDEX[counter]] = value
  }

  /** To be called when the time of the activity before is counted. */
  setActivity(activity: Activity): void {
    // Publishes that time: who sees the new activity has it.
    Atomics.store(this.#activity, 0, activities.indexOf(activity))
  }

  setOperator(operator: number, recordsIn: number, recordsOut: number): void {
    const at = OPERATORS_WORD + operator * OPERATOR_WORDS
    this.#words[at] = recordsIn
    this.#words[at + 1] = recordsOut
  }
}

/** A copy of one task's counters. Threads: any. */
export function readTaskMetrics(buffer: SharedArrayBuffer): TaskCounters {
  const words = new Float64Array(buffer)
  // First: see `setActivity`.
  const activity = Atomics.load(new Int32Array(buffer, ACTIVITY_WORD * 8, 1), 0)
  const counters = {} as Record<TaskCounter, number>
  for (let i = 0; i < FIELDS.length; i++) counters[FIELDS[i]!] = words[i]!
  const operators: OperatorCounters[] = []
  for (let at = OPERATORS_WORD; at < words.length; at += OPERATOR_WORDS) {
    operators.push({ recordsIn: words[at]!, recordsOut: words[at + 1]! })
  }
  return Object.assign(counters, { activity: activities[activity]!, operators })
}
