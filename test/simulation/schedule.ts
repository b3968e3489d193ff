/** One schedule of the engine's own proof: a random job, and whatever its seed does to it. */

import type { Job } from '../../src/api/index.ts'
import { prng } from '../../src/base/prng.ts'
import { decodeMetadata } from '../../src/checkpoint/metadata.ts'
import type { PreparedJob } from '../../src/coordinator/prepared-job.ts'
import { prepareJob, sinksOf } from '../../src/coordinator/prepared-job.ts'
import type { Disturbance } from '../../src/testing/simulation/random-disturbances.ts'
import { randomDisturbances } from '../../src/testing/simulation/random-disturbances.ts'
import type { SimulatedDisk } from '../../src/testing/simulation/simulated-disk.ts'
import type { SimulatedSink } from '../../src/testing/simulation/simulated-sink.ts'
import { Violation } from '../../src/testing/simulation/simulated-sink.ts'
import type { SimulationFigures } from '../../src/testing/simulation/simulation.ts'
import { SIMULATED_DIRECTORY, Simulation } from '../../src/testing/simulation/simulation.ts'
import { CheckpointKinds } from './checkpoint-kinds.ts'
import type { PlannedChange } from './option-changes.ts'
import { randomChanges } from './option-changes.ts'
import type { Counts, Item, JobArgs, RandomJob } from './random-job.ts'
import { idOf, jobOf, randomJob } from './random-job.ts'
import { SplitEnds } from './split-ends.ts'

export interface Outcome {
  readonly seed: number
  readonly figures: SimulationFigures
  readonly disturbances: readonly Disturbance[]
  /** Of options, while it ran. */
  readonly changes: number
  readonly rescales: number
  readonly vertices: number
  readonly tasks: number
  readonly mode: string
  readonly edges: readonly string[]
  readonly error: string | undefined
  readonly trace: readonly string[]
}

/** Schedules in a row with the same job: its generated code is compiled once for all of them. */
export const SCHEDULES_A_JOB = 16
const NODES_MAX = 8
const STEPS_MAX = 20_000
/** Then no more is read. */
const STEPS_ENOUGH = 350
const CHECKPOINTS_ENOUGH = 2
/** Nor then, whatever it has seen. */
const STEPS_READ_MAX = 1_000
/** Then only the last checkpoint follows. */
const STEPS_ENDING = 2_500
/** What has not been disturbed until then is not. */
const STEPS_UNDISTURBED_MAX = 550
const TRACE_LINES = 60

/** The job of a run of seeds, and the schedule that is at work on it. */
interface Work {
  readonly key: string
  readonly random: RandomJob
  readonly job: Job<JobArgs>
}

/** Less of what a seed gives: what is left of a failure when it has been shrunk. */
export interface Reduction {
  /** Of the job's nodes, in their order, so many. */
  readonly nodes?: number
  /** At most, of each split. */
  readonly records?: number
  /** Those that are left, by their number. */
  readonly disturbances?: readonly number[]
  readonly diskFaults?: false
  readonly preemptions?: false
  /** Another order of events with all else the same. Default: 0. */
  readonly noise?: number
}

export interface ScheduleOptions {
  /** Lines of trace that are kept. */
  readonly traceLines?: number
  readonly reduction?: Reduction
}

let work: Work | undefined
let current: Schedule | undefined

function workOf(seed: number, reduction: Reduction): Work {
  const block = Math.floor(seed / SCHEDULES_A_JOB)
  const key = `${block} ${reduction.nodes} ${reduction.records}`
  if (work?.key === key) return work
  const random = randomJob(prng(block + 1), reduction)
  const job = jobOf(random, {
    world: () => current!.simulation,
    ends: () => current!.ends,
    exactly: () => current!.isExact,
    violated: (violation) => current!.violated(violation),
  })
  work = { key, random, job }
  return work
}

export async function runSchedule(seed: number, options: ScheduleOptions = {}): Promise<Outcome> {
  const schedule = new Schedule(seed, options)
  current = schedule
  return schedule.run()
}

class Schedule {
  readonly simulation: Simulation
  readonly ends: SplitEnds
  readonly isExact: boolean
  /** How long checkpoints stay aligned, where they may be unaligned. */
  readonly #alignedTimeoutMs: number | undefined
  readonly #seed: number
  readonly #work: Work
  readonly #trace: string[] = []
  readonly #traceLines: number
  readonly #disturbances: readonly Disturbance[]
  readonly #apart: readonly boolean[]
  readonly #changes: readonly PlannedChange[]
  readonly #channelStateBytesMax: number
  /** When it has seen enough only the last checkpoint follows. */
  readonly #endsSoon: boolean
  readonly #operatorIds = new Map<string, string>()
  readonly #kinds = new CheckpointKinds()
  readonly #sinks = new Map<string, SimulatedSink<Item>>()
  #prepared: PreparedJob | undefined
  #parallelism: readonly number[] = []
  /** What it was before each change: the latest checkpoint may be of any. */
  readonly #parallelismBefore: (readonly number[])[] = []
  #mayRescale = true
  #rescales = 0
  #changed = 0
  #changedAt = 0
  /** The process that takes no more checkpoints but the last. */
  #ending = 0
  #violation: Violation | undefined

  constructor(seed: number, { traceLines = TRACE_LINES, reduction = {} }: ScheduleOptions) {
    this.#seed = seed
    this.#traceLines = traceLines
    this.#work = workOf(seed, reduction)
    const random = prng(seed ^ 0x51ed270b)
    this.isExact = random.below(4) !== 0
    this.#alignedTimeoutMs = this.isExact ? alignedTimeoutMsOf(seed) : undefined
    this.#disturbances = randomDisturbances(random).filter(
      (_, k) => reduction.disturbances?.includes(k) ?? true,
    )
    const preemptions = [3, 6, 15, 150][random.below(4)]!
    const diskFaults = random.below(3) === 0 ? 20 : 0
    // Where threads take most of their steps in the middle of others, the rest needs its share.
    const eventsOfEight = Math.max(preemptions < 12 ? 7 : 0, [3, 5, 6, 7][random.below(4)]!)
    this.#channelStateBytesMax = [4_096, 65_536][seed & 1]!
    const more = prng(seed ^ 0x3c6ef372)
    this.#endsSoon = more.below(4) > 0
    this.#changes = randomChanges(more, {
      isExact: this.isExact,
      isStopped: this.#disturbances.some(({ kind }) => kind === 'stop'),
      channelStateBytesMax: this.#channelStateBytesMax,
    })
    this.#apart = Array.from({ length: NODES_MAX }, () => random.below(2) === 0)
    this.simulation = new Simulation({
      random: prng((seed ^ 0x2545f491) + (reduction.noise ?? 0) * 0x10000001),
      prepared: (process) => this.#prepare(process),
      disturbances: this.#disturbances,
      wordsAPreemption: reduction.preemptions === false ? 1e9 : preemptions,
      eventsOfEight,
      diskFaults: reduction.diskFaults === false ? 0 : diskFaults,
      stepsMax: STEPS_MAX,
      observer: {
        checkpointTriggered: (id) => this.#kinds.triggered(id, this.#isUnaligned),
        checkpointCompleted: (id, disk) => this.#checkCut(id, disk),
        stepped: () => {
          if (this.#violation !== undefined) throw this.#violation
          this.#changeOptions()
        },
        failed: (error) => this.#isRefused(error),
        trace: (what) => this.#note(what),
        traceLog: traceLines > TRACE_LINES,
      },
    })
    this.ends = new SplitEnds({
      isEnough: () => this.#isEnough,
      pausesOfTwelve: [1, 4, 7, 9][this.simulation.random.below(4)]!,
    })
  }

  get #isEnough(): boolean {
    const { steps, completed, disturbancesLeft } = this.simulation
    if (steps >= STEPS_READ_MAX) return true
    if (steps < STEPS_ENOUGH || completed < CHECKPOINTS_ENOUGH) return false
    return disturbancesLeft === 0 || steps >= STEPS_UNDISTURBED_MAX
  }

  /** As the next checkpoint is triggered. */
  get #isUnaligned(): boolean {
    const { checkpointing } = this.simulation
    return checkpointing?.unaligned ?? this.#alignedTimeoutMs !== undefined
  }

  /** Checkpoints without end could keep all else from its turn. */
  get #endsNow(): boolean {
    return this.simulation.steps >= STEPS_ENDING || (this.#endsSoon && this.#isEnough)
  }

  #changeOptions(): void {
    const { simulation } = this
    const due = this.#changes[this.#changed]
    if (due !== undefined && simulation.steps >= this.#changedAt + due.steps) {
      if (!simulation.update(due.change)) return
      this.#changed++
      this.#changedAt = simulation.steps
    } else if (this.#endsNow && this.#ending !== simulation.processes) {
      if (simulation.update({ interval: null })) this.#ending = simulation.processes
    }
  }

  violated(violation: Violation): void {
    this.#violation ??= violation
  }

  async run(): Promise<Outcome> {
    let error: string | undefined
    try {
      await this.simulation.run()
      this.#checkEnd()
    } catch (thrown) {
      error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
    }
    const { nodes } = this.#work.random
    return {
      seed: this.#seed,
      figures: this.simulation.figures,
      disturbances: this.#disturbances,
      changes: this.#changed,
      rescales: this.#rescales,
      vertices: this.#prepared?.execution.vertices.length ?? 0,
      tasks: this.#prepared?.execution.tasks.length ?? 0,
      mode: this.#mode,
      edges: nodes.map((node) => (node.kind === 'map' ? node.edge : node.kind)),
      error,
      trace: this.#trace,
    }
  }

  get #mode(): string {
    if (!this.isExact) return 'at-least-once'
    return this.#alignedTimeoutMs === undefined ? 'exactly-once' : 'unaligned'
  }

  #note(what: string): void {
    this.#trace.push(what)
    if (this.#trace.length > 2 * this.#traceLines) this.#trace.splice(0, this.#traceLines)
  }

  async #prepare(process: number): Promise<PreparedJob> {
    const random = prng(Math.imul(this.#seed, 31) + process)
    const rescales = process > 1 && random.below(3) > 0 && this.#mayRescale
    if (rescales) this.#parallelismBefore.push(this.#parallelism)
    if (process === 1 || rescales) {
      this.#parallelism = this.#work.random.nodes.map(() => [1, 1, 2, 3, 3, 4][random.below(6)]!)
    }
    if (rescales) this.#rescales++
    const maxConcurrent = [1, 1, 2, 3, 8][random.below(5)]!
    // As many as there can be, and time between them for as many steps as they take.
    const subtasks = this.#parallelism.reduce((sum, one) => sum + one, 0)
    const intervalMs = maxConcurrent > 2 ? 10 + 2 * subtasks : 20 + subtasks + random.below(20)
    const config = {
      maxParallelism: 8,
      segmentSize: 256,
      buffersPerChannel: 2 << random.below(3),
      bufferTimeout: [0, 0, 1, 10][random.below(4)]!,
      'checkpoints.dir': SIMULATED_DIRECTORY,
      'checkpoints.interval': Math.max(10, intervalMs),
      'checkpoints.mode': this.isExact ? 'exactly-once' : 'at-least-once',
      ...(this.#alignedTimeoutMs === undefined
        ? {}
        : {
            'checkpoints.unaligned': true,
            'checkpoints.alignedTimeout': this.#alignedTimeoutMs,
          }),
      'checkpoints.channelStateBytesMax': this.#channelStateBytesMax,
      'checkpoints.maxConcurrent': maxConcurrent,
      'checkpoints.timeout': random.below(4) === 0 ? 300 + random.below(400) : 100_000,
      'checkpoints.inlineThreshold': random.below(2) === 0 ? 0 : '20 kb',
      'checkpoints.retained': 1 + random.below(3),
      'checkpoints.history': 6,
      'checkpoints.retention': 'retain-on-cancellation',
      'restart.attempts': 1_000,
      'restart.delay': random.below(20),
      restore: process === 1 ? 'none' : 'latest',
    }
    const args = { parallelism: this.#parallelism, apart: this.#apart }
    this.#prepared = await prepareJob(this.#work.job as unknown as Job, {
      args: args as unknown as Record<string, unknown>,
      config,
    })
    for (const { sink, operatorId } of sinksOf(this.#prepared.jobGraph)) {
      const simulated = sink as SimulatedSink<Item>
      if (process === 1) simulated.begin(this.simulation)
      this.#sinks.set(sink.name, simulated)
      this.#operatorIds.set(sink.name, operatorId)
    }
    return this.#prepared
  }

  /** In-flight data of a forward exchange cannot be restored at another parallelism. */
  #isRefused(error: Error & { readonly code?: string }): boolean {
    const before = this.#parallelismBefore.pop()
    if (error.code !== 'RESTORE_IN_FLIGHT' || before === undefined) return false
    this.#parallelism = before
    this.#mayRescale = false
    return true
  }

  /** What is committed, and what the checkpoint holds, is what came of all that was read. */
  #checkCut(checkpointId: number, disk: SimulatedDisk): void {
    const name = `${SIMULATED_DIRECTORY}/chk-${checkpointId}/_metadata`
    const metadata = decodeMetadata(disk.bytesOf(name), name)
    const tasks = metadata.vertices.flatMap((vertex) => vertex.tasks)
    const holdsInFlight = tasks.some((task) => task.inFlight !== undefined)
    this.#kinds.completed(checkpointId, holdsInFlight)
    // What is on its way comes out later: the end shows whether all of it did.
    if (!this.isExact || holdsInFlight) return
    // Of the others all was read.
    const read = new Map(this.ends.ends)
    const splits = [
      ...tasks.flatMap((task) => task.source?.splits ?? []),
      ...metadata.sources.flatMap((source) => source.splits),
    ]
    for (const { split, read: records } of splits) read.set(split.s as number, records)
    for (const [sink, expected] of this.#work.random.model.outputs(read, false)) {
      const operatorId = this.#operatorIds.get(sink)
      const own = metadata.committables.filter((one) => one.operatorId === operatorId)
      const items = this.#rows(
        sink,
        own.flatMap(({ committables }) => committables),
      )
      compare(`checkpoint ${checkpointId}, ${sink}`, {
        expected,
        given: countsOf(items.filter(({ s }) => s >= 0)),
      })
    }
  }

  #checkEnd(): void {
    for (const [sink, expected] of this.#work.random.model.outputs(this.ends.ends, true)) {
      const given = countsOf(this.#rows(sink))
      if (this.isExact) compare(sink, { expected, given })
      else compareAtLeast(sink, { expected, given })
    }
    // What could not be deleted is found at the next start.
    if (this.simulation.figures.diskFaults > 0) return
    const left = this.simulation.disk.list().filter((path) => !isOwned(path))
    if (left.length > 0) throw new Violation(`files that nobody owns: ${left.join(', ')}`)
  }

  #rows(sink: string, committables: readonly unknown[] = []): readonly Item[] {
    return this.#sinks.get(sink)!.rows(committables)
  }
}

/** Drawn apart, so that the rest of a schedule is what it was without. */
function alignedTimeoutMsOf(seed: number): number | undefined {
  const random = prng(seed ^ 0x1b873593)
  if (random.below(5) > 1) return undefined
  return [0, 0, 3, 30][random.below(4)]
}

/** Of a job that has finished. */
function isOwned(path: string): boolean {
  return [`${SIMULATED_DIRECTORY}/job.json`, `${SIMULATED_DIRECTORY}/history.jsonl`].includes(path)
}

function countsOf(items: readonly Item[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) {
    const id = idOf(item)
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}

interface Compared {
  readonly expected: Counts
  readonly given: Counts
}

function compare(where: string, { expected, given }: Compared): void {
  const wrong: string[] = []
  for (const [id, count] of expected) {
    const other = given.get(id) ?? 0
    if (other !== count) wrong.push(`${id} ${other} times, not ${count}`)
  }
  for (const id of given.keys()) if (!expected.has(id)) wrong.push(`${id}: not expected`)
  if (wrong.length > 0) throw new Violation(`${where}: ${told(wrong)}`)
}

/** Counts of a key may be larger than they should. */
function compareAtLeast(where: string, { expected, given }: Compared): void {
  const wrong: string[] = []
  for (const [id, count] of expected) {
    if (id.startsWith('-')) continue
    if ((given.get(id) ?? 0) < count) wrong.push(`${id} ${given.get(id) ?? 0} times, not ${count}`)
  }
  if (wrong.length > 0) throw new Violation(`${where}: ${told(wrong)}`)
}

function told(wrong: readonly string[]): string {
  return `${wrong.length} wrong: ${wrong.slice(0, 5).join('; ')}`
}
