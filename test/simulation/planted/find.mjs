/**
 * Plants each bug and looks for a seed that finds it: `node test/simulation/planted/find.mjs
 * [--only REGEXP] [--seconds 60] [--from SEED]`.
 */
import { parseArgs } from 'node:util'
import { bundleSimulator } from '../bundle.mjs'
import { planted } from './planted.mjs'

const { values: given } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seconds: { type: 'string', default: '60' },
    from: { type: 'string', default: '20000' },
  },
})

for (const bug of planted) {
  if (!new RegExp(given.only).test(bug.name)) continue
  const startMs = performance.now()
  const untilMs = startMs + 1_000 * Number(given.seconds)
  const bundle = await bundleSimulator([bug])
  const { runSchedule } = await import(bundle.url)
  bundle.remove()
  let found
  let seed = Number(given.from)
  for (; found === undefined && performance.now() < untilMs; seed++) {
    const { error } = await runSchedule(seed)
    if (error !== undefined) found = error
  }
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1)
  const what =
    found === undefined
      ? `NOT FOUND in ${seed - Number(given.from)} schedules`
      : `seed ${seed - 1}: ${found.split('\n')[0]}`
  console.log(`${bug.name}\n  ${seconds} s, ${what.slice(0, 200)}`)
}
