/**
 * Simulates a job: the tasks, rings and coordinator of a real run in one thread, where a seed
 * decides every interleaving, delay, crash and failure of the disk.
 * Threads: the caller's.
 */
import type { Job } from '../api/job.ts'
import { prng } from '../base/prng.ts'
import { prepareJob, sinksOf } from '../coordinator/prepared-job.ts'
import { randomDisturbances } from './simulation/random-disturbances.ts'
import { SimulatedSink, Violation } from './simulation/simulated-sink.ts'
import type { SimulationFigures } from './simulation/simulation.ts'
import { SIMULATED_DIRECTORY, Simulation } from './simulation/simulation.ts'

export interface SimulateOptions {
  /** Of the schedule: the same seed gives the same run again. */
  readonly seed: number
  /** The job's own arguments. */
  readonly args?: Readonly<Record<string, unknown>>
  /** Options of the engine; those of checkpoints that are not given are chosen by the seed. */
  readonly config?: Readonly<Record<string, unknown>>
  /** The seed chooses one of them for each process of the job's life. Default: 1 and 2. */
  readonly parallelism?: readonly number[]
  /** Whether operations on the disk may fail. Default: true. */
  readonly diskFaults?: boolean
  /** A job that has not ended by then never will. Default: 100 000. */
  readonly stepsMax?: number
}

export interface SimulateResult extends SimulationFigures {
  /** What was published by the sink of that name. */
  rows<T = unknown>(name: string): readonly T[]
  /** The last things that happened, oldest first. */
  readonly trace: readonly string[]
}

const TRACE_LINES = 100

/** A sink for `simulate`, which publishes what checkpoints have made durable. */
export function simulatedSink<T>(name: string): SimulatedSink<T> {
  return new SimulatedSink<T>(name)
}

/**
 * Runs the job to its end, whatever happens to it on the way. Rejects with what went wrong; the
 * message has the seed and the last lines of the trace. What the job gives goes to sinks that
 * `simulatedSink` made.
 *
 * @example
 * const sink = simulatedSink<{ n: number }>('numbers')
 * const job = defineJob('numbers', (env) => {
 *   env.from(collection([{ n: 1 }, { n: 2 }])).to(sink)
 * })
 * for (let seed = 1; seed <= 20; seed++) {
 *   const { rows } = await simulate(job, { seed })
 *   assert.deepEqual(rows('numbers'), [{ n: 1 }, { n: 2 }])
 * }
 */
export async function simulate<Args>(
  job: Job<Args>,
  options: SimulateOptions,
): Promise<SimulateResult> {
  const random = prng(options.seed)
  const { parallelism = [1, 2] } = options
  const trace: string[] = []
  const sinks = new Map<string, SimulatedSink<unknown>>()
  const config = () => ({
    'checkpoints.interval': 10 + random.below(30),
    'checkpoints.maxConcurrent': 1 + random.below(3),
    'checkpoints.inlineThreshold': random.below(2) === 0 ? 0 : '20 kb',
    'restart.attempts': 1_000,
    segmentSize: 256 << random.below(3),
    buffersPerChannel: 2 << random.below(3),
    bufferTimeout: [0, 0, 1, 10][random.below(4)]!,
    ...options.config,
    'checkpoints.dir': SIMULATED_DIRECTORY,
  })
  const simulation: Simulation = new Simulation({
    random,
    prepared: async (process) => {
      const prepared = await prepareJob(job as Job, {
        args: options.args,
        config: { ...config(), restore: process === 1 ? 'none' : 'latest' },
        parallelism: parallelism[random.below(parallelism.length)],
      })
      for (const { sink } of sinksOf(prepared.jobGraph)) {
        if (!(sink instanceof SimulatedSink)) continue
        if (process === 1) sink.begin(simulation)
        sinks.set(sink.name, sink)
      }
      return prepared
    },
    disturbances: randomDisturbances(random),
    wordsAPreemption: [2, 5, 15, 150][random.below(4)]!,
    eventsOfEight: [0, 2, 4, 6][random.below(4)]!,
    diskFaults: options.diskFaults === false || random.below(3) > 0 ? 0 : 20,
    stepsMax: options.stepsMax ?? 100_000,
    observer: {
      checkpointCompleted: () => {},
      stepped: () => {},
      traceLog: true,
      trace: (what) => {
        trace.push(what)
        if (trace.length > 2 * TRACE_LINES) trace.splice(0, TRACE_LINES)
      },
    },
  })
  try {
    await simulation.run()
  } catch (cause) {
    throw new Error(`seed ${options.seed}: ${String(cause)}\n${trace.join('\n')}`, { cause })
  }
  return { ...simulation.figures, trace, rows: (name) => rowsOf(sinks, name) }
}

function rowsOf<T>(sinks: ReadonlyMap<string, SimulatedSink<unknown>>, name: string): readonly T[] {
  const sink = sinks.get(name)
  if (sink === undefined) throw new Violation(`the job has no simulated sink '${name}'`)
  return sink.rows() as readonly T[]
}
