/**
 * A disk that fails where it matters most: from the moment at which a checkpoint's metadata appear,
 * so that neither publishing nor deleting it succeeds, and something happens to the job right then.
 */
import { expect, test } from 'vitest'
import { defineJob } from '../../src/api/index.ts'
import { type Prng, prng } from '../../src/base/prng.ts'
import { generator } from '../../src/connector/generator/index.ts'
import { prepareJob } from '../../src/coordinator/prepared-job.ts'
import { simulatedSink } from '../../src/testing/simulate.ts'
import type { Disturbance } from '../../src/testing/simulation/random-disturbances.ts'
import type { SimulationFigures } from '../../src/testing/simulation/simulation.ts'
import { SIMULATED_DIRECTORY, Simulation } from '../../src/testing/simulation/simulation.ts'

const RECORDS = 200
/** The simulation's disk is well after so many. */
const FAULTS_MAX = 6

const sink = simulatedSink<{ n: number }>('numbers')
const job = defineJob('numbers', (env) => {
  env.from(generator({ count: RECORDS, make: (n) => ({ n }) })).to(sink)
})

/** Operations that fail, mostly: those behind the first sight of a checkpoint, of every third. */
class FailingDisk {
  readonly #seen = new Set<string>()
  readonly #random: Prng
  #left = 0

  constructor(random: Prng) {
    this.#random = random
  }

  /** Of a thousand. */
  faults(paths: readonly string[], begins: () => void): number {
    for (const path of paths) {
      if (!path.endsWith('/_metadata') || this.#seen.has(path)) continue
      this.#seen.add(path)
      if (this.#random.below(3) > 0) continue
      this.#left = 3 + this.#random.below(6)
      begins()
    }
    return --this.#left >= 0 ? 900 : 0
  }
}

async function run(seed: number): Promise<SimulationFigures> {
  const random = prng(seed)
  const disk = new FailingDisk(random)
  const disturbances: Disturbance[] = []
  const disturb = () => {
    if (simulation.figures.diskFaults >= FAULTS_MAX) return
    // Either the next start would find it, or the next attempt goes on from one before it.
    const kinds = random.below(2) === 0 ? (['stop'] as const) : (['exit', 'kill'] as const)
    for (const kind of kinds) disturbances.push({ kind, completed: 0, steps: random.below(40) })
  }
  const config = (process: number) => ({
    'checkpoints.interval': 10 + 20 * random.below(3),
    'checkpoints.dir': SIMULATED_DIRECTORY,
    'restart.attempts': 100,
    'restart.delay': 1,
    restore: process === 1 ? 'none' : 'latest',
  })
  const simulation: Simulation = new Simulation({
    random,
    disturbances,
    wordsAPreemption: 150,
    eventsOfEight: 4,
    diskFaults: () => disk.faults(simulation.disk.list(), disturb),
    stepsMax: 20_000,
    prepared: (process) => {
      if (process === 1) sink.begin(simulation)
      return prepareJob(job as never, { config: config(process) })
    },
    observer: { checkpointCompleted: () => {}, stepped: () => {}, trace: () => {}, traceLog: true },
  })
  await simulation.run()
  return simulation.figures
}

test('output is neither lost nor doubled where a failed checkpoint cannot be deleted', async () => {
  let aborted = 0
  let processes = 0
  for (let seed = 1; seed <= 300; seed++) {
    const figures = await run(seed).catch((cause: unknown) => {
      throw new Error(`seed ${seed}: ${String(cause)}`, { cause })
    })
    const numbers = sink.rows().map(({ n }) => n)
    expect(new Set(numbers).size, `seed ${seed}`).toBe(RECORDS)
    expect(numbers.length, `seed ${seed}`).toBe(RECORDS)
    aborted += figures.aborted
    processes += figures.processes - 1
  }
  expect(aborted).toBeGreaterThan(50)
  expect(processes).toBeGreaterThan(50)
})
