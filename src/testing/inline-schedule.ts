/**
 * When an inline run takes checkpoints and when it crashes, counted in records and in steps, and,
 * with a seed, in which order and in how small steps its tasks work. Lives as long as the job.
 * Threads: the caller's.
 */
import { SluiceError } from '../base/errors.ts'
import type { Prng } from '../base/prng.ts'
import { prng } from '../base/prng.ts'
import type { Pacing, TaskPacing } from '../task/pacer.ts'
import { Pacer } from '../task/pacer.ts'

/** When checkpoints are taken, besides the one at the end. */
export interface CheckpointSchedule {
  /** Whenever the sources have read so many records more. */
  readonly everyRecords?: number | undefined
  /**
   * After every so many steps: a step is a run of records through a task, or one timer or window
   * that fires.
   */
  readonly everySteps?: number | undefined
}

/** When the job crashes. */
export interface CrashSchedule {
  /** When the sources have read so many records, those that are read again included. */
  readonly afterRecords?: readonly number[] | undefined
  /** After so many steps in all: see `checkpoints.everySteps`. */
  readonly afterSteps?: readonly number[] | undefined
  /** When so many checkpoints are complete in all. */
  readonly afterCheckpoints?: readonly number[] | undefined
}

export interface InlineScheduleOptions {
  readonly checkpoints: CheckpointSchedule
  readonly crashes: CrashSchedule
  readonly seed: number | undefined
}

/** The largest run of records, and the largest part of a snapshot, where a seed decides. */
const RANDOM_RECORDS_MAX = 12
const RANDOM_ENTRIES_MAX = 2

export class InlineSchedule {
  readonly #random: Prng | undefined
  readonly #records: Counter
  readonly #steps: Counter
  readonly #completed: Counter

  constructor({ checkpoints, crashes, seed }: InlineScheduleOptions) {
    this.#random = seed === undefined ? undefined : prng(seed)
    this.#records = new Counter(checkpoints.everyRecords, crashes.afterRecords)
    this.#steps = new Counter(checkpoints.everySteps, crashes.afterSteps)
    this.#completed = new Counter(undefined, crashes.afterCheckpoints)
  }

  /** True as often as a die of so many sides shows its first; never without a seed. */
  chance(sides: number): boolean {
    return this.#random?.below(sides) === 0
  }

  /** In the order in which they are to take a step. */
  ordered<T>(tasks: readonly T[]): readonly T[] {
    const random = this.#random
    if (random === undefined) return tasks
    const left = [...tasks]
    return tasks.map(() => left.splice(random.below(left.length), 1)[0]!)
  }

  /**
   * Of one task. `isBusy` tells whether a checkpoint is on its way: then, without a seed, sources
   * wait, so that what is told in records comes at the very record.
   */
  pacing(isSource: boolean, isBusy: () => boolean): TaskPacing {
    const records = this.#pacing(RANDOM_RECORDS_MAX)
    return {
      records: isSource ? this.#ofSource(records, isBusy) : this.#counted(records),
      snapshots: this.#pacing(RANDOM_ENTRIES_MAX),
      pauses: () => {
        // What is due is asked first, or a checkpoint at every step would leave no step.
        const isDue = this.#steps.isDue
        this.#steps.count(1)
        return isDue || this.chance(8)
      },
    }
  }

  /** True once for each checkpoint that is due. */
  takeCheckpoint(): boolean {
    return this.#records.takeCheckpoint() || this.#steps.takeCheckpoint()
  }

  /** True once for each crash that is due. */
  takeCrash(checkpointsCompleted: number): boolean {
    this.#completed.reach(checkpointsCompleted)
    return this.#records.takeCrash() || this.#steps.takeCrash() || this.#completed.takeCrash()
  }

  #ofSource(records: Pacing, isBusy: () => boolean): Pacing {
    const counted = this.#counted(records)
    const mustWait = () => this.#random === undefined && isBusy()
    const left = () => this.#records.left
    return {
      get records() {
        return mustWait() ? 0 : Math.min(counted.records, left())
      },
      observe: (count, ms) => {
        if (count === 0) return
        counted.observe(count, ms)
        this.#records.count(count)
      },
      goesOn: (ms) => counted.goesOn(ms),
    }
  }

  #counted(records: Pacing): Pacing {
    return {
      get records() {
        return records.records
      },
      observe: (count, ms) => {
        records.observe(count, ms)
        this.#steps.count(1)
      },
      goesOn: (ms) => records.goesOn(ms),
    }
  }

  #pacing(recordsMax: number): Pacing {
    const random = this.#random
    if (random === undefined) return new Pacer()
    return {
      get records() {
        return 1 + random.below(recordsMax)
      },
      observe: () => {},
      goesOn: () => random.below(2) === 0,
    }
  }
}

/** One count, and what is due at which of its values. */
class Counter {
  #count = 0
  readonly #every: number
  #checkpointAt: number
  /** In order. */
  readonly #crashesAt: number[]

  constructor(every: number | undefined, crashesAt: readonly number[] | undefined) {
    for (const number of [every ?? 1, ...(crashesAt ?? [])]) checkCount(number)
    this.#every = every ?? Number.POSITIVE_INFINITY
    this.#checkpointAt = this.#every
    this.#crashesAt = (crashesAt ?? []).toSorted((a, b) => a - b)
  }

  get left(): number {
    return Math.max(1, Math.min(this.#checkpointAt, this.#crashAt) - this.#count)
  }

  get isDue(): boolean {
    return this.#count >= Math.min(this.#checkpointAt, this.#crashAt)
  }

  count(more: number): void {
    this.#count += more
  }

  reach(count: number): void {
    this.#count = count
  }

  takeCheckpoint(): boolean {
    if (this.#count < this.#checkpointAt) return false
    this.#checkpointAt = this.#count + this.#every
    return true
  }

  takeCrash(): boolean {
    if (this.#count < this.#crashAt) return false
    this.#crashesAt.shift()
    return true
  }

  get #crashAt(): number {
    return this.#crashesAt[0] ?? Number.POSITIVE_INFINITY
  }
}

function checkCount(count: number): void {
  if (Number.isSafeInteger(count) && count > 0) return
  throw new SluiceError('BAD_OPTION', `checkpoints and crashes cannot come after ${count}`, {
    hint: 'give whole numbers of records or of steps, from 1 on',
  })
}
