/**
 * Kills the flights job again and again and restarts it from its latest checkpoint, at changing
 * parallelism, until it has been killed so many times; whenever a job has come to its end its
 * output is compared with a plain loop's, and a new one begins.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Prng, prng } from '../../src/base/prng.ts'
import { decodeMetadata } from '../../src/checkpoint/metadata.ts'
import { compareFlights } from '../reference/compare-flights.ts'
import { type ExpectedFlights, flightsLoop } from '../reference/flights-loop.ts'
import { completeIn, damageNewest } from './damage.ts'
import { chooseKill, type Kill, oneOf } from './kill-steps.ts'
import { type ChildEnd, completedIn, runChild } from './start-child.ts'
import { leftoversIn, VisibleOutput } from './visible-output.ts'

export interface KillLoopOptions {
  /** Of the repository. */
  readonly root: string
  /** For output and checkpoints. */
  readonly scratch: string
  readonly times: number
  readonly seed: number
  readonly say: (line: string) => void
}

export interface KillSummary {
  readonly kills: number
  /** Starts in which an operation of the disk may have failed. */
  readonly failures: number
  /** Checkpoints that were damaged when they were complete. */
  readonly damaged: number
  /** Times that an older checkpoint was restored by its name. */
  readonly back: number
  readonly starts: number
  /** Jobs that came to their end. */
  readonly jobs: number
  readonly checkpoints: number
  readonly steps: ReadonlyMap<string, number>
  readonly violations: readonly string[]
}

/** Flights a second: a job that is left alone lasts some seconds. */
const RATE = 600_000
const LOOK_EVERY_MS = 25
const VIOLATIONS_MAX = 20
const DAMAGED_ONE_IN = 8
const BACK_ONE_IN = 12

export async function killLoop(options: KillLoopOptions): Promise<KillSummary> {
  const expected = await flightsLoop(inputOf(options.root))
  const random = prng(options.seed)
  const steps = new Map<string, number>()
  const tally: Tally = {
    kills: 0,
    failures: 0,
    damaged: 0,
    back: 0,
    starts: 0,
    jobs: 0,
    checkpoints: 0,
    steps,
  }
  const violations: string[] = []
  while (tally.kills < options.times && violations.length < VIOLATIONS_MAX) {
    const job = new KilledJob({ ...options, random, expected, number: tally.jobs + 1, tally })
    violations.push(...(await job.run()))
    // What went wrong is left for somebody to look at.
    if (violations.length > 0) break
    job.remove()
  }
  return { ...tally, violations }
}

interface Tally {
  kills: number
  failures: number
  damaged: number
  back: number
  starts: number
  jobs: number
  checkpoints: number
  readonly steps: Map<string, number>
}

interface KilledJobOptions extends KillLoopOptions {
  readonly random: Prng
  readonly expected: ExpectedFlights
  readonly number: number
  readonly tally: Tally
}

/** One job, from nothing to its end, however many processes that takes. */
class KilledJob {
  readonly #options: KilledJobOptions
  readonly #folder: string
  readonly #output: string
  readonly #checkpoints: string
  readonly #visible: VisibleOutput
  readonly #completed = new Set<number>()
  readonly #violations: string[] = []
  readonly #damaged = new Set<number>()
  #starts = 0

  constructor(options: KilledJobOptions) {
    this.#options = options
    this.#folder = join(options.scratch, `job-${options.number}`)
    this.#output = join(this.#folder, 'output')
    this.#checkpoints = join(this.#folder, 'checkpoints')
    this.#visible = new VisibleOutput(this.#output, options.expected)
    mkdirSync(this.#folder, { recursive: true })
  }

  async run(): Promise<readonly string[]> {
    for (;;) {
      const { end, kill } = await this.#start()
      const goesOn = end.how === 'killed' || (kill?.isFailure === true && isTold(end))
      if (goesOn && this.#violations.length === 0) continue
      if (!goesOn) this.#finish(end)
      return this.#violations
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }

  async #start(): Promise<Start> {
    const { random, tally, times } = this.#options
    const parallelism = oneOf(random, [1, 2, 4])
    const isOver = tally.kills >= times
    const isNew = this.#starts++ === 0
    const kill = isOver ? undefined : chooseKill({ random, isNew, folder: this.#folder })
    if (random.below(DAMAGED_ONE_IN) === 0) this.#damage()
    const restore = (random.below(BACK_ONE_IN) === 0 ? this.#goBack() : undefined) ?? 'latest'
    const options = { ...this.#runOptions(kill), parallelism, restore }
    const end = await this.#watched(options, kill)
    tally.starts++
    this.#count(end)
    this.#visible.look({ again: true })
    this.#violations.push(...this.#visible.violations.splice(0))
    if (end.how === 'killed') tally.kills++
    if (kill?.isFailure === true) tally.failures++
    if (end.how === 'killed' || kill?.isFailure === true) this.#tallyStep(kill!)
    this.#say(parallelism, kill, end)
    return { end, kill }
  }

  /** From then on the job must go back to the one before. */
  #damage(): void {
    const { random, tally, say } = this.#options
    const damaged = damageNewest(this.#checkpoints, { random, before: this.#damaged })
    if (damaged === undefined) return
    tally.damaged++
    this.#damaged.add(damaged.id)
    this.#visible.goesBack(damaged.older, damaged.id)
    say(`  ${damaged.what}`)
  }

  /** The path of an older checkpoint, for the job to give up what came since. */
  #goBack(): string | undefined {
    const [newest, older] = completeIn(this.#checkpoints)
    if (newest === undefined || older === undefined || this.#damaged.has(older)) return undefined
    const { status } = JSON.parse(readFileSync(join(this.#checkpoints, 'job.json'), 'utf8'))
    if (status === 'finished') return undefined
    this.#options.tally.back++
    this.#visible.goesBack(older, newest)
    this.#options.say(`  back from checkpoint ${newest} to ${older}`)
    return join(this.#checkpoints, `chk-${older}`)
  }

  async #watched(options: object, kill: Kill | undefined): Promise<ChildEnd> {
    const watch = setInterval(() => this.#visible.look({ again: false }), LOOK_EVERY_MS)
    const { root } = this.#options
    const order = {
      job: join(root, 'docs/examples/flights.ts'),
      options: { ...options },
      killAt: kill?.killAt,
    }
    const { faults, killAfterMs } = kill ?? {}
    try {
      return await runChild({ root, order, faults, killAfterMs })
    } finally {
      clearInterval(watch)
    }
  }

  #runOptions(kill: Kill | undefined) {
    const isFast = kill === undefined || kill.atEnd === true
    return {
      args: {
        input: inputOf(this.#options.root),
        output: this.#output,
        ...(isFast ? {} : { rate: RATE }),
      },
      checkpoints: { dir: this.#checkpoints, ...this.#anyCheckpoints() },
    }
  }

  /** Every process of a job may have other options. */
  #anyCheckpoints() {
    const { random } = this.#options
    return {
      interval: oneOf(random, [40, 100]),
      maxConcurrent: oneOf(random, [1, 1, 3]),
      unaligned: oneOf(random, [false, true]),
      alignedTimeout: oneOf(random, ['0 ms', '20 ms']),
      retained: oneOf(random, [1, 2, 3]),
      compression: oneOf(random, [false, true]),
      // The smaller one gives most checkpoints state files.
      inlineThreshold: oneOf(random, ['1 kb', '20 kb']),
    }
  }

  #count({ lines }: ChildEnd): void {
    for (const id of completedIn(lines)) {
      if (this.#completed.has(id)) this.#violations.push(`checkpoint ${id} completed twice`)
      this.#completed.add(id)
      this.#options.tally.checkpoints++
    }
  }

  #tallyStep(kill: Kill): void {
    const { tally } = this.#options
    const step = kill.name.replaceAll(/\d+/g, 'n').replace(/^E[A-Z]+/, 'a failure')
    tally.steps.set(step, (tally.steps.get(step) ?? 0) + 1)
  }

  #finish({ how, code, lines, errors }: ChildEnd): void {
    const { tally, expected } = this.#options
    tally.jobs++
    if (how !== 'finished' && code !== 'JOB_ALREADY_FINISHED') {
      const tail = lines.slice(-8).map((line) => JSON.stringify(line))
      const found = [...this.#listed(), ...tail, errors]
      this.#violations.push([`a start ${how} with ${code}`, ...found].join('\n  '))
      return
    }
    this.#violations.push(...compareFlights(this.#output, expected))
    const left = leftoversIn(this.#output, this.#checkpoints)
    this.#violations.push(...left.map((name) => `${name} is left behind`))
  }

  /** What lies there, and what each checkpoint would have committed. */
  #listed(): readonly string[] {
    const names = readdirSync(this.#folder, { recursive: true, encoding: 'utf8' }).sort()
    const pending = completeIn(this.#checkpoints).map((id) => {
      const place = join(this.#checkpoints, `chk-${id}`, '_metadata')
      try {
        const { committables } = decodeMetadata(readFileSync(place), place)
        return `chk-${id} commits ${JSON.stringify(committables)}`
      } catch (error) {
        return `chk-${id}: ${(error as Error).message}`
      }
    })
    return [...names, ...pending]
  }

  #say(parallelism: number, kill: Kill | undefined, end: ChildEnd): void {
    const { tally, number, say } = this.#options
    const last = Math.max(0, ...this.#completed)
    const name = kill?.name ?? 'left alone'
    const how = end.code ?? end.how
    if (kill?.isFailure === true && end.how === 'failed') {
      const { message } = end.lines.at(-1) ?? {}
      say(`  ${String(message).split('\n')[0]}`)
    }
    say(
      `${tally.kills} kills, job ${number} at parallelism ${parallelism}: ${name}: ${how} ` +
        `after checkpoint ${last}, ${this.#visible.files} files visible`,
    )
  }
}

interface Start {
  readonly end: ChildEnd
  readonly kill: Kill | undefined
}

/** Where the disk failed a job may have left something behind; the next start tidies up. */
function isTold({ how, code }: ChildEnd): boolean {
  return how === 'finished' || (how === 'failed' && code !== undefined)
}

function inputOf(root: string): string {
  return join(root, 'node_modules/vega-datasets/data/flights-3m.parquet')
}
