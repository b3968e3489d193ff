/** Some schedules, the same ones each time; `npm run simulate` runs others. */
import { expect, test } from 'vitest'
import { keptSeeds } from './kept-seeds.ts'
import { runSchedule } from './schedule.ts'

test('random jobs lose and double nothing', async () => {
  for (let seed = 1_000; seed < 1_064; seed++) {
    const { error, trace } = await runSchedule(seed)
    expect(error, `seed ${seed}\n${trace.join('\n')}`).toBeUndefined()
  }
})

test.each(keptSeeds)('seed $seed: $found', async ({ seed }) => {
  const { error, trace } = await runSchedule(seed)
  expect(error, trace.join('\n')).toBeUndefined()
})

test('a seed gives the same run again', async () => {
  const first = await runSchedule(77, { traceLines: 1_000_000 })
  const again = await runSchedule(77, { traceLines: 1_000_000 })
  expect(again.figures).toEqual(first.figures)
  expect(again.trace.map(nameless)).toEqual(first.trace.map(nameless))
})

/** Lineages are random, and nothing hangs on them. */
function nameless(line: string): string {
  return line.replace(/[0-9a-f]{32}/, 'lineage')
}
