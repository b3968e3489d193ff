/**
 * Runs stalling jobs in real threads, with checkpoints as fast as they may come; kills their
 * threads and processes, goes on at another parallelism and with other checkpoints, and compares
 * what they have written with a plain loop.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Prng, prng } from '../../src/base/prng.ts'
import { type ChildEnd, type LogLine, runChild } from '../kill/start-child.ts'
import { leftoversIn } from '../kill/visible-output.ts'
import { compareOutput } from './expected-rows.ts'
import { type JobPlan, planJob, planStart, type StartPlan } from './stress-plan.ts'

export interface StressOptions {
  /** Of the repository. */
  readonly root: string
  /** For output and checkpoints. */
  readonly scratch: string
  /** Of the first job; the next ones have those behind it. */
  readonly seed: number
  /** Whether another job is to be begun, after so many, in which so many checkpoints completed. */
  readonly goesOn: (jobs: number, checkpoints: number) => boolean
  /** About so many a job. */
  readonly records: number
  readonly say: (line: string) => void
}

export interface StressSummary {
  readonly jobs: number
  readonly starts: number
  /** Of processes. */
  readonly kills: number
  /** Threads that threw or ended: the job was restarted within its process. */
  readonly threads: number
  readonly checkpoints: number
  /** Of these, with records on their way. */
  readonly inFlight: number
  /** By reason. */
  readonly failed: ReadonlyMap<string, number>
  readonly restores: number
  /** Of these, at another parallelism than the process before. */
  readonly rescales: number
  readonly violations: readonly string[]
}

export async function stressLoop(options: StressOptions): Promise<StressSummary> {
  const tally = {
    jobs: 0,
    starts: 0,
    kills: 0,
    threads: 0,
    checkpoints: 0,
    inFlight: 0,
    failed: new Map<string, number>(),
    restores: 0,
    rescales: 0,
  }
  while (options.goesOn(tally.jobs, tally.checkpoints)) {
    const job = new StressedJob(options, tally, options.seed + tally.jobs)
    tally.jobs++
    const violations = await job.run()
    // What went wrong is left for somebody to look at.
    if (violations.length > 0) return { ...tally, violations }
    job.remove()
  }
  return { ...tally, violations: [] }
}

type Tally = { -readonly [K in Exclude<keyof StressSummary, 'failed' | 'violations'>]: number } & {
  readonly failed: Map<string, number>
}

/** One job, from nothing to its end, however many processes that takes. */
class StressedJob {
  readonly #options: StressOptions
  readonly #tally: Tally
  readonly #seed: number
  readonly #random: Prng
  readonly #folder: string
  readonly #plan: JobPlan
  #parallelism: number | undefined

  constructor(options: StressOptions, tally: Tally, seed: number) {
    this.#options = options
    this.#tally = tally
    this.#seed = seed
    this.#random = prng(seed)
    this.#folder = join(options.scratch, `job-${seed}`)
    const notes = join(this.#folder, 'notes')
    mkdirSync(notes, { recursive: true })
    this.#plan = planJob(this.#random, { records: options.records, folder: notes })
  }

  async run(): Promise<readonly string[]> {
    for (let kills = 0; ; kills++) {
      const start = planStart(this.#random, this.#plan, kills < this.#plan.kills)
      const end = await this.#start(start)
      this.#count(end, start)
      if (end.how !== 'killed') return this.#violations(end)
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }

  get #args() {
    return { ...this.#plan.args, output: join(this.#folder, 'output') }
  }

  #start({ options, ...kill }: StartPlan): Promise<ChildEnd> {
    const { root } = this.#options
    const checkpoints = { ...options.checkpoints, dir: join(this.#folder, 'checkpoints') }
    const order = {
      job: join(root, 'test/fixtures/jobs/stalling.ts'),
      options: { ...options, restore: 'latest', args: this.#args, checkpoints },
      killAt: kill.killAt,
    }
    return runChild({ root, order, killAfterMs: kill.killAfterMs })
  }

  #count({ how, code, lines }: ChildEnd, { options }: StartPlan): void {
    const tally = this.#tally
    const saying = (message: string) => lines.filter((line) => line.message === message)
    const complete = saying('checkpoint complete')
    const restores = saying('going on from a checkpoint').length
    const threads = saying('a task failed: restarting').length
    tally.starts++
    if (how === 'killed') tally.kills++
    tally.threads += threads
    tally.checkpoints += complete.length
    tally.inFlight += complete.filter(({ inFlightBytes }) => inFlightBytes !== undefined).length
    tally.restores += restores
    const { parallelism } = options
    // The first one is of the process before, if there was one and it came to a checkpoint.
    const isRescaled = this.#parallelism !== undefined && this.#parallelism !== parallelism
    if (restores > threads && isRescaled) tally.rescales++
    this.#parallelism = parallelism
    for (const line of lines) this.#countFailed(line)
    this.#options.say(
      `job ${this.#seed} at parallelism ${parallelism}, ${modeText(options.checkpoints)}: ` +
        `${code ?? how}, ${complete.length} checkpoints, ${threads} threads failed`,
    )
  }

  #countFailed({ message, reason }: LogLine): void {
    if (typeof reason !== 'string' || !String(message).startsWith('checkpoint failed')) return
    const { failed } = this.#tally
    failed.set(reason, (failed.get(reason) ?? 0) + 1)
  }

  #violations({ how, code, lines, errors }: ChildEnd): readonly string[] {
    if (how !== 'finished' && code !== 'JOB_ALREADY_FINISHED') {
      const tail = lines.slice(-12).map((line) => JSON.stringify(line))
      return [[`job ${this.#seed} ${how} with ${code}`, ...tail, errors].join('\n  ')]
    }
    const { output } = this.#args
    const left = leftoversIn(output, join(this.#folder, 'checkpoints'))
    return [
      ...compareOutput(this.#args, this.#plan.promised),
      ...left.map((name) => `${name} is left behind`),
    ].map((what) => `job ${this.#seed}: ${what}`)
  }
}

function modeText(checkpoints: Readonly<Record<string, unknown>>): string {
  const { mode, unaligned, alignedTimeout, interval, maxConcurrent } = checkpoints
  const way = mode ?? (unaligned !== true ? 'aligned' : (alignedTimeout ?? 'unaligned'))
  return `${way}, ${maxConcurrent} every ${interval} ms`
}
