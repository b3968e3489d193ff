/** The simulator finds what it is there for: each bug that is planted in the engine. */
import { expect, test } from 'vitest'
import { bundleSimulator } from './bundle.mjs'
import { planted } from './planted/planted.mjs'

interface Simulator {
  readonly runSchedule: typeof import('./schedule.ts').runSchedule
}

/**
 * A seed finds its bug in one of this many: it means another schedule whenever the engine touches
 * its shared words in another order.
 */
const SEEDS = 96

test.each(planted)('$name', async (bug) => {
  const bundle = await bundleSimulator([bug])
  const { runSchedule } = (await import(bundle.url)) as Simulator
  bundle.remove()
  let error: string | undefined
  for (let seed = bug.seed; seed < bug.seed + SEEDS && error === undefined; seed++) {
    ;({ error } = await runSchedule(seed))
  }
  expect(error).toBeDefined()
})

test('nothing is found where nothing is planted', async () => {
  const bundle = await bundleSimulator()
  const { runSchedule } = (await import(bundle.url)) as Simulator
  bundle.remove()
  for (const { seed } of planted) {
    const { error, trace } = await runSchedule(seed)
    expect(error, `seed ${seed}\n${trace.join('\n')}`).toBeUndefined()
  }
})
